// SPDX-License-Identifier: MIT
//
// LatencyObjectStore: makes a fast store behave as a far one does: each request takes as long as a
// profile's do, writes of one key come no faster than it admits, and the price list is its own.
//
// Threads:   all methods may be called concurrently.
// Lifetime:  borrows env.
// Errors:    kUnavailable – a write of a key too soon after the last one, as a 429 or 503: nothing
//            happened.
#pragma once

#include <map>
#include <mutex>

#include "base/env.h"
#include "store/store_wrapper.h"

namespace duckpond {

struct LatencyProfile {
  // Times are log-normal with this median and 90th percentile.
  struct Time {
    int64_t p50_us = 0;
    int64_t p90_us = 0;
  };
  std::string name;
  Time read;                        // Get and List.
  Time write;                       // Put, Append and Delete.
  double swaps_per_second_max = 0;  // Writes of one key; 0 for no limit.
  std::string prices;               // Whose (store/prices.h); nobody's for none.
  bool tells_limit = true;          // In its traits; else it is found by being refused.

  // "s3", "s3-express", "r2" or "dynamodb", as measured by others in 2026; "none" adds no time and
  // has no limit and no price.
  // Errors: kInvalid for another name, listing these.
  static Result<LatencyProfile> Named(std::string_view name);
};

class LatencyObjectStore final : public StoreWrapper {
 public:
  LatencyObjectStore(Env& env, std::shared_ptr<ObjectStore> below, LatencyProfile profile);

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override;
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override;
  Task<Result<PutReply>> Append(Context context, std::string key, Bytes body,
                                AppendPosition position) override;
  Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                   std::optional<ObjectTag> if_match) override;
  Task<Result<ListReply>> List(Context context, std::string prefix,
                               std::optional<std::string> token) override;
  // Those of the store below, with the profile's limit and prices.
  const StoreTraits& traits() const override { return traits_; }

 private:
  int64_t Sample(const LatencyProfile::Time& time);
  // Notes a write of `key` now, or refuses it.
  Status Admit(const std::string& key);
  template <class Reply>
  Task<Result<Reply>> Read(Context context, Send<Reply> send);
  template <class Reply>
  Task<Result<Reply>> Write(Context context, std::string key, Send<Reply> send);

  Env& env_;
  const LatencyProfile profile_;
  StoreTraits traits_;
  std::mutex mutex_;
  std::map<std::string, MonotonicUs> next_write_us_;  // Guarded by mutex_.
};

}  // namespace duckpond
