// SPDX-License-Identifier: MIT
//
// SimExecutor and SimEnv: one thread, a clock that moves only when nothing else can happen, and a
// seed that decides which of the things that could happen next does. The same seed gives the same
// run, so a failure is replayed by its seed.
//
// Threads:  one; every call comes from it.
// Units:    microseconds of virtual time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/env.h"

namespace duckpond {

class SimExecutor final : public Executor {
 public:
  explicit SimExecutor(uint64_t seed) : random_(seed) {}

  void Post(std::function<void()> work) override { ready_.push_back(std::move(work)); }
  void PostAt(MonotonicUs due_us, std::function<void()> work) override {
    timers_.emplace(std::make_pair(due_us, next_timer_++), std::move(work));
  }
  MonotonicUs NowUs() const override { return now_us_; }
  void RunUntil(BlockingWait& wait, const std::function<void()>& poll) override {
    while (!wait.done()) {
      CHECK(Step());  // Else the task waits for what can never happen.
      if (poll) poll();
    }
  }

  // Runs until nothing is left to do, or `steps_max` steps; returns whether nothing is left.
  bool RunUntilIdle(uint64_t steps_max) {
    for (uint64_t i = 0; i < steps_max; ++i) {
      if (!Step()) return true;
    }
    return false;
  }

  uint64_t steps() const { return steps_; }

 private:
  // Runs one piece of work; returns false if there is none.
  bool Step() {
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

  SeededRandom random_;
  MonotonicUs now_us_ = 0;
  uint64_t next_timer_ = 0;
  uint64_t steps_ = 0;
  std::vector<std::function<void()>> ready_;
  std::map<std::pair<MonotonicUs, uint64_t>, std::function<void()>> timers_;
};

// A process's clock: virtual time, wrong by an amount of its own.
class SimClock final : public Clock {
 public:
  SimClock(const SimExecutor& executor, int64_t skew_us) : executor_(executor), skew_us_(skew_us) {}
  int64_t NowUs() override { return kBirthUs + executor_.NowUs() + skew_us_; }

 private:
  // A day in 2026, so that ids and times look like those of real ponds.
  static constexpr int64_t kBirthUs = 1'790'000'000'000'000;
  const SimExecutor& executor_;
  const int64_t skew_us_;
};

// The world as one simulated process sees it.
struct SimEnv {
  SimEnv(SimExecutor& executor, uint64_t seed, int64_t skew_us)
      : clock(executor, skew_us),
        random(seed),
        uuids(clock, random),
        env{executor, clock, random, uuids} {}

  SimClock clock;
  SeededRandom random;
  UuidSource uuids;
  Env env;
};

}  // namespace duckpond
