// SPDX-License-Identifier: MIT
#include "store/dynamo_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/json_writer.h"

namespace duckpond {
namespace {

constexpr size_t kBatchItemsMax = 100;
constexpr size_t kInFlightMax = 16;
constexpr int kAsksMax = 10;
constexpr int64_t kWaitFirstUs = 20'000;
constexpr int64_t kWaitMostUs = 500'000;
// Besides what a caller wants: parts of older generations that nobody has removed yet.
constexpr uint64_t kGarbageBytesMax = uint64_t{64} << 20;

// What an item is counted for besides its body, and an empty page: answers without content end,
// too.
constexpr uint64_t kItemBytes = 256;

using Written = DynamoClient::Written;

std::string KeyIs(const DynamoKey& key) { return R"("Key":)" + KeyJson(key); }

// Back-off with jitter inside the context. Errors: kUnavailable, as `why`, when it is over.
Task<Status> WaitBeforeAsk(DynamoClientPtr client, Context context, int asked, std::string why) {
  const int64_t most_us = std::min(kWaitMostUs, kWaitFirstUs << std::min(asked, 10));
  const auto wait_us =
      static_cast<int64_t>(client->env().random.Below(static_cast<uint64_t>(most_us)));
  const bool late = client->env().executor.NowUs() >= context.deadline_us - wait_us;
  if (late || asked >= kAsksMax) co_return Status::Unavailable(std::move(why));
  co_return co_await Sleep(context, wait_us);
}

std::string BatchJson(const std::string& table, const std::string& keys) {
  return fmt::format(R"({{"RequestItems":{{{}:{{"ConsistentRead":true,"Keys":{}}}}}}})",
                     JsonQuote(table), keys);
}

// Takes the items of `answer` into `items`; gives the keys that were left unprocessed, as JSON.
Result<std::string> TakeBatch(const Bytes& answer, const std::string& table,
                              std::vector<DynamoItem>* items) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array found;
  const std::string_view text = answer.view();
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) {
    return Status::Corrupt("an answer is no JSON");
  }
  if (root["Responses"][table].get(found) == simdjson::SUCCESS) {
    for (const simdjson::dom::element item : found) {
      ASSIGN_OR_RETURN(DynamoItem parsed, ParseItem(item));
      items->push_back(std::move(parsed));
    }
  }
  simdjson::dom::array left;
  if (root["UnprocessedKeys"][table]["Keys"].get(left) != simdjson::SUCCESS) return std::string();
  return left.size() == 0 ? std::string() : simdjson::minify(left);
}

Task<Result<std::vector<DynamoItem>>> GetBatch(DynamoClientPtr client, Context context,
                                               std::string key, std::string keys) {
  std::vector<DynamoItem> items;
  const std::string& table = client->place().table;
  for (int asked = 0;; ++asked) {
    DynamoClient::Call call("BatchGetItem", key, BatchJson(table, keys));
    CO_ASSIGN_OR_RETURN(const Bytes answer, co_await client->Read(context, std::move(call)));
    Result<std::string> left = TakeBatch(answer, table, &items);
    if (!left.ok()) co_return left.error().Prefixed(client->place().url + "/" + key);
    keys = *std::move(left);
    if (keys.empty()) co_return items;
    std::string why = fmt::format(
        "BatchGetItem {}/{}: DynamoDB goes on leaving keys unprocessed: the table {} is throttled",
        client->place().url, key, table);
    const Status waited = co_await WaitBeforeAsk(client, context, asked, std::move(why));
    if (!waited.ok()) co_return waited;
  }
}

// The chunks are nobody's until a head names them: put again until it is certain.
Task<Result<bool>> WriteChunk(DynamoClientPtr client, Context context, std::string key,
                              DynamoItem chunk) {
  const std::string json = fmt::format(
      R"({{"TableName":{},"Item":{},"ConditionExpression":"attribute_not_exists(hash_key) OR )"
      R"(gen = :g","ExpressionAttributeValues":{{":g":{}}}}})",
      JsonQuote(client->place().table), ItemJson(chunk), TextJson(chunk.generation));
  for (int asked = 0;; ++asked) {
    DynamoClient::Call call("PutItem", key, json);
    const Result<Written> put = co_await client->Write(context, std::move(call));
    if (put.ok() && put->state == Written::State::kDone) co_return true;
    if (put.ok() && put->state == Written::State::kConflict) co_return false;
    if (!put.ok() && put.error().code() != StatusCode::kUnavailable) co_return put.error();
    std::string why = put.ok() ? put->detail : put.error().message();
    const Status waited = co_await WaitBeforeAsk(client, context, asked, std::move(why));
    if (!waited.ok()) co_return waited;
  }
}

// Deletes `key` if it is of this generation.
Task<Status> RemoveItem(DynamoClientPtr client, Context context, DynamoKey key,
                        std::string generation) {
  const std::string json = fmt::format(
      R"({{"TableName":{},{},"ConditionExpression":"gen = :g","ExpressionAttributeValues":)"
      R"({{":g":{}}}}})",
      JsonQuote(client->place().table), KeyIs(key), TextJson(generation));
  DynamoClient::Call call("DeleteItem", key.hash, json);
  const Result<Written> removed = co_await client->Write(context, std::move(call));
  co_return removed.status();
}

// Runs tasks, so many at a time.
template <class T>
Task<std::vector<T>> InWaves(std::vector<Task<T>> tasks) {
  std::vector<T> values;
  for (size_t from = 0; from < tasks.size(); from += kInFlightMax) {
    std::vector<Task<T>> wave;
    for (size_t i = from; i < std::min(from + kInFlightMax, tasks.size()); ++i) {
      wave.push_back(std::move(tasks[i]));
    }
    for (T& value : co_await WhenAll(std::move(wave))) values.push_back(std::move(value));
  }
  co_return values;
}

}  // namespace

Task<Result<DynamoObject>> QueryObject(DynamoClientPtr client, Context context, std::string key,
                                       DynamoSpan span) {
  const std::string start = fmt::format(
      R"({{"TableName":{},"ConsistentRead":true,"KeyConditionExpression":"hash_key = :h AND )"
      R"(range_key >= :r","ExpressionAttributeValues":{{":h":{},":r":{}}})",
      JsonQuote(client->place().table), TextJson(span.hash), NumberJson(span.from));
  DynamoObject object;
  uint64_t bytes = 0;
  for (std::string next;;) {
    const std::string page_json =
        start + (next.empty() ? "}" : R"(,"ExclusiveStartKey":)" + next + "}");
    DynamoClient::Call call("Query", key, page_json);
    CO_ASSIGN_OR_RETURN(const Bytes answer, co_await client->Read(context, std::move(call)));
    auto page = ParsePage(answer, next);
    if (!page.ok()) co_return page.error().Prefixed(client->place().url + "/" + key);
    bytes += kItemBytes;
    for (DynamoItem& item : page->items) {
      bytes += kItemBytes + (item.body ? item.body->size() : 0);
      if (item.IsHead()) {
        object.head = std::move(item);
      } else {
        object.parts.push_back(std::move(item));
      }
    }
    if (page->next_key.empty()) co_return object;
    if (bytes > span.bytes_max && bytes - span.bytes_max > kGarbageBytesMax) {
      co_return Status::Exhausted(fmt::format("{}/{} has more than the {} bytes that are allowed",
                                              client->place().url, key, span.bytes_max));
    }
    next = std::move(page->next_key);
  }
}

Task<Result<std::vector<DynamoItem>>> GetItems(DynamoClientPtr client, Context context,
                                               std::string key, std::vector<DynamoKey> keys) {
  std::vector<Task<Result<std::vector<DynamoItem>>>> batches;
  for (size_t from = 0; from < keys.size(); from += kBatchItemsMax) {
    std::string json = "[";
    for (size_t i = from; i < std::min(from + kBatchItemsMax, keys.size()); ++i) {
      json += (i == from ? "" : ",") + KeyJson(keys[i]);
    }
    batches.push_back(GetBatch(client, context, key, json + "]"));
  }
  std::vector<DynamoItem> items;
  for (auto& batch : co_await InWaves(std::move(batches))) {
    if (!batch.ok()) co_return batch.error();
    for (DynamoItem& item : *batch) items.push_back(std::move(item));
  }
  co_return items;
}

std::optional<std::string> JoinChunks(const std::vector<DynamoItem>& items,
                                      const DynamoChunks& chunks, DynamoBytes wanted) {
  const uint64_t first = wanted.offset / kChunkBytes;
  const uint64_t end = ChunksOf(wanted.offset + wanted.length);
  CHECK(wanted.offset + wanted.length <= chunks.length && first <= end);
  std::vector<const DynamoItem*> found(end - first);
  for (const DynamoItem& item : items) {
    const uint64_t number = item.start;  // Chunks say their number there.
    const bool ours = item.generation == chunks.generation && item.body && number >= first &&
                      number < end &&
                      item.key.hash == ChunkKey(chunks.hash, chunks.name, number).hash;
    if (ours) found[number - first] = &item;
  }
  std::string joined;
  joined.reserve(wanted.length);
  for (uint64_t number = first; number < end; ++number) {
    const DynamoItem* item = found[number - first];
    const uint64_t at = number * kChunkBytes;
    if (item == nullptr || item->body->size() != std::min(kChunkBytes, chunks.length - at)) {
      return std::nullopt;
    }
    const uint64_t from = std::max(at, wanted.offset) - at;
    joined.append(*item->body, from, wanted.offset + wanted.length - at - from);
  }
  CHECK(joined.size() == wanted.length);
  return joined;
}

Task<Result<std::optional<std::string>>> ReadChunks(DynamoClientPtr client, Context context,
                                                    std::string key, DynamoChunks chunks,
                                                    DynamoBytes wanted) {
  std::vector<DynamoKey> keys;
  for (uint64_t i = wanted.offset / kChunkBytes; i < ChunksOf(wanted.offset + wanted.length); ++i) {
    keys.push_back(ChunkKey(chunks.hash, chunks.name, i));
  }
  CO_ASSIGN_OR_RETURN(const std::vector<DynamoItem> items,
                      co_await GetItems(client, context, key, std::move(keys)));
  co_return JoinChunks(items, chunks, wanted);
}

Task<Result<bool>> WriteChunks(DynamoClientPtr client, Context context, std::string key,
                               DynamoChunks chunks, Bytes content) {
  bool all_ours = true;
  CHECK(content.size() == chunks.length && !chunks.name.empty() && !chunks.generation.empty());
  // A wave at a time, so that their texts are not all in memory together.
  for (uint64_t from = 0; from < ChunksOf(content.size()); from += kInFlightMax) {
    std::vector<Task<Result<bool>>> wave;
    for (uint64_t i = from; i < std::min(from + kInFlightMax, ChunksOf(content.size())); ++i) {
      DynamoItem chunk;
      chunk.key = ChunkKey(chunks.hash, chunks.name, i);
      chunk.generation = chunks.generation;
      chunk.start = i;
      chunk.body = std::string(content.view().substr(i * kChunkBytes, kChunkBytes));
      wave.push_back(WriteChunk(client, context, key, std::move(chunk)));
    }
    for (const Result<bool>& written : co_await WhenAll(std::move(wave))) {
      if (!written.ok()) co_return written.error();
      all_ours = all_ours && *written;
    }
    if (!all_ours) co_return false;
  }
  co_return true;
}

Task<void> RemoveChunks(DynamoClientPtr client, Context context, DynamoChunks chunks) {
  if (chunks.name.empty()) co_return;
  std::vector<Task<Status>> removals;
  for (uint64_t i = 0; i < ChunksOf(chunks.length); ++i) {
    removals.push_back(
        RemoveItem(client, context, ChunkKey(chunks.hash, chunks.name, i), chunks.generation));
  }
  const std::vector<Status> done = co_await InWaves(std::move(removals));
}

Task<void> RemoveDeadParts(DynamoClientPtr client, Context context, std::string hash) {
  DynamoSpan all(hash, 0, kGarbageBytesMax);
  const Result<DynamoObject> seen = co_await QueryObject(client, context, hash, std::move(all));
  if (!seen.ok()) co_return;
  // The head was read behind the parts: a part of another generation has been replaced.
  std::vector<Task<Status>> removals;
  for (const DynamoItem& part : seen->parts) {
    if (seen->head && part.generation == seen->head->generation) continue;
    if (!part.chunks.empty()) {
      DynamoChunks chunks(hash, part.chunks, part.chunks, part.length);
      co_await RemoveChunks(client, context, std::move(chunks));
    }
    removals.push_back(RemoveItem(client, context, part.key, part.generation));
  }
  const std::vector<Status> done = co_await InWaves(std::move(removals));
}

}  // namespace duckpond
