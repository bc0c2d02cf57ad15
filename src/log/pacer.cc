// SPDX-License-Identifier: MIT
#include "log/pacer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "log/limits.h"

namespace duckpond {
namespace {

static_assert(kPaceNarrowing > 1 && kGatherUsMax < kTurnUs && kRoundUsMin <= kRoundUsMax);
static_assert(kRoundUsMax < 1'000'000'000);  // Yield squares it.

}  // namespace

Pacer::Pacer(Env& env, double swaps_per_second_max)
    : env_(env),
      known_interval_us_(swaps_per_second_max > 0 ? static_cast<int64_t>(1e6 / swaps_per_second_max)
                                                  : 0),
      interval_us_(known_interval_us_),
      margin_us_(known_interval_us_ / 16) {
  CHECK(swaps_per_second_max >= 0);
}

int64_t Pacer::Between(int64_t least_us, int64_t most_us) {
  const auto range = static_cast<uint64_t>(std::max<int64_t>(most_us - least_us, 0));
  return least_us + static_cast<int64_t>(env_.random.Below(range + 1));
}

void Pacer::Want() {
  const MonotonicUs now_us = env_.executor.NowUs();
  if (turn_began_us_ && now_us - *turn_began_us_ >= kTurnUs) turn_began_us_.reset();
  const bool idle = !wants_since_us_ && !turn_began_us_;
  if (idle && round_us_ > 0 && now_us - sent_us_ > round_us_) {
    // Whom it met then, it need not meet now.
    round_us_ = 0;
    ready_us_ = sent_us_ + space_us();
  }
  if (idle) wants_since_us_ = now_us;
}

void Pacer::Idle() { wants_since_us_.reset(); }

void Pacer::Sent() {
  const MonotonicUs now_us = env_.executor.NowUs();
  if (refused_) {
    // Nobody else swapped the log since: this process was too fast by itself.
    refused_ = false;
    if (known_interval_us_ > 0) {
      margin_us_ = std::min(margin_us_ + interval_us_ / 16, interval_us_);
    } else {
      interval_us_ = std::min(interval_us_ + interval_us_ / 4 + put_us_ / 4, kIntervalUsMax);
    }
  }
  sent_us_ = now_us;
}

void Pacer::Won(bool others_wait) {
  const MonotonicUs now_us = env_.executor.NowUs();
  const int64_t took_us = now_us - sent_us_;
  put_us_ = put_us_ == 0 ? took_us : put_us_ + (took_us - put_us_) / 8;
  CHECK(took_us >= 0);
  refused_ = false;
  margin_us_ -= margin_us_ / kPaceNarrowing;
  interval_us_ = std::max(known_interval_us_, interval_us_ - interval_us_ / kPaceNarrowing);
  CHECK(interval_us_ >= known_interval_us_ && margin_us_ >= 0);
  // Callers who were answered just now come back in a moment: together they fill the next put.
  const int64_t gather_us = others_wait ? std::min(put_us_ / 8, kGatherUsMax) : 0;
  ready_us_ = std::max(sent_us_ + space_us(), now_us + gather_us);
  if (round_us_ == 0) return;
  if (!turn_began_us_) BeginTurn(now_us);
  if (round_us_ == 0 || ready_us_ - *turn_began_us_ < kTurnUs) return;
  turn_began_us_.reset();
  wants_since_us_ = now_us;
  if (!rests_) return;
  ready_us_ = std::max(ready_us_, now_us + Between(round_us_ * 3 / 8, round_us_ * 5 / 8));
}

void Pacer::BeginTurn(MonotonicUs now_us) {
  const int64_t waited_us = wants_since_us_ ? now_us - *wants_since_us_ : 0;
  wants_since_us_.reset();
  rests_ = std::exchange(rival_, false);
  round_us_ = rests_ ? round_us_ + (waited_us - round_us_) / 2 : round_us_ / 2;
  round_us_ = std::min(round_us_, kRoundUsMax);
  if (round_us_ < std::max(put_us_, kRoundUsMin) / 2) {
    round_us_ = 0;
    return;
  }
  turn_began_us_ = now_us;
}

void Pacer::Yield(MonotonicUs now_us) {
  turn_began_us_.reset();
  rival_ = true;
  if (!wants_since_us_) wants_since_us_ = now_us;
  if (round_us_ == 0) {
    // The put may have been refused long ago, by a store that was out of reach since.
    const int64_t longest_us = std::max({put_us_, now_us - sent_us_, space_us(), kRoundUsMin});
    round_us_ = 2 * std::min(longest_us, kRoundUsMax / 2);
  }
  CHECK(round_us_ > 0 && round_us_ <= kRoundUsMax);
  // Who has waited for longer than a round comes more and more often.
  const int64_t waited_us = now_us - *wants_since_us_;
  const int64_t most_us = round_us_ * 2 / 5 * round_us_ / (round_us_ + waited_us);
  ready_us_ = now_us + Between(0, most_us);
}

void Pacer::Lost() {
  refused_ = false;
  Yield(env_.executor.NowUs());
}

void Pacer::Refused() {
  const MonotonicUs now_us = env_.executor.NowUs();
  refused_ = true;
  if (round_us_ > 0) return Yield(now_us);
  ready_us_ = now_us + std::max(space_us() / 8, put_us_ / 8);
}

void Pacer::SawRival() {
  rival_ = true;
  if (!refused_) return;
  refused_ = false;
  if (round_us_ == 0) Yield(env_.executor.NowUs());
}

}  // namespace duckpond
