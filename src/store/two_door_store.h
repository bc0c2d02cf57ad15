// SPDX-License-Identifier: MIT
//
// TwoDoorObjectStore: one pond reached in two ways: its origin, which is asked for what must be new
// and takes all writes, and in front of it a CDN, from which whatever may be old is read.
//
//   age_us_max        asked first       asked if that does not serve
//   kFromStore, 0     the origin        –
//   more              the front, whose answer must not be older   the origin
//   kAnyAge           the front         the origin
//
// Invariants:  1. A front that fails, lacks the object, is behind or is slow makes an answer
// slower,
//              never wrong. 2. No write compares a tag that came through the front: a CDN that
//              gives an old content the newest tag would otherwise lose commits.
//              3. Who asks the origin for an object that never changes has found the front's to be
//              damaged: the front is not asked for it again.
// Threads:     all methods may be called concurrently.
// Lifetime:    borrows env; shares both stores.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

#include "base/env.h"
#include "store/store_wrapper.h"

namespace duckpond {

class TwoDoorObjectStore final : public StoreWrapper {
 public:
  // `front` should not retry by itself: the origin is asked instead.
  TwoDoorObjectStore(Env& env, std::shared_ptr<ObjectStore> origin,
                     std::shared_ptr<ObjectStore> front);

  // Cost: one request where the front serves, else two.
  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override;
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override;
  Task<Result<PutReply>> Append(Context context, std::string key, Bytes body,
                                AppendPosition position) override;
  Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                   std::optional<ObjectTag> if_match) override;

 private:
  Task<std::optional<GetReply>> AskFront(Context context, std::string key, GetOptions options);

  bool IsDistrusted(const std::string& key) const;
  void Distrust(const std::string& key);

  Env& env_;
  const std::shared_ptr<ObjectStore> front_;
  // Until then the front is not asked: it could not be reached, or did not answer.
  std::atomic<MonotonicUs> front_down_until_us_ = 0;
  mutable std::mutex mutex_;
  std::unordered_set<std::string> distrusted_;  // Guarded by mutex_: keys.
};

}  // namespace duckpond
