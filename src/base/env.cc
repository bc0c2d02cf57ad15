// SPDX-License-Identifier: MIT
#include "base/env.h"

#include "base/hash.h"

namespace duckpond {
namespace {

// Threads also do the blocking work of local directories (fsync), so there are more than cores.
constexpr int kExecutorThreads = 8;

}  // namespace

Env& Env::Process() {
  static const bool once = (HashUntilTheEnd(), true);
  (void)once;
  static auto* executor = new ThreadExecutor(kExecutorThreads);
  static auto* clock = new SystemClock;
  static auto* random = new SystemRandom;
  static auto* uuids = new UuidSource(*clock, *random);
  static auto* env = new Env{*executor, *clock, *random, *uuids};
  return *env;
}

}  // namespace duckpond
