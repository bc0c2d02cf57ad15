// SPDX-License-Identifier: MIT
//
// CHECK: stops the process when our own code is wrong. Never for bytes that came from disk, the
// network or a user: those return kCorrupt or kInvalid. DCHECK is the same in debug builds only.
#pragma once

namespace duckpond {

// Prints "file:line: CHECK failed: expression" to stderr and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* expression);

}  // namespace duckpond

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) ::duckpond::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)

#ifdef NDEBUG
#define DCHECK(condition) \
  do {                    \
  } while (false && (condition))
#else
#define DCHECK(condition) CHECK(condition)
#endif
