// SPDX-License-Identifier: MIT
//
// DynamoTable: reading and writing items of the table many at a time, as DynamoDB's limits allow:
// pages of 1 MB, 100 items a batch, items that a throttled table hands back unprocessed.
//
// Threads:   all functions may be called concurrently; tasks keep the client alive.
// Errors:    DynamoClient's. A table that goes on handing back items is kUnavailable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/dynamo_client.h"
#include "store/dynamo_item.h"

namespace duckpond {

using DynamoClientPtr = std::shared_ptr<DynamoClient>;

// An object as the items with its hash key say: parts first, the head last.
struct DynamoObject {
  std::optional<DynamoItem> head;  // None: there is no such object.
  std::vector<DynamoItem> parts;   // Of any generation, in the order of their places.
};

// What lies at `hash` from the place `from` on, head included. Cost: a Query a MB.
// Errors: kExhausted once there are more than `bytes_max`.
struct DynamoSpan {
  DynamoSpan(std::string h, uint64_t f, uint64_t b) : hash(std::move(h)), from(f), bytes_max(b) {}
  std::string hash;
  uint64_t from = 0;
  uint64_t bytes_max = 0;
};
Task<Result<DynamoObject>> QueryObject(DynamoClientPtr client, Context context, std::string key,
                                       DynamoSpan span);

// These items, those that are missing left out, in any order. Cost: a BatchGetItem a hundred, all
// at the same time.
Task<Result<std::vector<DynamoItem>>> GetItems(DynamoClientPtr client, Context context,
                                               std::string key, std::vector<DynamoKey> keys);

// Which chunks, of what is `length` bytes long.
struct DynamoChunks {
  DynamoChunks(std::string h, std::string n, std::string g, uint64_t l)
      : hash(std::move(h)), name(std::move(n)), generation(std::move(g)), length(l) {}
  std::string hash;
  std::string name;
  std::string generation;
  uint64_t length = 0;
};

// The bytes first..last of them; none if one is missing or another generation's.
struct DynamoBytes {
  uint64_t offset = 0;
  uint64_t length = 0;
};
Task<Result<std::optional<std::string>>> ReadChunks(DynamoClientPtr client, Context context,
                                                    std::string key, DynamoChunks chunks,
                                                    DynamoBytes wanted);
// The same from items that were read already.
std::optional<std::string> JoinChunks(const std::vector<DynamoItem>& items,
                                      const DynamoChunks& chunks, DynamoBytes wanted);

// Writes them; false if another generation has a chunk of that name. What was written stays.
// Errors: kUnavailable if that could not be finished; nothing refers to them then. Cost: a PutItem
// a chunk, sixteen at a time.
Task<Result<bool>> WriteChunks(DynamoClientPtr client, Context context, std::string key,
                               DynamoChunks chunks, Bytes content);

// Removes those that are of that generation, as far as it goes.
Task<void> RemoveChunks(DynamoClientPtr client, Context context, DynamoChunks chunks);

// Removes parts, with their chunks, whose generation is not that of the head that is there now: a
// generation that was replaced never comes back. As far as it goes.
Task<void> RemoveDeadParts(DynamoClientPtr client, Context context, std::string hash);

}  // namespace duckpond
