// SPDX-License-Identifier: MIT
#include "log/backoff.h"

#include <algorithm>

#include "log/limits.h"

namespace duckpond {

Task<Status> Backoff::Wait(Context context) {
  const int64_t bound_us = std::min(kBackoffMaxUs, kBackoffFirstUs << std::min(failures_, 20));
  ++failures_;
  const auto wait_us = static_cast<int64_t>(env_.random.Below(static_cast<uint64_t>(bound_us)));
  return Sleep(std::move(context), wait_us + 1);
}

}  // namespace duckpond
