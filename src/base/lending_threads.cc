// SPDX-License-Identifier: MIT
#include "base/lending_threads.h"

#include <system_error>
#include <utility>

#include "base/check.h"

namespace duckpond {
namespace {

// Whether the work of this thread has lent its place.
thread_local bool t_lent = false;

}  // namespace

LendingThreads::~LendingThreads() {
  Threads ended;
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    work_came_.notify_all();
    place_came_.wait(lock, [this] { return threads_.empty(); });
    ended.swap(ended_);
  }
  for (std::thread& thread : ended) thread.join();
}

void LendingThreads::Post(std::function<void()> work) {
  std::lock_guard lock(mutex_);
  ready_.push_back(std::move(work));
  AddThreadIfNeeded();
  work_came_.notify_one();
}

void LendingThreads::AddThreadIfNeeded() {
  if (!may_begin() || idle_ > 0) return;
  const auto self = threads_.emplace(threads_.end());
  try {
    *self = std::thread([this, self] { Loop(self); });
  } catch (const std::system_error&) {
    // A container may have fewer threads than our limits. Those that run take the work in turn.
    threads_.erase(self);
    CHECK(!threads_.empty());
  }
}

void LendingThreads::Loop(Threads::iterator self) {
  Threads ended;
  {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      work_came_.wait(lock, [this] {
        return may_begin() || (stopping_ && ready_.empty()) || idle_ > limits_.running_max;
      });
      --idle_;
      if (!may_begin()) break;
      Run(lock);
    }
    ended.swap(ended_);
    ended_.splice(ended_.end(), threads_, self);
    // Under the lock: who waits for the last thread may destroy this right after.
    place_came_.notify_all();
  }
  for (std::thread& thread : ended) thread.join();
}

void LendingThreads::Run(std::unique_lock<std::mutex>& lock) {
  std::function<void()> work = std::move(ready_.front());
  ready_.pop_front();
  if (stopping_ && ready_.empty()) work_came_.notify_all();  // Who is idle may end.
  ++running_;
  AddThreadIfNeeded();
  lock.unlock();
  work();
  work = nullptr;
  lock.lock();
  --(t_lent ? lent_ : running_);
  t_lent = false;
  place_came_.notify_all();
}

void LendingThreads::Lend() {
  std::lock_guard lock(mutex_);
  if (t_lent || lent_ >= limits_.lent_max) return;
  t_lent = true;
  ++lent_;
  --running_;
  place_came_.notify_all();
  AddThreadIfNeeded();
  work_came_.notify_one();
}

void LendingThreads::TakeBack() {
  if (!t_lent) return;
  std::unique_lock lock(mutex_);
  ++returning_;
  place_came_.wait(lock, [this] { return running_ < limits_.running_max; });
  --returning_;
  ++running_;
  --lent_;
  t_lent = false;
  // What could not begin while somebody returned may now.
  AddThreadIfNeeded();
  work_came_.notify_one();
}

}  // namespace duckpond
