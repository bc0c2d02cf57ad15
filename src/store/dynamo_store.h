// SPDX-License-Identifier: MIT
//
// DynamoObjectStore: a table of DynamoDB, or a part of one, as an ObjectStore. An object is a head
// item, which says what the object is; content that does not fit lies in chunks, and what was
// appended in parts beside the head. A chunk or part that no head names is nothing, so every write
// happens in one request, the one that writes the head: kill -9 anywhere leaves the object as it
// was or as it is to be, and items that nobody sees.
//
// Invariants:  1. A generation is of one Put and is never used again: generation and length say the
//              content. 2. Only a head that is written under a condition on generation and length
//              changes an object. 3. A part is written in one transaction with its head.
//              4. Items of a generation are removed after its head has been replaced.
// Threads:     all methods may be called concurrently.
// Lifetime:    borrows Env, which must outlive it; outlives its tasks. What a Put left of the
// object
//              that it replaced is removed behind it, by tasks that need Env alone.
// Errors:      as object_store.h says; which answer means what is in store/dynamo_client.h.
// Cost:        Get: a Query (of the tail only, for a known tag), a BatchGetItem more a hundred
//              chunks; a range without a tag: one BatchGetItem. Put: a PutItem, and one a chunk
//              before it; of an object that was appended to: a transaction. Append: a transaction.
//              List reads the whole table, unless nothing was ever written here.
// Format:      docs/formats/dynamodb.md
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "store/dynamo_table.h"
#include "store/object_store.h"

namespace duckpond {

// A larger one is refused.
inline constexpr uint64_t kDynamoObjectBytesMax = uint64_t{1} << 30;

class DynamoObjectStore final : public ObjectStore {
 public:
  explicit DynamoObjectStore(DynamoClientPtr client);

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override;
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override;
  Task<Result<PutReply>> Append(Context context, std::string key, Bytes body,
                                AppendPosition position) override;
  Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                   std::optional<ObjectTag> if_match) override;
  Task<Result<ListReply>> List(Context context, std::string prefix,
                               std::optional<std::string> token) override;
  const StoreTraits& traits() const override { return traits_; }
  const std::string& url() const override { return client_->place().url; }
  std::string endpoint() const override;
  std::string server() const override { return client_->server(); }

 private:
  struct Asked {
    std::string key;
    std::string hash;  // The key with the store's prefix.
    GetOptions options;
  };
  struct Writing;
  // None where it cannot be answered without knowing the head first.
  Task<Result<std::optional<GetReply>>> GetRange(Context context, Asked asked);
  Task<Result<std::optional<GetReply>>> GetOnce(Context context, Asked asked, uint64_t from);
  Task<Result<std::optional<std::string>>> Content(Context context, const Asked& asked,
                                                   const DynamoObject& object, DynamoBytes wanted);

  Task<Result<PutReply>> PutWhole(Context context, Writing writing);
  Task<Result<PutReply>> PutOverParts(Context context, Writing writing);
  Task<Result<bool>> PutContent(Context context, Writing* writing);
  Task<Result<PutReply>> PutHead(Context context, Writing writing);
  Task<Status> MarkPlace(Context context);
  Task<Result<PutReply>> AppendPart(Context context, std::string key, DynamoTag at,
                                    DynamoItem part);
  // Removes what `old` alone referred to; nobody waits for it.
  void RemoveBehind(const Context& context, const std::string& hash, const DynamoTag& old);

  Task<Result<DynamoClient::Written>> Transact(Context context, std::string key,
                                               std::string actions);
  std::string Hash(const std::string& key) const { return client_->place().prefix + key; }
  Context Behind(const Context& context) const;

  const DynamoClientPtr client_;
  StoreTraits traits_;
  std::atomic<bool> marked_{false};  // Whether List knows that something was written here.
};

// The store of `url` ("dynamodb://table/prefix"). Makes no request.
// Errors: kInvalid for a bad URL or setting, or if no credentials are found.
Result<std::shared_ptr<ObjectStore>> OpenDynamo(Env& env, const std::string& url,
                                                S3Options options);

}  // namespace duckpond
