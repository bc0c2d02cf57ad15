// SPDX-License-Identifier: MIT
//
// VirtualExecutor: one thread, and a clock that jumps to the next timer when there is nothing to
// do, so that a test of waits takes no time and always goes the same way.
//
// Threads:  all work runs on the thread that blocks; nothing else may post.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/executor.h"

namespace duckpond {

class VirtualExecutor final : public Executor {
 public:
  void Post(std::function<void()> work) override { ready_.push_back(std::move(work)); }
  void PostAt(MonotonicUs due_us, std::function<void()> work) override {
    timers_.emplace(due_us, std::move(work));
  }
  MonotonicUs NowUs() const override { return now_us_; }

  void RunUntil(BlockingWait& wait, const std::function<void()>& poll) override {
    while (!wait.done()) {
      if (poll) poll();
      Step();
    }
  }

  // Runs all that is queued or due at any time.
  void RunAll() {
    while (!ready_.empty() || !timers_.empty()) Step();
  }

 private:
  void Step() {
    if (ready_.empty()) {
      CHECK(!timers_.empty());  // Else what is waited for can never happen.
      now_us_ = std::max(now_us_, timers_.begin()->first);
      ready_.push_back(std::move(timers_.begin()->second));
      timers_.erase(timers_.begin());
    }
    const std::function<void()> work = std::move(ready_.front());
    ready_.pop_front();
    work();
  }

  std::deque<std::function<void()>> ready_;
  std::multimap<MonotonicUs, std::function<void()>> timers_;
  MonotonicUs now_us_ = 1'000'000;
};

}  // namespace duckpond
