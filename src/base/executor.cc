// SPDX-License-Identifier: MIT
#include "base/executor.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <thread>
#include <utility>
#include <vector>

namespace duckpond {
namespace {

constexpr int64_t kPollIntervalUs = 20'000;
// Longer than a piece of work takes, unless it waits for the very thread that exits.
constexpr auto kHaltWaitMax = std::chrono::seconds(1);
// So that adding it to the clock cannot overflow, whatever is due in the far future.
constexpr int64_t kTimerWaitUsMax = int64_t{3'600} * 1'000'000;

}  // namespace

void BlockingWait::Set() {
  // Notified under the lock: the waiter may destroy this object as soon as it sees `done_`.
  std::lock_guard lock(mutex_);
  done_ = true;
  changed_.notify_all();
}

bool BlockingWait::done() const {
  std::lock_guard lock(mutex_);
  return done_;
}

bool BlockingWait::WaitFor(int64_t wait_us) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::microseconds(wait_us), [this] { return done_; });
  return done_;
}

void Executor::RunUntil(BlockingWait& wait, const std::function<void()>& poll) {
  while (!wait.WaitFor(kPollIntervalUs)) {
    if (poll) poll();
  }
}

struct ThreadExecutor::State {
  std::mutex mutex;
  std::condition_variable work_came;
  std::condition_variable timer_came;
  std::condition_variable work_ended;
  std::deque<std::function<void()>> ready;
  std::multimap<MonotonicUs, std::function<void()>> timers;
  bool timers_stopping = false;
  bool stopping = false;
  bool halted = false;
  int running = 0;
  std::vector<std::thread> threads;
  // Watches the clock and runs nothing: a worker that did so could be held up by its work, while
  // what is due, perhaps the very thing that its work waits for, would be seen by nobody.
  std::thread timer_thread;

  static MonotonicUs Now() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  void Run() {
    std::unique_lock lock(mutex);
    for (;;) {
      work_came.wait(lock, [this] { return stopping || (!halted && !ready.empty()); });
      if (ready.empty()) return;
      RunFirst(lock);
    }
  }

  // REQUIRES: `lock` is held, and something is ready.
  void RunFirst(std::unique_lock<std::mutex>& lock) {
    auto work = std::move(ready.front());
    ready.pop_front();
    ++running;
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
    if (--running == 0) work_ended.notify_all();
  }

  void MoveDueTimers() {
    const MonotonicUs now = Now();
    while (!timers.empty() && timers.begin()->first <= now) {
      ready.push_back(std::move(timers.begin()->second));
      timers.erase(timers.begin());
      work_came.notify_one();
    }
  }

  void RunTimers() {
    std::unique_lock lock(mutex);
    for (;;) {
      MoveDueTimers();
      if (timers_stopping) return;
      if (timers.empty()) {
        timer_came.wait(lock);
      } else {
        const int64_t wait_us = std::min(timers.begin()->first - Now(), kTimerWaitUsMax);
        timer_came.wait_for(lock, std::chrono::microseconds(wait_us));
      }
    }
  }
};

ThreadExecutor::ThreadExecutor(int threads) : state_(std::make_unique<State>()) {
  for (int i = 0; i < threads; ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->Run(); });
  }
  state_->timer_thread = std::thread([state = state_.get()] { state->RunTimers(); });
}

ThreadExecutor::~ThreadExecutor() {
  {
    std::lock_guard lock(state_->mutex);
    state_->timers_stopping = true;
  }
  state_->timer_came.notify_one();
  state_->timer_thread.join();
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->work_came.notify_all();
  for (auto& thread : state_->threads) thread.join();
}

void ThreadExecutor::Post(std::function<void()> work) {
  {
    std::lock_guard lock(state_->mutex);
    state_->ready.push_back(std::move(work));
  }
  state_->work_came.notify_one();
}

void ThreadExecutor::PostAt(MonotonicUs due_us, std::function<void()> work) {
  bool first = false;
  {
    std::lock_guard lock(state_->mutex);
    const auto timer = state_->timers.emplace(due_us, std::move(work));
    first = timer == state_->timers.begin();
  }
  if (first) state_->timer_came.notify_one();
}

void ThreadExecutor::RunUntil(BlockingWait& wait, const std::function<void()>& poll) {
  const auto poll_or_work = [&] {
    if (poll) poll();
    std::unique_lock lock(state_->mutex);
    while (state_->halted && !state_->ready.empty() && !wait.done()) state_->RunFirst(lock);
  };
  Executor::RunUntil(wait, poll_or_work);
}

void ThreadExecutor::Halt() {
  std::unique_lock lock(state_->mutex);
  state_->halted = true;
  state_->work_ended.wait_for(lock, kHaltWaitMax, [this] { return state_->running == 0; });
}

MonotonicUs ThreadExecutor::NowUs() const { return State::Now(); }

}  // namespace duckpond
