// SPDX-License-Identifier: MIT
//
// Clock: the time of day. Used for what people read (commit times, AT (TIMESTAMP => …)), never for
// safety: no commit depends on it. For waiting and deadlines see base/executor.h.
//
// Units:  microseconds since the Unix epoch, UTC.
#pragma once

#include <cstdint>

namespace duckpond {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t NowUs() = 0;
};

// The machine's clock. Threads: any.
class SystemClock final : public Clock {
 public:
  int64_t NowUs() override;
};

}  // namespace duckpond
