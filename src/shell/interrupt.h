// SPDX-License-Identifier: MIT
//
// InterruptScope: while one lives, Ctrl-C cancels its context instead of ending the program; a
// second Ctrl-C ends it with 130, should the first not help. One that comes between two scopes, or
// too late for the first, cancels the second.
//
// Threads:   one scope at a time, of the main thread. The context is cancelled from an executor's.
#pragma once

#include <memory>

#include "base/context.h"

namespace duckpond {

class InterruptScope {
 public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

  Context context() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// For the prompt: from now on Ctrl-C interrupts a read (EINTR) and is remembered.
void CatchInterrupts();
// Whether Ctrl-C came since the last call.
bool TakeInterrupt();

}  // namespace duckpond
