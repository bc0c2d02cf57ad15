// SPDX-License-Identifier: MIT
//
// LogSim: several processes write to and read from one pond through a store that fails in every way
// that stores do, crash between any two requests and come back. Afterwards the history is read on a
// store that works and held against what each caller was told.
//
// Invariants checked:  1. What was acknowledged is in the history once, at the version and time
// that
//                      the receipt said.  2. What failed definitely is not there.  3. Nothing is
//                      there twice.  4. Versions are dense, times rise.  5. Every state that
//                      anybody was shown, and every version replayed, equals the model's.  6. A
//                      reader never goes back, and sees what was acknowledged before it asked, or
//                      as long before as it allowed (through caches that processes may share).
#pragma once

#include <cstdint>
#include <string>

namespace duckpond {

struct LogSimStats {
  uint64_t store_calls = 0;
  uint64_t committed = 0;
  uint64_t refused = 0;  // Definite failures.
  uint64_t unknown = 0;  // Outcomes that nobody was told.
  uint64_t landed_unknown = 0;
  uint64_t repeated = 0;  // Idempotency keys, or transactions, that were known.
  uint64_t busy = 0;      // Puts that met another one: a conflict, and nothing happened.
  uint64_t crashes = 0;
  uint64_t reads = 0;
  uint64_t versions = 0;
  uint64_t empty_commits = 0;
  uint64_t segments = 0;
  uint64_t parts = 0;
};

struct LogSimResult {
  std::string failure;  // Empty if all invariants held.
  uint64_t trace_hash = 0;
  LogSimStats stats;
};

// The run of `seed`; the same result every time.
LogSimResult RunLogSim(uint64_t seed);

}  // namespace duckpond
