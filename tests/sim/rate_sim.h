// SPDX-License-Identifier: MIT
//
// RateSim: how fast processes that never rest commit to one pond in a store of a given profile, in
// virtual time. What the machine computes takes no time here: what is seen is what the store's
// answers and the committer's waits make of it.
//
// Units:   microseconds of virtual time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/latency_store.h"

namespace duckpond {

struct RateShape {
  LatencyProfile profile;
  int processes = 1;
  int clients = 16;  // Of each process: each waits for its commit before it makes the next.
  int64_t time_us = 60'000'000;
  // A process that starts later than the others meets a log that they have made theirs.
  int64_t apart_us = 0;
};

struct RateResult {
  std::string failure;  // Empty if each acknowledged commit is in the log, once.
  double commits_per_second = 0;
  double swaps_per_second = 0;  // Puts that landed.
  uint64_t puts = 0;
  uint64_t refused = 0;  // Came sooner than the store admits.
  uint64_t lost = 0;     // Somebody else's came first.
  uint64_t gets = 0;
  int64_t wait_p50_us = 0;
  int64_t wait_p99_us = 0;
  int64_t wait_max_us = 0;
  double share_min = 0;  // The least busy process's swaps, of an equal share.
};

RateResult RunRateSim(uint64_t seed, const RateShape& shape);

}  // namespace duckpond
