// SPDX-License-Identifier: MIT
//
// MeteredObjectStore: counts requests, round trips, bytes and money, in its own ledger and in that
// of each request's context. It stands below the retries, so that it counts what a bill does.
//
// Threads:   all methods may be called concurrently.
// Counted:   every request that was tried, failed ones too, priced by traits().prices; or what the
//            store itself enters in the ledger of the context that it is given, as one does whose
//            calls take several requests. Not those that ended before they were sent (kCancelled).
#pragma once

#include <memory>

#include "base/cost.h"
#include "store/store_wrapper.h"

namespace duckpond {

class MeteredObjectStore final : public StoreWrapper {
 public:
  // `ledger` is shared because a process keeps one for all its stores.
  MeteredObjectStore(std::shared_ptr<ObjectStore> below, std::shared_ptr<CostLedger> ledger);

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override;
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override;
  Task<Result<PutReply>> Append(Context context, std::string key, Bytes body,
                                AppendPosition position) override;
  Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                   std::optional<ObjectTag> if_match) override;
  Task<Result<ListReply>> List(Context context, std::string prefix,
                               std::optional<std::string> token) override;

 private:
  // One call under way, entered in both ledgers when it ends.
  class Count;

  CostLedger::Entry EntryOfWrite(const Bytes& body, const Result<PutReply>& reply) const;

  const std::shared_ptr<CostLedger> ledger_;
};

}  // namespace duckpond
