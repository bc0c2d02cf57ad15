// SPDX-License-Identifier: MIT
//
// HedgingObjectStore: asks once more for what takes much longer than such reads do; the first
// answer wins and the other request is cancelled (Dean and Barroso, "The tail at scale", 2013).
//
// Hedged:    GETs, which change nothing: any answer to a request that was sent meanwhile is as true
//            as the other's. Not those of a store that answers within kHedgedLatencyUs.
// Delay:     twice the 95th percentile of the last reads of about the same size, of which
//            observations_min must be known, and delay_min_us at least.
// Budget:    `share` of the requests, so that a store that is slow as a whole is not asked twice as
//            much.
// Place:     above the meter, which counts both requests; below the retries: an error is theirs.
// Threads:   all methods may be called concurrently.
// Lifetime:  borrows env; the request that lost may end after the store.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/env.h"
#include "store/store_wrapper.h"

namespace duckpond {

inline constexpr int64_t kHedgedLatencyUs = 1'000;

struct HedgeOptions {
  double share = 0.02;        // Of all reads.
  double unused_max = 4;      // Hedges that quiet times save up.
  size_t observations = 128;  // That the percentile is taken of, for each class of sizes.
  size_t observations_min = 32;
  // A busy machine wakes late by this much, which says nothing of the store.
  int64_t delay_min_us = 50'000;
};

class HedgingObjectStore final : public StoreWrapper {
 public:
  HedgingObjectStore(Env& env, std::shared_ptr<ObjectStore> below, HedgeOptions options = {});

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override;

 private:
  struct Race;
  // How long reads of one class of sizes took.
  struct Times {
    std::vector<int64_t> us;  // The last ones; a ring.
    size_t next = 0;
  };
  // Shared with timers and requests that outlive the store.
  struct State {
    explicit State(HedgeOptions o) : options(o) {}
    std::optional<int64_t> DelayUs(size_t size_class);
    void Observe(size_t size_class, int64_t took_us);
    bool Spend();

    const HedgeOptions options;
    std::mutex mutex;
    std::array<Times, 4> times;  // Guarded by mutex.
    double unused = 0;           // Guarded by mutex.
  };
  static size_t ClassOf(const GetOptions& options);
  static Task<void> Attempt(std::shared_ptr<Race> race, size_t place);

  Env& env_;
  const std::shared_ptr<State> state_;
};

}  // namespace duckpond
