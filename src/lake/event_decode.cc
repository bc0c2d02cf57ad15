// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"
#include "base/little_endian.h"
#include "lake/event_kinds.h"
#include "lake/event_words.h"
#include "lake/events.h"
#include "lake/limits.h"

namespace duckpond {
namespace {

namespace dom = simdjson::dom;

// JsonReader: takes values out of JSON, and remembers the first that is not what it should be.
// Members that are not known are left out: a newer program may write more, where older ones need it
// not.
class JsonReader {
 public:
  explicit JsonReader(const Uuid& id) : id_(id) {}

  // The event's id: what an event makes has it too.
  const Uuid& id() const { return id_; }
  bool ok() const { return wrong_.empty(); }
  const std::string& wrong() const { return wrong_; }
  void Wrong(std::string_view what) {
    if (wrong_.empty()) wrong_ = what;
  }

  // Calls member(key, value) for each member.
  template <class Member>
  void Object(dom::element value, Member member) {
    dom::object object;
    if (value.get(object) != simdjson::SUCCESS) return Wrong("not an object");
    for (const auto field : object) {
      member(field.key, field.value);
      if (!ok()) return;
    }
  }
  // How many elements there are; none if there are too many.
  size_t Count(dom::element value, size_t count_max) {
    dom::array array;
    if (value.get(array) != simdjson::SUCCESS) Wrong("not an array");
    const size_t count = ok() ? array.size() : 0;
    if (count > count_max) Wrong("too many elements of an array");
    return ok() ? count : 0;
  }
  // Calls item(value) for each element.
  template <class Item>
  void Array(dom::element value, size_t count_max, Item item) {
    dom::array array;
    if (value.get(array) != simdjson::SUCCESS) return Wrong("not an array");
    if (Count(value, count_max) == 0) return;
    for (const dom::element element : array) {
      item(element);
      if (!ok()) return;
    }
  }

  std::string_view Text(dom::element value) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) Wrong("not a text");
    return text;
  }
  void Read(dom::element value, std::string& to) {
    const std::string_view text = Text(value);
    if (text.size() > kSqlBytesMax) return Wrong("a text that is too long");
    to = text;
  }
  void Read(dom::element value, std::optional<std::string>& to) { Read(value, to.emplace()); }
  void Read(dom::element value, bool& to) {
    if (value.get(to) != simdjson::SUCCESS) Wrong("not true or false");
  }
  void Read(dom::element value, uint64_t& to) {
    if (value.get(to) != simdjson::SUCCESS) Wrong("not a number");
    if (to > kRowsMax) Wrong("a number that is too large");
  }
  void Read(dom::element value, uint32_t& to) {
    uint64_t wide = 0;
    Read(value, wide);
    if (wide > UINT32_MAX) Wrong("a number that is too large");
    to = static_cast<uint32_t>(wide);
  }
  void Read(dom::element value, Uuid& to) {
    const auto id = Uuid::Parse(Text(value));
    if (!id.ok()) return Wrong("not a UUID");
    to = *id;
  }
  void Read(dom::element value, std::vector<uint32_t>& to) {
    Array(value, kColumnsMax, [&](dom::element one) { Read(one, to.emplace_back()); });
  }
  void Read(dom::element value, std::map<std::string, std::string>& to) {
    Object(value,
           [&](std::string_view key, dom::element text) { Read(text, to[std::string(key)]); });
  }
  void Bytes(dom::element value, std::string& to) {
    auto bytes = Base64Decode(Text(value));
    if (!bytes.ok()) return Wrong("not base64");
    to = *std::move(bytes);
  }

  void OptionalBytes(dom::element value, std::optional<std::string>& to) {
    if (!value.is_null()) Bytes(value, to.emplace());
  }

 private:
  Uuid id_;
  std::string wrong_;
};

using Value = dom::element;
using Key = std::string_view;

void Read(JsonReader& in, Value value, Type& type) {
  auto parsed = Type::Parse(in.Text(value));
  if (!parsed.ok()) return in.Wrong(parsed.error().message());
  type = *std::move(parsed);
}

void Read(JsonReader& in, Value value, Column& column) {
  in.Object(value, [&](Key key, Value v) {
    if (key == "id") return in.Read(v, column.field_id);
    if (key == "nested") return in.Read(v, column.nested_ids);
    if (key == "name") return in.Read(v, column.name);
    if (key == "type") return Read(in, v, column.type);
    if (key == "not_null") return in.Read(v, column.not_null);
    if (key == "default") return in.Read(v, column.default_sql);
    if (key == "comment") return in.Read(v, column.comment);
  });
}

void Read(JsonReader& in, Value value, Constraint::Reference& to) {
  in.Object(value, [&](Key key, Value v) {
    if (key == "schema") return in.Read(v, to.schema);
    if (key == "table") return in.Read(v, to.table);
    if (key == "columns") {
      in.Array(v, kColumnsMax, [&](Value one) { in.Read(one, to.columns.emplace_back()); });
    }
  });
}

// The place of a word in `words`; another word is an error.
template <class Words, class Enum>
void ReadWord(JsonReader& in, Value value, const Words& words, Enum& to) {
  const auto found = std::ranges::find(words, in.Text(value));
  if (found == words.end()) return in.Wrong("a word that is not known");
  to = static_cast<Enum>(found - words.begin());
}

void Read(JsonReader& in, Value value, Constraint& constraint) {
  in.Object(value, [&](Key key, Value v) {
    if (key == "kind") return ReadWord(in, v, kConstraintWords, constraint.kind);
    if (key == "columns") return in.Read(v, constraint.field_ids);
    if (key == "sql") return in.Read(v, constraint.check_sql);
    if (key == "references") return Read(in, v, constraint.references);
  });
}

// One list of a structure of lists: `read` takes each value into its item. The first list that is
// read says how many items there are, the others must agree.
template <class T, class ReadItem>
void ReadMember(JsonReader& in, Value value, size_t count_max, std::vector<T>& items,
                ReadItem read) {
  const size_t count = in.Count(value, count_max);
  if (items.empty()) items.resize(count);
  if (items.size() != count) return in.Wrong("lists that differ in size");
  T* item = items.data();
  in.Array(value, count_max, [&](Value one) { read(one, *item++); });
}

void Read(JsonReader& in, Value value, std::vector<ColumnStatistics>& columns) {
  using Column = ColumnStatistics;
  const auto member = [&](Value v, auto read) { ReadMember(in, v, kColumnsMax, columns, read); };
  in.Object(value, [&](Key key, Value list) {
    if (key == "id") {
      member(list, [&](Value v, Column& to) { in.Read(v, to.field_id); });
    } else if (key == "nulls") {
      member(list, [&](Value v, Column& to) { in.Read(v, to.nulls); });
    } else if (key == "min") {
      member(list, [&](Value v, Column& to) { in.OptionalBytes(v, to.min); });
    } else if (key == "max") {
      member(list, [&](Value v, Column& to) { in.OptionalBytes(v, to.max); });
    } else if (key == "exact") {
      member(list, [&](Value v, Column& to) { in.Read(v, to.exact); });
    }
  });
}

void ReadHashes(JsonReader& in, Value value, std::vector<uint64_t>& hashes) {
  std::string bytes;
  in.Bytes(value, bytes);
  if (bytes.size() % 8 != 0 || bytes.size() / 8 > kKeyHashesMax) {
    return in.Wrong("hashes of a strange number");
  }
  for (size_t i = 0; i < bytes.size(); i += 8) {
    hashes.push_back(ReadLittleEndian<uint64_t>(bytes, i));
  }
  if (!std::ranges::is_sorted(hashes)) in.Wrong("hashes that are not sorted");
}

void ReadChecksum(JsonReader& in, Value value, std::optional<uint64_t>& checksum) {
  std::string bytes;
  in.Bytes(value, bytes);
  if (bytes.size() != sizeof(uint64_t)) return in.Wrong("a checksum of a strange size");
  checksum = ReadLittleEndian<uint64_t>(bytes, 0);
}

void Read(JsonReader& in, Value value, KeySummary& summary) {
  in.Object(value, [&](Key key, Value v) {
    if (key == "constraint") return in.Read(v, summary.constraint);
    if (key == "min") return in.Bytes(v, summary.min);
    if (key == "max") return in.Bytes(v, summary.max);
    if (key == "hashes") return ReadHashes(in, v, summary.hashes);
    if (key == "hash_offset") return in.Read(v, summary.hash_list.offset);
    if (key == "hash_count") return in.Read(v, summary.hash_list.count);
  });
}

void Read(JsonReader& in, Value value, std::vector<RowGroup>& groups) {
  const auto member = [&](Value v, auto read) { ReadMember(in, v, kRowGroupsMax, groups, read); };
  in.Object(value, [&](Key key, Value list) {
    if (key == "offset") {
      member(list, [&](Value v, RowGroup& to) { in.Read(v, to.offset); });
    } else if (key == "bytes") {
      member(list, [&](Value v, RowGroup& to) { in.Read(v, to.bytes); });
    } else if (key == "rows") {
      member(list, [&](Value v, RowGroup& to) { in.Read(v, to.rows); });
    } else if (key == "key_min") {
      member(list, [&](Value v, RowGroup& to) { in.Bytes(v, to.key_min); });
    } else if (key == "key_max") {
      member(list, [&](Value v, RowGroup& to) { in.Bytes(v, to.key_max); });
    }
  });
}

template <class T>
void ReadList(JsonReader& in, Value value, size_t count_max, std::vector<T>& to) {
  to.reserve(in.Count(value, count_max));
  in.Array(value, count_max, [&](Value one) { Read(in, one, to.emplace_back()); });
}

void Read(JsonReader& in, Value value, lake_event::CreateSchema& event) {
  event.def.id = in.id();
  in.Object(value, [&](Key key, Value v) {
    if (key == "name") return in.Read(v, event.def.name);
    if (key == "comment") return in.Read(v, event.def.comment);
  });
}

void Read(JsonReader& in, Value value, lake_event::DropSchema& event) {
  in.Object(value, [&](Key key, Value v) {
    if (key == "schema") return in.Read(v, event.schema);
    if (key == "name") return in.Read(v, event.name);
  });
}

void Read(JsonReader& in, Value value, lake_event::CreateTable& event) {
  auto def = std::make_shared<TableDef>();
  def->id = in.id();
  in.Object(value, [&](Key key, Value v) {
    if (key == "schema") return in.Read(v, def->schema);
    if (key == "name") return in.Read(v, def->name);
    if (key == "columns") return ReadList(in, v, kColumnsMax, def->columns);
    if (key == "constraints") return ReadList(in, v, kConstraintsMax, def->constraints);
    if (key == "next_field_id") return in.Read(v, def->next_field_id);
    if (key == "comment") return in.Read(v, def->comment);
    if (key == "tags") return in.Read(v, def->tags);
    if (key == "next_row_id") return in.Read(v, event.next_row_id);
  });
  event.def = std::move(def);
}

void Read(JsonReader& in, Value value, lake_event::DropTable& event) {
  in.Object(value, [&](Key key, Value v) {
    if (key == "table") return in.Read(v, event.table);
    if (key == "schema") return in.Read(v, event.schema);
    if (key == "name") return in.Read(v, event.name);
  });
}

void Read(JsonReader& in, Value value, lake_event::CreateView& event) {
  auto def = std::make_shared<ViewDef>();
  def->id = in.id();
  in.Object(value, [&](Key key, Value v) {
    if (key == "schema") return in.Read(v, def->schema);
    if (key == "name") return in.Read(v, def->name);
    if (key == "sql") return in.Read(v, def->sql);
    if (key == "comment") return in.Read(v, def->comment);
    if (key == "column_comments") return in.Read(v, def->column_comments);
  });
  event.def = std::move(def);
}

void Read(JsonReader& in, Value value, lake_event::DropView& event) {
  in.Object(value, [&](Key key, Value v) {
    if (key == "view") return in.Read(v, event.view);
    if (key == "schema") return in.Read(v, event.schema);
    if (key == "name") return in.Read(v, event.name);
  });
}

void Read(JsonReader& in, Value value, lake_event::SetComment& event) {
  in.Object(value, [&](Key key, Value v) {
    if (key == "on") return ReadWord(in, v, kCommentWords, event.on);
    if (key == "schema") return in.Read(v, event.schema);
    if (key == "name") return in.Read(v, event.name);
    if (key == "id") return in.Read(v, event.id);
    if (key == "column_id") return in.Read(v, event.column_id);
    if (key == "column") return in.Read(v, event.column);
    if (key == "comment") return in.Read(v, event.comment);
  });
}

void Read(JsonReader& in, Value value, lake_event::SetOption& event) {
  in.Object(value, [&](Key key, Value v) {
    if (key == "name") return in.Read(v, event.name);
    if (key == "value") return in.Read(v, event.value);
  });
}

// Any other word would be a way of numbering rows that this program does not know.
void ReadRowIds(JsonReader& in, Value value, bool& in_column) {
  if (in.Text(value) != kRowIdsInColumn) in.Wrong("row ids of an unknown kind");
  in_column = true;
}

void Read(JsonReader& in, Value value, lake_event::AddFile& event) {
  auto file = std::make_shared<DataFile>();
  file->id = in.id();
  in.Object(value, [&](Key key, Value v) {
    if (key == "table") return in.Read(v, event.table);
    if (key == "path") return in.Read(v, file->path);
    if (key == "format") return in.Read(v, file->format);
    if (key == "bytes") return in.Read(v, file->bytes);
    if (key == "footer_bytes") return in.Read(v, file->footer_bytes);
    if (key == "checksum_bytes") return in.Read(v, file->checksum_bytes);
    if (key == "checksum") return ReadChecksum(in, v, file->checksum);
    if (key == "rows") return in.Read(v, file->rows);
    if (key == "first_row_id") return in.Read(v, file->first_row_id);
    if (key == "row_ids") return ReadRowIds(in, v, file->row_id_column);
    if (key == "statistics") return Read(in, v, file->statistics);
    if (key == "keys") return ReadList(in, v, kConstraintsMax, file->keys);
    if (key == "row_groups") return Read(in, v, file->row_groups);
    if (key == "footer") return in.Bytes(v, file->footer);
  });
  event.file = std::move(file);
}

void Read(JsonReader& in, Value value, lake_event::AddRows& event) {
  auto rows = std::make_shared<InlineRows>();
  rows->id = in.id();
  in.Object(value, [&](Key key, Value v) {
    if (key == "table") return in.Read(v, event.table);
    if (key == "rows") return in.Read(v, rows->rows);
    if (key == "first_row_id") return in.Read(v, rows->first_row_id);
    if (key == "content") return in.Bytes(v, rows->encoded);
  });
  event.rows = std::move(rows);
}

void Read(JsonReader& in, Value value, lake_event::FlushRows& event) {
  in.Object(value, [&](Key key, Value v) {
    if (key == "table") return in.Read(v, event.table);
    if (key == "first_row_id") return in.Read(v, event.first_row_id);
    if (key == "end_row_id") return in.Read(v, event.end_row_id);
    if (key == "rows") return in.Read(v, event.rows);
  });
}

void Read(JsonReader& in, Value value, FilesSummary& summary) {
  DataFile& all = summary.all;
  in.Object(value, [&](Key key, Value v) {
    if (key == "table") return in.Read(v, summary.table);
    if (key == "files") return in.Read(v, summary.files);
    if (key == "row_groups") return in.Read(v, summary.row_groups);
    if (key == "bytes") return in.Read(v, all.bytes);
    if (key == "rows") return in.Read(v, all.rows);
    if (key == "first_row_id") return in.Read(v, all.first_row_id);
    if (key == "next_row_id") return in.Read(v, summary.next_row_id);
    if (key == "row_ids") return ReadRowIds(in, v, all.row_id_column);
    if (key == "greatest_id") return in.Read(v, summary.greatest_id);
    if (key == "statistics") return Read(in, v, all.statistics);
    if (key == "keys") return ReadList(in, v, kConstraintsMax, all.keys);
  });
}

template <class T>
LakeEvent ReadEvent(JsonReader& in, Value value) {
  T event;
  Read(in, value, event);
  return event;
}

using ReadFunction = LakeEvent (*)(JsonReader&, Value);

template <class... T>
constexpr auto ReadFunctions(std::variant<T...>*) {
  return std::array<ReadFunction, sizeof...(T)>{ReadEvent<T>...};
}
constexpr auto kReadFunctions = ReadFunctions(static_cast<LakeEvent*>(nullptr));
// Words are read by their place in these lists.
static_assert(kConstraintWords.size() == static_cast<size_t>(Constraint::Kind::kForeignKey) + 1);
static_assert(kCommentWords.size() == static_cast<size_t>(lake_event::SetComment::On::kColumn) + 1);

}  // namespace

struct EventDecoder::Parser {
  bool Parse(const std::string& from, JsonReader& in, dom::element& value) {
    // simdjson reads a little behind the end.
    text.reserve(from.size() + simdjson::SIMDJSON_PADDING);
    text.assign(from);
    if (json.parse(text.data(), text.size(), false).get(value) == simdjson::SUCCESS) return true;
    in.Wrong("something that is not JSON");
    return false;
  }

  dom::parser json;
  std::string text;
};

EventDecoder::EventDecoder() : parser_(std::make_unique<Parser>()) {}
EventDecoder::~EventDecoder() = default;

Result<LakeEvent> EventDecoder::Decode(const Event& event) {
  const auto kinds = EventKinds();
  CHECK(kinds.size() == kReadFunctions.size());
  const auto kind = std::ranges::find(kinds, std::string_view(event.name), &EventKind::name);
  if (kind == kinds.end()) {
    return Status::Unsupported(
        fmt::format("event {} is of the unknown kind '{}'", event.id.ToString(), event.name));
  }
  JsonReader in(event.id);
  LakeEvent decoded;
  dom::element value;
  if (parser_->Parse(event.data, in, value)) {
    decoded = kReadFunctions[static_cast<size_t>(kind - kinds.begin())](in, value);
  }
  if (!in.ok()) {
    return Status::Corrupt(
        fmt::format("event {} ('{}') holds {}", event.id.ToString(), event.name, in.wrong()));
  }
  return decoded;
}

Result<FilesSummary> EventDecoder::DecodeSummary(const std::string& summary) {
  JsonReader in(Uuid{});
  FilesSummary decoded;
  dom::element value;
  if (parser_->Parse(summary, in, value)) Read(in, value, decoded);
  if (!in.ok()) return Status::Corrupt("the summary of a part holds " + in.wrong());
  return decoded;
}

}  // namespace duckpond
