// SPDX-License-Identifier: MIT
#include "log/records.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/json_writer.h"
#include "log/limits.h"
#include "log/lines.h"

namespace duckpond {
namespace {

namespace dom = simdjson::dom;

// A hundred thousand years: the times of later commits, which must rise, still fit.
constexpr int64_t kTimeUsMax = INT64_MAX / 2;

// Members: reads the members of one of the log's own objects, and remembers what went wrong.
class Members {
 public:
  Members(dom::object object, const Place& place, std::string_view line)
      : object_(object), place_(place), line_(line) {}

  uint64_t Uint(std::string_view key) {
    uint64_t value = 0;
    if (object_[key].get(value) != simdjson::SUCCESS) Missing(key, "a number");
    return value;
  }
  int64_t Time(std::string_view key) {
    int64_t value = 0;
    if (object_[key].get(value) != simdjson::SUCCESS || value < 0 || value > kTimeUsMax) {
      Missing(key, "a time");
    }
    return value;
  }
  std::string Text(std::string_view key, size_t bytes_max) {
    std::string_view value;
    if (object_[key].get(value) != simdjson::SUCCESS || value.size() > bytes_max) {
      Missing(key, fmt::format("a text of at most {} bytes", bytes_max));
    }
    return std::string(value);
  }
  std::string OptionalText(std::string_view key, size_t bytes_max) {
    return Has(key) ? Text(key, bytes_max) : std::string();
  }
  Uuid Id(std::string_view key) {
    auto id = Uuid::Parse(Text(key, 36));
    if (!id.ok()) Missing(key, "a UUID");
    return id.value_or(Uuid{});
  }
  Hash HashOf(std::string_view key) {
    auto hash = HexDecode(Text(key, 32));
    if (!hash.ok() || hash->size() != kHashBytes) Missing(key, "a hash");
    return hash.value_or(Hash(kHashBytes, '\0'));
  }
  bool Has(std::string_view key) { return object_[key].error() == simdjson::SUCCESS; }

  // The objects of an array that need not be there.
  std::vector<dom::object> Objects(std::string_view key, size_t count_max) {
    std::vector<dom::object> objects;
    if (!Has(key)) return objects;
    dom::array array;
    if (object_[key].get(array) != simdjson::SUCCESS) Missing(key, "an array");
    for (const auto element : array) {
      dom::object object;
      if (element.get(object) != simdjson::SUCCESS) Missing(key, "an array of objects");
      objects.push_back(object);
      if (objects.size() > count_max) {
        Missing(key, fmt::format("at most {} entries", count_max));
        break;
      }
    }
    return objects;
  }
  // An object that is not the log's to understand.
  std::string ObjectText(std::string_view key, size_t bytes_max) {
    dom::object object;
    std::string text;
    if (object_[key].get(object) == simdjson::SUCCESS) text = simdjson::minify(object);
    if (text.empty() || text.size() > bytes_max) {
      Missing(key, fmt::format("an object of at most {} bytes", bytes_max));
    }
    return text;
  }
  void Missing(std::string_view key, std::string_view expected) {
    if (!error_.ok()) return;
    error_ = place_.Corrupt(fmt::format("{} as \"{}\" of the {} line", expected, key, line_),
                            "something else or nothing");
  }
  const Status& status() const { return error_; }

 private:
  dom::object object_;
  const Place& place_;
  std::string_view line_;
  Status error_;
};

// The data of one of the log's own lines. `parser` owns what the object refers to.
Result<dom::object> ParseData(dom::parser& parser, const Event& line, const Place& place) {
  dom::object object;
  if (parser.parse(line.data).get(object) != simdjson::SUCCESS) {
    return place.Corrupt("JSON as data of the " + line.name + " line", "something else");
  }
  return object;
}

// A path that a log names must stay inside its pond and be one we could have written.
bool IsObjectPath(std::string_view path) {
  return path.size() > 4 && path.size() < 128 && path.substr(0, 4) == "log/" &&
         path.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-./") == path.npos &&
         path.find("..") == path.npos && path.find("//") == path.npos;
}

// What a base says of an object's size is how much a reader lets a store send.
Status CheckSize(std::string_view what, uint64_t bytes, uint64_t bytes_max, const Place& place) {
  if (bytes <= bytes_max) return Status::Ok();
  return Status::Exhausted(fmt::format("{}: {} of {} bytes; at most {} are read", place.ToString(),
                                       what, bytes, bytes_max));
}

Result<std::vector<SegmentRef>> ParseSegments(Members& base, const Place& place) {
  std::vector<SegmentRef> segments;
  for (const dom::object object : base.Objects("segments", kSegmentsListedMax)) {
    Members m(object, place, "base");
    SegmentRef s{m.Text("path", 128), m.Uint("first"), m.Uint("last"),  m.Time("first_time"),
                 m.Time("last_time"), m.Uint("bytes"), m.HashOf("hash")};
    RETURN_IF_ERROR(m.status());
    const bool follows = segments.empty() || segments.back().last + 1 == s.first;
    if (!IsObjectPath(s.path) || s.first == 0 || s.first > s.last || !follows) {
      return place.Corrupt("segments in order", fmt::format("{} with versions {} to {}",
                                                            JsonQuote(s.path), s.first, s.last));
    }
    RETURN_IF_ERROR(CheckSize(s.path, s.bytes, kLogBytesMax, place));
    segments.push_back(std::move(s));
  }
  return segments;
}

Result<std::vector<PartRef>> ParseParts(Members& base, const Place& place) {
  std::vector<PartRef> parts;
  uint64_t bytes = 0;
  for (const dom::object object : base.Objects("parts", kPartsMax)) {
    Members m(object, place, "base");
    PartRef p{m.Text("path", 128), m.Uint("bytes"), m.Uint("lines"), m.HashOf("hash"), {}};
    if (m.Has("first")) {
      p.bounds = {m.Text("first", kPartBoundBytesMax), m.Text("last", kPartBoundBytesMax)};
    }
    if (m.Has("summary")) p.summary = m.ObjectText("summary", kPartSummaryBytesMax);
    RETURN_IF_ERROR(m.status());
    if (!IsObjectPath(p.path)) return place.Corrupt("the path of a part", JsonQuote(p.path));
    if (p.bounds && p.bounds->first > p.bounds->last) {
      return place.Corrupt("bounds of a part that rise",
                           JsonQuote(p.bounds->first) + " and " + JsonQuote(p.bounds->last));
    }
    RETURN_IF_ERROR(CheckSize(p.path, p.bytes, kFrameBytesMax, place));
    // Compressed they are never larger than their text. Those with a summary are read one by one.
    if (p.summary.empty()) bytes += p.bytes;
    RETURN_IF_ERROR(CheckSize("all parts without a summary", bytes, kObjectTextBytesMax, place));
    parts.push_back(std::move(p));
  }
  return parts;
}

void WriteReferences(JsonWriter& json, const BaseRecord& base) {
  json.Key("segments").BeginArray();
  for (const SegmentRef& s : base.segments) {
    json.BeginObject().Key("path").String(s.path).Key("first").Uint(s.first);
    json.Key("last").Uint(s.last).Key("first_time").Int(s.first_time_us);
    json.Key("last_time").Int(s.last_time_us).Key("bytes").Uint(s.bytes);
    json.Key("hash").String(HexEncode(s.hash)).EndObject();
  }
  json.EndArray();
  if (base.parts.empty()) return;
  json.Key("parts").BeginArray();
  for (const PartRef& p : base.parts) {
    json.BeginObject().Key("path").String(p.path).Key("bytes").Uint(p.bytes);
    json.Key("lines").Uint(p.lines).Key("hash").String(HexEncode(p.hash));
    if (p.bounds) json.Key("first").String(p.bounds->first).Key("last").String(p.bounds->last);
    if (!p.summary.empty()) json.Key("summary").Raw(p.summary);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

Hash ChainStart(const Uuid& pond) { return Xxh3_128(pond.ToString()); }

std::string EncodeCommit(const CommitRecord& record, const Hash& prev) {
  CHECK(prev.size() == kHashBytes);
  JsonWriter json;
  json.BeginObject().Key("version").Uint(record.version).Key("prev").String(HexEncode(prev));
  json.Key("time").Int(record.time_us).Key("writer").String(record.writer);
  if (!record.author.empty()) json.Key("author").String(record.author);
  if (!record.message.empty()) json.Key("message").String(record.message);
  if (!record.idempotency_key.empty()) json.Key("key").String(record.idempotency_key);
  json.EndObject();
  std::string text;
  AppendLine(text, {record.transaction, "commit", json.Take(), false});
  for (const Event& event : record.events) AppendLine(text, event);
  return CompressFrame(text);
}

Result<DecodedCommit> DecodeCommit(std::string_view frame, const Place& place) {
  ASSIGN_OR_RETURN(std::vector<Event> lines, DecodeLines(frame, place));
  if (lines.empty() || lines.front().name != "commit") {
    return place.Corrupt("a commit frame",
                         lines.empty() ? "nothing" : JsonQuote(lines.front().name));
  }
  dom::parser parser;
  ASSIGN_OR_RETURN(const dom::object object, ParseData(parser, lines.front(), place));
  Members m(object, place, "commit");
  DecodedCommit commit;
  CommitRecord& record = commit.record;
  record.transaction = lines.front().id;
  record.version = m.Uint("version");
  record.time_us = m.Time("time");
  record.writer = m.Text("writer", kWriterBytesMax);
  record.author = m.OptionalText("author", kAuthorBytesMax);
  record.message = m.OptionalText("message", kMessageBytesMax);
  record.idempotency_key = m.OptionalText("key", kIdempotencyKeyBytesMax);
  commit.prev = m.HashOf("prev");
  RETURN_IF_ERROR(m.status());
  record.events.assign(std::make_move_iterator(lines.begin() + 1),
                       std::make_move_iterator(lines.end()));
  return commit;
}

std::vector<Event> KeyLines(const std::vector<KeyRecord>& keys) {
  std::vector<Event> lines;
  lines.reserve(keys.size());
  for (const KeyRecord& key : keys) {
    JsonWriter json;
    json.BeginObject().Key("key").String(key.key).Key("version").Uint(key.version);
    json.Key("time").Int(key.time_us).EndObject();
    lines.push_back({key.transaction, "key", json.Take(), false});
  }
  return lines;
}

Result<BaseState> ParseStateLines(std::vector<Event> lines, const Place& place) {
  BaseState state;
  dom::parser parser;
  size_t i = 0;
  for (; i < lines.size() && lines[i].name == "key"; ++i) {
    ASSIGN_OR_RETURN(const dom::object object, ParseData(parser, lines[i], place));
    Members m(object, place, "key");
    KeyRecord key{m.Text("key", kIdempotencyKeyBytesMax), m.Uint("version"), m.Time("time"),
                  lines[i].id};
    RETURN_IF_ERROR(m.status());
    state.keys.push_back(std::move(key));
  }
  if (i > kIdempotencyKeysMax) {
    return Status::Exhausted(fmt::format("{}: {} idempotency keys; at most {} are read",
                                         place.ToString(), i, kIdempotencyKeysMax));
  }
  state.events.assign(std::make_move_iterator(lines.begin() + static_cast<ptrdiff_t>(i)),
                      std::make_move_iterator(lines.end()));
  return state;
}

std::string EncodeBase(const BaseRecord& base, std::string_view state_text) {
  CHECK(base.chain.size() == kHashBytes);
  JsonWriter json;
  json.BeginObject().Key("format").Uint(base.format).Key("pond").String(base.pond.ToString());
  json.Key("version").Uint(base.version).Key("time").Int(base.time_us);
  json.Key("chain").String(HexEncode(base.chain)).Key("writer").String(base.writer);
  json.Key("proof").String(base.proof);
  WriteReferences(json, base);
  json.EndObject();
  std::string text;
  AppendLine(text, {base.id, "base", json.Take(), false});
  text += state_text;
  return CompressFrame(text);
}

Result<DecodedBase> DecodeBase(std::string_view frame, const Place& place) {
  ASSIGN_OR_RETURN(std::vector<Event> lines, DecodeLines(frame, place));
  if (lines.empty() || lines.front().name != "base") {
    return place.Corrupt("the base frame",
                         lines.empty() ? "nothing" : JsonQuote(lines.front().name));
  }
  dom::parser parser;
  ASSIGN_OR_RETURN(const dom::object object, ParseData(parser, lines.front(), place));
  Members m(object, place, "base");
  DecodedBase base;
  BaseRecord& record = base.record;
  record.id = lines.front().id;
  record.format = static_cast<uint32_t>(m.Uint("format"));
  record.pond = m.Id("pond");
  record.version = m.Uint("version");
  record.time_us = m.Time("time");
  record.chain = m.HashOf("chain");
  record.writer = m.Text("writer", kWriterBytesMax);
  record.proof = m.Text("proof", kProofBytesMax);
  RETURN_IF_ERROR(m.status());
  ASSIGN_OR_RETURN(record.segments, ParseSegments(m, place));
  ASSIGN_OR_RETURN(record.parts, ParseParts(m, place));
  RETURN_IF_ERROR(m.status());
  if (!record.segments.empty() && record.segments.back().last != record.version) {
    return place.Corrupt(fmt::format("segments up to version {}", record.version),
                         fmt::format("up to {}", record.segments.back().last));
  }
  base.state_lines.assign(std::make_move_iterator(lines.begin() + 1),
                          std::make_move_iterator(lines.end()));
  return base;
}

}  // namespace duckpond
