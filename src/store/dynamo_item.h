// SPDX-License-Identifier: MIT
//
// DynamoItem: an item of the table as a value, to and from DynamoDB's JSON. Heads, parts and chunks
// are items; which attribute belongs to which is in docs/formats/dynamodb.md.
//
// Threads:  pure functions.
// Errors:   kCorrupt for an item that we cannot have written; attributes that are not known are
//           passed over.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace duckpond {

// The sort key of an object's head. All its parts have smaller ones, so that a query for what comes
// after a place in the log ends with the head.
inline constexpr uint64_t kHeadRange = 1'000'000'000'000'000;
inline constexpr uint64_t kChunkBytes = 64 << 10;
// What lies in the head, and what in one part. An item may have 400 KB.
inline constexpr uint64_t kInlineBytesMax = 64 << 10;
inline constexpr uint64_t kPartBytesMax = 320 << 10;
// The chunks of whoever came first to write a key; readers know their names without the head.
inline constexpr const char* kFirstChunks = "0";

struct DynamoKey {
  std::string hash;
  uint64_t range = 0;
};

struct DynamoItem {
  DynamoKey key;
  std::string generation;  // Of every item: which Put of the object it belongs to.
  uint64_t length = 0;     // Of the object (head), of the part.
  uint64_t start = 0;      // Of a head: where its parts begin; 0 while there were none.
  std::string chunks;      // The name of the chunks that hold the content; empty for none.
  uint64_t chunked = 0;    // Of a head with chunks: their bytes, from the object's start.
  std::optional<std::string> body;

  bool IsHead() const { return key.range == kHeadRange; }
  // Bytes from the object's start that are in the head itself or in chunks; parts have the rest.
  uint64_t base_length() const { return body ? body->size() : chunked; }
};

// The key of a chunk of the object or part that lies at `hash`. No object's key has "//".
DynamoKey ChunkKey(const std::string& hash, const std::string& chunks, uint64_t number);
inline uint64_t ChunksOf(uint64_t bytes) { return (bytes + kChunkBytes - 1) / kChunkBytes; }

std::string TextJson(std::string_view text);  // {"S":"…"}
std::string NumberJson(uint64_t number);      // {"N":"…"}
std::string KeyJson(const DynamoKey& key);    // {"hash_key":…,"range_key":…}
std::string ItemJson(const DynamoItem& item);

Result<DynamoItem> ParseItem(const simdjson::dom::element& json);

// The items in `array` of an answer ("Items"), and the key with which the next page starts.
struct DynamoPage {
  std::vector<DynamoItem> items;
  std::string next_key;  // JSON; empty at the end.
};
// `start` is the next_key with which it was asked for; empty for the first page.
// Errors: kCorrupt for what is no page, or ends where it began.
Result<DynamoPage> ParsePage(const Bytes& answer, const std::string& start);

// The item under `name` ("Item", "Attributes") of an answer; none if it has none.
Result<std::optional<DynamoItem>> ParseOneItem(const Bytes& answer, const char* name);

// What an object's tag says. Generations are random, so no tag comes back.
struct DynamoTag {
  std::string generation;
  uint64_t start = 0;
  uint64_t length = 0;
  std::string chunks;  // As DynamoItem's.
  uint64_t chunked = 0;

  static DynamoTag Of(const DynamoItem& head);
  // Empty for what is no tag of ours: no object has it.
  static std::optional<DynamoTag> Parse(const std::string& text);
  std::string Text() const;
};

}  // namespace duckpond
