// SPDX-License-Identifier: MIT
//
// Backoff: how long to wait before trying again: a random time below a bound that doubles, so that
// those who met once do not meet again.
//
// Threads:  one user.
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
  void Reset() { failures_ = 0; }
  int failures() const { return failures_; }

 private:
  Env& env_;
  int failures_ = 0;
};

}  // namespace duckpond
