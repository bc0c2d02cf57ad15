// SPDX-License-Identifier: MIT
//
// Env: the world as the modules below `sql` see it: where work runs, what time it is, where chance
// comes from. A process has one for its life; the simulator brings its own.
//
// Lifetime:  borrowed everywhere; it outlives all that was built with it.
#pragma once

#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "base/uuid.h"

namespace duckpond {

struct Env {
  Executor& executor;
  Clock& clock;
  Random& random;
  UuidSource& uuids;

  // The process's own: threads, the machine's clock, the kernel's randomness. Made on first use,
  // never destroyed, since tasks may still run while the process exits.
  static Env& Process();
};

}  // namespace duckpond
