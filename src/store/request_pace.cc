// SPDX-License-Identifier: MIT
#include "store/request_pace.h"

#include <algorithm>

#include "base/check.h"

namespace duckpond {
namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kGapFirstUs = 10'000;
constexpr int64_t kGapMaxUs = 500'000;
// A gap below this is none.
constexpr int64_t kGapMinUs = 1'000;
constexpr int64_t kRateStep = 5;
constexpr int64_t kHalvingsApartUs = 100'000;
constexpr int64_t kRetryAfterUsMax = 5 * kSecondUs;
static_assert(kGapMinUs <= kGapFirstUs && kGapFirstUs <= kGapMaxUs && kGapMaxUs < kSecondUs);

}  // namespace

int64_t RequestPace::TakeTurn() {
  const MonotonicUs now_us = env_.executor.NowUs();
  std::lock_guard lock(mutex_);
  const MonotonicUs turn_us = std::max({now_us, last_us_ + gap_us_, held_us_});
  CHECK(turn_us >= now_us);
  last_us_ = turn_us;
  if (turn_us == now_us && gap_us_ == 0) return 0;
  const auto jitter_us =
      static_cast<int64_t>(env_.random.Below(static_cast<uint64_t>(std::max(gap_us_, kGapMinUs))));
  return turn_us - now_us + jitter_us;
}

Task<Status> RequestPace::Wait(Context context) {
  // Who asks paces itself.
  const int64_t wait_us = context.once ? 0 : TakeTurn();
  if (wait_us == 0) co_return Status::Ok();
  if (env_.executor.NowUs() >= context.deadline_us - wait_us) {
    co_return Status::Unavailable("the store has asked to be spared for longer than there is time");
  }
  co_return co_await Sleep(std::move(context), wait_us);
}

void RequestPace::Throttled(const std::string& key, int64_t retry_after_us) {
  const MonotonicUs now_us = env_.executor.NowUs();
  std::lock_guard lock(mutex_);
  held_us_ = std::max(held_us_, now_us + std::clamp<int64_t>(retry_after_us, 0, kRetryAfterUsMax));
  const bool alone = throttled_key_.empty() || throttled_key_ == key;
  throttled_key_ = key;
  if (alone || (gap_us_ > 0 && now_us - halved_us_ < kHalvingsApartUs)) return;
  halved_us_ = now_us;
  gap_us_ = std::clamp(gap_us_ * 2, kGapFirstUs, kGapMaxUs);
}

void RequestPace::Answered() {
  std::lock_guard lock(mutex_);
  if (gap_us_ == 0) return;
  CHECK(gap_us_ <= kGapMaxUs);
  gap_us_ = kSecondUs / (kSecondUs / gap_us_ + kRateStep);
  if (gap_us_ < kGapMinUs) gap_us_ = 0;
}

}  // namespace duckpond
