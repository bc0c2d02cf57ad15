// SPDX-License-Identifier: MIT
#include "log/backoff.h"

#include <algorithm>

#include "base/check.h"
#include "log/limits.h"

namespace duckpond {

constexpr int kDoublingsMax = 20;
static_assert(kBackoffFirstUs > 0 && kBackoffFirstUs <= kBackoffMaxUs);
static_assert(kBackoffFirstUs <= INT64_MAX >> kDoublingsMax);  // The shift below cannot overflow.
Task<Status> Backoff::Wait(Context context) {
  const int64_t bound_us =
      std::min(kBackoffMaxUs, kBackoffFirstUs << std::min(failures_, kDoublingsMax));
  ++failures_;
  CHECK(failures_ > 0 && bound_us > 0);
  const auto wait_us = static_cast<int64_t>(env_.random.Below(static_cast<uint64_t>(bound_us)));
  return Sleep(std::move(context), wait_us + 1);
}

}  // namespace duckpond
