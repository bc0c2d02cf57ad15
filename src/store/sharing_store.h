// SPDX-License-Identifier: MIT
//
// SharingObjectStore: one request for a part of an immutable object that several ask for at the
// same time. Below the caches, which have nothing yet when all of them ask.
//
// Shared:    GETs that may be answered by an answer of any age (GetOptions::kAnyAge), of the same
//            object and range, under the same limits. All others pass.
// Who sends: the first one, on its bill and under its context. The others wait for its answer, each
//            until its own context ends: then kCancelled.
// Errors:    one is told to all who waited for it, and to nobody who comes later; but where the
//            first one was cancelled or ran out of time, or found the store unavailable in less
//            time than another has, the next one of them sends instead.
// Threads:   all methods may be called concurrently.
// Lifetime:  borrows env; whoever waits outlives the store no more than its request.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "base/env.h"
#include "store/store_wrapper.h"

namespace duckpond {

class SharingObjectStore final : public StoreWrapper {
 public:
  SharingObjectStore(Env& env, std::shared_ptr<ObjectStore> below);
  ~SharingObjectStore() override;

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override;

 private:
  struct Flight;
  // Object, offset, length (0: to the end), bytes_max, want_tag, Context::once.
  using Wanted = std::tuple<std::string, uint64_t, uint64_t, uint64_t, bool, bool>;

  Env& env_;
  std::mutex mutex_;
  std::map<Wanted, std::shared_ptr<Flight>> flights_;  // Guarded by mutex_.
};

}  // namespace duckpond
