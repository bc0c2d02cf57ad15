// SPDX-License-Identifier: MIT
//
// Backoff: how long to wait before trying again: a random time below a bound that doubles, so that
// those who met once do not meet again.
//
// Threads:   one user.
// Lifetime:  borrows env.
// Bounds:    kBackoffFirstUs, doubled by each wait in a row, up to kBackoffMaxUs (log/limits.h).
//            All of it is left to chance ("full jitter"): a least wait would let rivals meet again.
#pragma once

#include <cstdint>

#include "base/context.h"
#include "base/env.h"

namespace duckpond {

class Backoff {
 public:
  explicit Backoff(Env& env) : env_(env) {}

  // Errors: kCancelled when the context ends first.
  Task<Status> Wait(Context context);
  // Something worked: the next wait is short again.
  void Reset() { failures_ = 0; }
  int failures() const { return failures_; }  // Waits since then.

 private:
  Env& env_;
  int failures_ = 0;
};

}  // namespace duckpond
