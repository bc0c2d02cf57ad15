// SPDX-License-Identifier: MIT
#include "base/clock.h"

#include <chrono>

namespace duckpond {

int64_t SystemClock::NowUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace duckpond
