// SPDX-License-Identifier: MIT
#include "tests/sim/sim_env.h"

#include "base/check.h"

namespace duckpond {
namespace {

// A day in 2026, so that ids and times look like those of real ponds.
constexpr int64_t kBirthUs = 1'790'000'000'000'000;

}  // namespace

bool SimExecutor::Step() {
  if (ready_.empty()) {
    if (timers_.empty()) return false;
    now_us_ = std::max(now_us_, timers_.begin()->first.first);
    while (!timers_.empty() && timers_.begin()->first.first <= now_us_) {
      ready_.push_back(std::move(timers_.begin()->second));
      timers_.erase(timers_.begin());
    }
  }
  std::swap(ready_[random_.Below(ready_.size())], ready_.back());
  const std::function<void()> work = std::move(ready_.back());
  ready_.pop_back();
  ++steps_;
  work();
  return true;
}

void SimExecutor::RunUntil(BlockingWait& wait, const std::function<void()>& poll) {
  while (!wait.done()) {
    CHECK(Step());  // Else the task waits for what can never happen.
    if (poll) poll();
  }
}

bool SimExecutor::RunUntilIdle(uint64_t steps_max) {
  for (uint64_t i = 0; i < steps_max; ++i) {
    if (!Step()) return true;
  }
  return false;
}

int64_t SimClock::NowUs() { return kBirthUs + executor_.NowUs() + skew_us_; }

}  // namespace duckpond
