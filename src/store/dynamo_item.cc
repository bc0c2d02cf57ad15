// SPDX-License-Identifier: MIT
#include "store/dynamo_item.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/check.h"
#include "base/encoding.h"
#include "base/json_writer.h"

namespace duckpond {
namespace {

Status Broken(std::string_view what) {
  return Status::Corrupt(fmt::format("an item of the table has {}", what));
}

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// The text of attribute `name`, whose type is `type`; none if it is not there.
std::optional<std::string_view> Attribute(const simdjson::dom::element& item, const char* name,
                                          const char* type) {
  std::string_view text;
  if (item[name][type].get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

Status ReadNumber(const simdjson::dom::element& item, const char* name, uint64_t* to) {
  const auto text = Attribute(item, name, "N");
  if (!text) return Status::Ok();
  const auto number = ParseNumber(*text);
  if (!number) return Broken(fmt::format("no number in {}", name));
  *to = *number;
  return Status::Ok();
}

}  // namespace

DynamoKey ChunkKey(const std::string& hash, const std::string& chunks, uint64_t number) {
  return {fmt::format("{}//{}/{}", hash, chunks, number), 0};
}

// An item may have 400 KB; the rest is for its names and numbers.
static_assert(kInlineBytesMax <= kPartBytesMax && kPartBytesMax + (64 << 10) <= 400 << 10);
static_assert(kChunkBytes <= kPartBytesMax);

std::string TextJson(std::string_view text) {
  return fmt::format(R"({{"S":{}}})", JsonQuote(text));
}

std::string NumberJson(uint64_t number) { return fmt::format(R"({{"N":"{}"}})", number); }

std::string KeyJson(const DynamoKey& key) {
  return fmt::format(R"({{"hash_key":{},"range_key":{}}})", TextJson(key.hash),
                     NumberJson(key.range));
}

std::string ItemJson(const DynamoItem& item) {
  CHECK(!item.key.hash.empty() && item.key.range <= kHeadRange);
  // Removals are conditional on it: one that is empty would be everybody's.
  CHECK(!item.generation.empty());
  std::string json = KeyJson(item.key);
  json.pop_back();
  json += R"(,"gen":)" + TextJson(item.generation);
  if (item.length != 0 || item.IsHead()) json += R"(,"len":)" + NumberJson(item.length);
  if (item.start != 0) json += R"(,"pos":)" + NumberJson(item.start);
  if (!item.chunks.empty()) json += R"(,"chunks":)" + TextJson(item.chunks);
  if (item.chunked != 0) json += R"(,"chunked":)" + NumberJson(item.chunked);
  if (item.body) json += R"(,"body":{"B":")" + Base64Encode(*item.body) + R"("})";
  return json + "}";
}

Result<DynamoItem> ParseItem(const simdjson::dom::element& json) {
  DynamoItem item;
  const auto hash = Attribute(json, "hash_key", "S");
  const auto range = Attribute(json, "range_key", "N");
  if (!hash || !range) return Broken("no hash_key (S) and range_key (N)");
  const auto place = ParseNumber(*range);
  if (!place) return Broken("a range_key that is no whole number");
  item.key = {std::string(*hash), *place};
  item.generation = Attribute(json, "gen", "S").value_or("");
  item.chunks = Attribute(json, "chunks", "S").value_or("");
  RETURN_IF_ERROR(ReadNumber(json, "len", &item.length));
  RETURN_IF_ERROR(ReadNumber(json, "pos", &item.start));
  RETURN_IF_ERROR(ReadNumber(json, "chunked", &item.chunked));
  if (const auto body = Attribute(json, "body", "B")) {
    auto bytes = Base64Decode(*body);
    if (!bytes.ok()) return Broken("a body that is not base64");
    item.body = *std::move(bytes);
  }
  if (item.base_length() > item.length && item.IsHead()) return Broken("more content than length");
  return item;
}

Result<DynamoPage> ParsePage(const Bytes& answer, const std::string& start) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const std::string_view text = answer.view();
  DynamoPage page;
  simdjson::dom::array items;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS ||
      root["Items"].get(items) != simdjson::SUCCESS) {
    return Status::Corrupt("an answer has no Items");
  }
  for (const simdjson::dom::element item : items) {
    ASSIGN_OR_RETURN(DynamoItem parsed, ParseItem(item));
    page.items.push_back(std::move(parsed));
  }
  simdjson::dom::element next;
  if (root["LastEvaluatedKey"].get(next) == simdjson::SUCCESS && next.is_object()) {
    page.next_key = simdjson::minify(next);
    if (page.next_key == start) return Status::Corrupt("a page ends where it began");
  }
  return page;
}

Result<std::optional<DynamoItem>> ParseOneItem(const Bytes& answer, const char* name) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const std::string_view text = answer.view();
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) {
    return Status::Corrupt("an answer is no JSON");
  }
  simdjson::dom::element item;
  if (root[name].get(item) != simdjson::SUCCESS) return std::optional<DynamoItem>();
  ASSIGN_OR_RETURN(DynamoItem parsed, ParseItem(item));
  return std::optional<DynamoItem>(std::move(parsed));
}

DynamoTag DynamoTag::Of(const DynamoItem& head) {
  return {head.generation, head.start, head.length, head.chunks, head.chunked};
}

std::string DynamoTag::Text() const {
  return fmt::format("{}.{}.{}.{}.{}", generation, start, length, chunked, chunks);
}

std::optional<DynamoTag> DynamoTag::Parse(const std::string& text) {
  constexpr size_t kFields = 5;
  std::array<std::string_view, kFields> fields;
  std::string_view rest = text;
  for (size_t i = 0; i < kFields; ++i) {
    const size_t dot = i + 1 < kFields ? rest.find('.') : rest.size();
    if (dot == std::string_view::npos) return std::nullopt;
    fields[i] = rest.substr(0, dot);
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  const auto start = ParseNumber(fields[1]);
  const auto length = ParseNumber(fields[2]);
  const auto chunked = ParseNumber(fields[3]);
  if (fields[0].empty() || !start || !length || !chunked) return std::nullopt;
  return DynamoTag{std::string(fields[0]), *start, *length, std::string(fields[4]), *chunked};
}

}  // namespace duckpond
