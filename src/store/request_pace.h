// SPDX-License-Identifier: MIT
//
// RequestPace: how fast requests of one kind may follow each other on a store that has asked to be
// spared (503 SlowDown, 429). Each store has one for reads and one for writes, so that one
// throttled prefix slows all that goes there, and the attempts that retries make as well.
//
// Rule:      additive increase, multiplicative decrease (Chiu and Jain 1989; AWS's SDKs call theirs
//            "adaptive"). Nothing waits until refusals come. Each refusal halves the rate, at most
//            once in 100 ms, since a burst is refused as one; each answer adds 5 requests a second,
//            until the rate is beyond what is worth a limit. Turns have jitter. A Retry-After holds
//            back everything for as long, 5 s at most.
//            A single key that is refused again and again is no reason: stores limit the writes of
//            one key (R2: one a second), and who writes it waits without us.
// Threads:   all methods may be called concurrently.
// Lifetime:  borrows env.
// Units:     microseconds.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "base/context.h"
#include "base/env.h"

namespace duckpond {

class RequestPace {
 public:
  explicit RequestPace(Env& env) : env_(env) {}

  // Until it is this request's turn. A context with `once` is not held back: its caller paces.
  // Errors: kUnavailable if the context's deadline is before it; kCancelled.
  Task<Status> Wait(Context context);

  // A request to `key` was refused for its rate.
  void Throttled(const std::string& key, int64_t retry_after_us);
  void Answered();

 private:
  // How long a request that comes now must wait.
  int64_t TakeTurn();

  Env& env_;
  std::mutex mutex_;
  int64_t gap_us_ = 0;  // Between two requests; 0 for none. Guarded by mutex_, as is all below.
  MonotonicUs last_us_ = 0;  // The last turn that was given.
  MonotonicUs held_us_ = 0;  // No turn before, as Retry-After says.
  MonotonicUs halved_us_ = 0;
  std::string throttled_key_;
};

}  // namespace duckpond
