// SPDX-License-Identifier: MIT
//
// LendingThreads: runs pieces of work, a bounded number of them at once. One that does nothing but
// wait lends its place to another: queries that wait for the log, for instance. At a store
// that swaps a log once a second, sixteen queries that may run would else be sixteen commits a
// second.
//
// Threads:   all methods may be called concurrently.
// Lifetime:  the destructor waits for all work.
// Memory:    a thread for each piece that runs or has lent its place; those that are idle end, but
//            for as many as may run.
// Errors:    where no more threads can be started, work waits for those that there are.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace duckpond {

class LendingThreads {
 public:
  struct Limits {
    size_t running_max = 1;
    size_t lent_max = 0;  // Places that are lent at the same time; beyond, who waits keeps its own.
  };
  explicit LendingThreads(Limits limits) : limits_(limits) {}
  LendingThreads(const LendingThreads&) = delete;
  LendingThreads& operator=(const LendingThreads&) = delete;
  ~LendingThreads();

  // Work begins in the order in which it came.
  void Post(std::function<void()> work);

  // From within work: lends its place, for the rest of it unless it takes one back. TakeBack waits
  // until there is one, before all work that has not begun. Neither does anything a second time.
  void Lend();
  void TakeBack();

 private:
  using Threads = std::list<std::thread>;
  void Loop(Threads::iterator self);
  void Run(std::unique_lock<std::mutex>& lock);
  void AddThreadIfNeeded();  // REQUIRES: mutex_ is held.
  bool may_begin() const {
    return !ready_.empty() && returning_ == 0 && running_ < limits_.running_max;
  }

  const Limits limits_;
  std::mutex mutex_;
  std::condition_variable work_came_;
  std::condition_variable place_came_;  // For those who take back, and for the destructor.
  // All guarded by mutex_.
  std::deque<std::function<void()>> ready_;
  Threads threads_;
  Threads ended_;  // To be joined by the next one that ends.
  size_t idle_ = 0;
  size_t running_ = 0;
  size_t lent_ = 0;
  size_t returning_ = 0;
  bool stopping_ = false;
};

}  // namespace duckpond
