// SPDX-License-Identifier: MIT
#include "base/executor.h"

#include <chrono>
#include <deque>
#include <map>
#include <thread>
#include <utility>
#include <vector>

namespace duckpond {
namespace {

constexpr int64_t kPollIntervalUs = 20'000;

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
  std::condition_variable changed;
  std::deque<std::function<void()>> ready;
  std::multimap<MonotonicUs, std::function<void()>> timers;
  bool stopping = false;
  std::vector<std::thread> threads;

  static MonotonicUs Now() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  void MoveDueTimers() {
    const MonotonicUs now = Now();
    while (!timers.empty() && timers.begin()->first <= now) {
      ready.push_back(std::move(timers.begin()->second));
      timers.erase(timers.begin());
    }
  }

  void WaitForWork(std::unique_lock<std::mutex>& lock) {
    if (timers.empty()) {
      changed.wait(lock);
    } else {
      const MonotonicUs wait_us = timers.begin()->first - Now();
      changed.wait_for(lock, std::chrono::microseconds(wait_us > 0 ? wait_us : 0));
    }
  }

  void Run() {
    std::unique_lock lock(mutex);
    for (;;) {
      MoveDueTimers();
      if (!ready.empty()) {
        auto work = std::move(ready.front());
        ready.pop_front();
        lock.unlock();
        work();
        work = nullptr;
        lock.lock();
      } else if (stopping) {
        return;
      } else {
        WaitForWork(lock);
      }
    }
  }
};

ThreadExecutor::ThreadExecutor(int threads) : state_(std::make_unique<State>()) {
  for (int i = 0; i < threads; ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->Run(); });
  }
}

ThreadExecutor::~ThreadExecutor() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  for (auto& thread : state_->threads) thread.join();
}

void ThreadExecutor::Post(std::function<void()> work) {
  {
    std::lock_guard lock(state_->mutex);
    state_->ready.push_back(std::move(work));
  }
  state_->changed.notify_one();
}

void ThreadExecutor::PostAt(MonotonicUs due_us, std::function<void()> work) {
  {
    std::lock_guard lock(state_->mutex);
    state_->timers.emplace(due_us, std::move(work));
  }
  state_->changed.notify_one();
}

MonotonicUs ThreadExecutor::NowUs() const { return State::Now(); }

}  // namespace duckpond
