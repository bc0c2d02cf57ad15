// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "base/encoding.h"
#include "lake/event_kinds.h"
#include "lake/event_words.h"
#include "lake/events.h"
#include "lake/limits.h"

namespace duckpond {
namespace {

namespace ondemand = simdjson::ondemand;

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
  void Object(ondemand::value value, Member member) {
    ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return Wrong("not an object");
    Members(object, member);
  }
  template <class Member>
  void Members(ondemand::object object, Member member) {
    for (auto field : object) {
      std::string_view key;
      ondemand::value value;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
          field.value().get(value) != simdjson::SUCCESS) {
        return Wrong("broken JSON");
      }
      member(key, value);
      if (!ok()) return;
    }
  }
  // Calls item(value) for each element.
  template <class Item>
  void Array(ondemand::value value, size_t count_max, Item item) {
    ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return Wrong("not an array");
    size_t count = 0;
    for (auto element : array) {
      ondemand::value one;
      if (element.get(one) != simdjson::SUCCESS) return Wrong("broken JSON");
      if (++count > count_max) return Wrong("too many elements of an array");
      item(one);
      if (!ok()) return;
    }
  }

  std::string_view Text(ondemand::value value) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) Wrong("not a text");
    return text;
  }
  void Read(ondemand::value value, std::string& to) {
    const std::string_view text = Text(value);
    if (text.size() > kSqlBytesMax) return Wrong("a text that is too long");
    to = text;
  }
  void Read(ondemand::value value, std::optional<std::string>& to) { Read(value, to.emplace()); }
  void Read(ondemand::value value, bool& to) {
    if (value.get_bool().get(to) != simdjson::SUCCESS) Wrong("not true or false");
  }
  void Read(ondemand::value value, uint64_t& to) {
    if (value.get_uint64().get(to) != simdjson::SUCCESS) Wrong("not a number");
    if (to > kRowsMax) Wrong("a number that is too large");
  }
  void Read(ondemand::value value, uint32_t& to) {
    uint64_t wide = 0;
    Read(value, wide);
    if (wide > UINT32_MAX) Wrong("a number that is too large");
    to = static_cast<uint32_t>(wide);
  }
  void Read(ondemand::value value, Uuid& to) {
    const auto id = Uuid::Parse(Text(value));
    if (!id.ok()) return Wrong("not a UUID");
    to = *id;
  }
  void Read(ondemand::value value, std::vector<uint32_t>& to) {
    Array(value, kColumnsMax, [&](ondemand::value one) { Read(one, to.emplace_back()); });
  }
  void Read(ondemand::value value, std::map<std::string, std::string>& to) {
    Object(value,
           [&](std::string_view key, ondemand::value text) { Read(text, to[std::string(key)]); });
  }
  void Bytes(ondemand::value value, std::string& to) {
    auto bytes = Base64Decode(Text(value));
    if (!bytes.ok()) return Wrong("not base64");
    to = *std::move(bytes);
  }

 private:
  Uuid id_;
  std::string wrong_;
};

using Value = ondemand::value;
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

void Read(JsonReader& in, Value value, ColumnStatistics& statistics) {
  in.Object(value, [&](Key key, Value v) {
    if (key == "id") return in.Read(v, statistics.field_id);
    if (key == "nulls") return in.Read(v, statistics.nulls);
    if (key == "min") return in.Bytes(v, statistics.min.emplace());
    if (key == "max") return in.Bytes(v, statistics.max.emplace());
    if (key == "exact") return in.Read(v, statistics.exact);
  });
}

void ReadHashes(JsonReader& in, Value value, std::vector<uint64_t>& hashes) {
  std::string bytes;
  in.Bytes(value, bytes);
  if (bytes.size() % 8 != 0 || bytes.size() / 8 > kKeyHashesMax) {
    return in.Wrong("hashes of a strange number");
  }
  hashes.resize(bytes.size() / 8);
  for (size_t i = 0; i < bytes.size(); ++i) {
    hashes[i / 8] |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * (i % 8));
  }
  if (!std::ranges::is_sorted(hashes)) in.Wrong("hashes that are not sorted");
}

void Read(JsonReader& in, Value value, KeySummary& summary) {
  in.Object(value, [&](Key key, Value v) {
    if (key == "constraint") return in.Read(v, summary.constraint);
    if (key == "min") return in.Bytes(v, summary.min);
    if (key == "max") return in.Bytes(v, summary.max);
    if (key == "hashes") return ReadHashes(in, v, summary.hashes);
  });
}

void Read(JsonReader& in, Value value, RowGroup& group) {
  in.Object(value, [&](Key key, Value v) {
    if (key == "offset") return in.Read(v, group.offset);
    if (key == "bytes") return in.Read(v, group.bytes);
    if (key == "rows") return in.Read(v, group.rows);
    if (key == "key_min") return in.Bytes(v, group.key_min);
    if (key == "key_max") return in.Bytes(v, group.key_max);
  });
}

template <class T>
void ReadList(JsonReader& in, Value value, size_t count_max, std::vector<T>& to) {
  in.Array(value, count_max, [&](Value one) { Read(in, one, to.emplace_back()); });
}

void Read(JsonReader& in, ondemand::object object, lake_event::CreateSchema& event) {
  event.def.id = in.id();
  in.Members(object, [&](Key key, Value v) {
    if (key == "name") return in.Read(v, event.def.name);
    if (key == "comment") return in.Read(v, event.def.comment);
  });
}

void Read(JsonReader& in, ondemand::object object, lake_event::DropSchema& event) {
  in.Members(object, [&](Key key, Value v) {
    if (key == "schema") return in.Read(v, event.schema);
    if (key == "name") return in.Read(v, event.name);
  });
}

void Read(JsonReader& in, ondemand::object object, lake_event::CreateTable& event) {
  auto def = std::make_shared<TableDef>();
  def->id = in.id();
  in.Members(object, [&](Key key, Value v) {
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

void Read(JsonReader& in, ondemand::object object, lake_event::DropTable& event) {
  in.Members(object, [&](Key key, Value v) {
    if (key == "table") return in.Read(v, event.table);
    if (key == "schema") return in.Read(v, event.schema);
    if (key == "name") return in.Read(v, event.name);
  });
}

void Read(JsonReader& in, ondemand::object object, lake_event::CreateView& event) {
  auto def = std::make_shared<ViewDef>();
  def->id = in.id();
  in.Members(object, [&](Key key, Value v) {
    if (key == "schema") return in.Read(v, def->schema);
    if (key == "name") return in.Read(v, def->name);
    if (key == "sql") return in.Read(v, def->sql);
    if (key == "comment") return in.Read(v, def->comment);
    if (key == "column_comments") return in.Read(v, def->column_comments);
  });
  event.def = std::move(def);
}

void Read(JsonReader& in, ondemand::object object, lake_event::DropView& event) {
  in.Members(object, [&](Key key, Value v) {
    if (key == "view") return in.Read(v, event.view);
    if (key == "schema") return in.Read(v, event.schema);
    if (key == "name") return in.Read(v, event.name);
  });
}

void Read(JsonReader& in, ondemand::object object, lake_event::SetComment& event) {
  in.Members(object, [&](Key key, Value v) {
    if (key == "on") return ReadWord(in, v, kCommentWords, event.on);
    if (key == "schema") return in.Read(v, event.schema);
    if (key == "name") return in.Read(v, event.name);
    if (key == "id") return in.Read(v, event.id);
    if (key == "column_id") return in.Read(v, event.column_id);
    if (key == "column") return in.Read(v, event.column);
    if (key == "comment") return in.Read(v, event.comment);
  });
}

void Read(JsonReader& in, ondemand::object object, lake_event::SetOption& event) {
  in.Members(object, [&](Key key, Value v) {
    if (key == "name") return in.Read(v, event.name);
    if (key == "value") return in.Read(v, event.value);
  });
}

void Read(JsonReader& in, ondemand::object object, lake_event::AddFile& event) {
  auto file = std::make_shared<DataFile>();
  file->id = in.id();
  in.Members(object, [&](Key key, Value v) {
    if (key == "table") return in.Read(v, event.table);
    if (key == "path") return in.Read(v, file->path);
    if (key == "format") return in.Read(v, file->format);
    if (key == "bytes") return in.Read(v, file->bytes);
    if (key == "footer_bytes") return in.Read(v, file->footer_bytes);
    if (key == "rows") return in.Read(v, file->rows);
    if (key == "first_row_id") return in.Read(v, file->first_row_id);
    if (key == "row_ids") {
      // Any other word would be a way of numbering rows that this program does not know.
      if (in.Text(v) != kRowIdsInColumn) in.Wrong("row ids of an unknown kind");
      file->row_id_column = true;
      return;
    }
    if (key == "statistics") return ReadList(in, v, kColumnsMax, file->statistics);
    if (key == "keys") return ReadList(in, v, kConstraintsMax, file->keys);
    if (key == "row_groups") return ReadList(in, v, kRowGroupsMax, file->row_groups);
    if (key == "footer") return in.Bytes(v, file->footer);
  });
  event.file = std::move(file);
}

void Read(JsonReader& in, ondemand::object object, lake_event::AddRows& event) {
  auto rows = std::make_shared<InlineRows>();
  rows->id = in.id();
  in.Members(object, [&](Key key, Value v) {
    if (key == "table") return in.Read(v, event.table);
    if (key == "rows") return in.Read(v, rows->rows);
    if (key == "first_row_id") return in.Read(v, rows->first_row_id);
    if (key == "content") return in.Bytes(v, rows->encoded);
  });
  event.rows = std::move(rows);
}

void Read(JsonReader& in, ondemand::object object, lake_event::FlushRows& event) {
  in.Members(object, [&](Key key, Value v) {
    if (key == "table") return in.Read(v, event.table);
    if (key == "first_row_id") return in.Read(v, event.first_row_id);
    if (key == "end_row_id") return in.Read(v, event.end_row_id);
    if (key == "rows") return in.Read(v, event.rows);
  });
}

template <class T>
LakeEvent ReadEvent(JsonReader& in, ondemand::object object) {
  T event;
  Read(in, object, event);
  return event;
}

using ReadFunction = LakeEvent (*)(JsonReader&, ondemand::object);

template <class... T>
constexpr auto ReadFunctions(std::variant<T...>*) {
  return std::array<ReadFunction, sizeof...(T)>{ReadEvent<T>...};
}
constexpr auto kReadFunctions = ReadFunctions(static_cast<LakeEvent*>(nullptr));

}  // namespace

struct EventDecoder::Parser {
  ondemand::parser json;
  std::string text;
};

EventDecoder::EventDecoder() : parser_(std::make_unique<Parser>()) {}
EventDecoder::~EventDecoder() = default;

Result<LakeEvent> EventDecoder::Decode(const Event& event) {
  const auto kinds = EventKinds();
  const auto kind = std::ranges::find(kinds, std::string_view(event.name), &EventKind::name);
  if (kind == kinds.end()) {
    return Status::Unsupported(
        fmt::format("event {} is of the unknown kind '{}'", event.id.ToString(), event.name));
  }
  // simdjson reads a little behind the end.
  parser_->text.reserve(event.data.size() + simdjson::SIMDJSON_PADDING);
  parser_->text.assign(event.data);
  JsonReader in(event.id);
  ondemand::document document;
  ondemand::object object;
  LakeEvent decoded;
  if (parser_->json.iterate(parser_->text.data(), parser_->text.size(), parser_->text.capacity())
              .get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    in.Wrong("not a JSON object");
  } else {
    decoded = kReadFunctions[static_cast<size_t>(kind - kinds.begin())](in, object);
  }
  if (!in.ok()) {
    return Status::Corrupt(
        fmt::format("event {} ('{}') holds {}", event.id.ToString(), event.name, in.wrong()));
  }
  return decoded;
}

}  // namespace duckpond
