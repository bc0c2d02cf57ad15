// SPDX-License-Identifier: MIT
//
// SimExecutor and SimEnv: one thread, a clock that moves only when nothing else can happen, and a
// seed that decides which of the things that could happen next does. The same seed gives the same
// run, so a failure is replayed by its seed.
//
// Threads:  one; every call comes from it.
// Units:    microseconds of virtual time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

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
  void RunUntil(BlockingWait& wait, const std::function<void()>& poll) override;

  // Runs until nothing is left to do, or `steps_max` steps; returns whether nothing is left.
  bool RunUntilIdle(uint64_t steps_max);

  uint64_t steps() const { return steps_; }

 private:
  // Runs one piece of work; returns false if there is none.
  bool Step();

  SeededRandom random_;
  MonotonicUs now_us_ = 0;
  uint64_t next_timer_ = 0;
  uint64_t steps_ = 0;
  std::vector<std::function<void()>> ready_;
  std::map<std::pair<MonotonicUs, uint64_t>, std::function<void()>> timers_;
};

// A process's clock: virtual time, wrong by an amount of its own, which may change.
class SimClock final : public Clock {
 public:
  SimClock(const SimExecutor& executor, int64_t skew_us) : executor_(executor), skew_us_(skew_us) {}
  int64_t NowUs() override;

 private:
  const SimExecutor& executor_;
  int64_t skew_us_;
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
