// SPDX-License-Identifier: MIT
//
// Executor: where coroutines run and wait. ThreadExecutor is the one of a process; the simulator
// supplies a single-threaded one with a virtual clock, so that the same tasks run in a fixed order.
//
// Threads:   every method may be called from any thread. Work runs outside any lock.
// Lifetime:  the executor outlives every task that was started on it. ~ThreadExecutor runs what is
//            queued, drops timers that are not due and joins its threads.
// Units:     microseconds of the executor's own monotonic clock.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

namespace duckpond {

// A point on an executor's monotonic clock; says nothing about the time of day.
using MonotonicUs = int64_t;

// BlockingWait: lets a plain thread wait for a task. Set once, by any thread.
class BlockingWait {
 public:
  void Set();
  bool done() const;
  // Waits at most `wait_us`; returns done().
  bool WaitFor(int64_t wait_us);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
};

class Executor {
 public:
  virtual ~Executor() = default;

  // Runs `work` later, on a thread of the executor.
  virtual void Post(std::function<void()> work) = 0;
  // Runs `work` once NowUs() >= `due_us`. It cannot be taken back: what it touches must be shared.
  virtual void PostAt(MonotonicUs due_us, std::function<void()> work) = 0;
  virtual MonotonicUs NowUs() const = 0;

  // Blocks the calling thread until `wait` is set, calling `poll` (may be empty) about every 20 ms.
  // A single-threaded executor runs its own work meanwhile.
  // REQUIRES: the caller is not a thread of this executor.
  virtual void RunUntil(BlockingWait& wait, const std::function<void()>& poll);

  void Resume(std::coroutine_handle<> handle) {
    Post([handle] { handle.resume(); });
  }
};

// A fixed number of threads taking work in the order it came, and one more that watches the clock,
// so that what is due is taken by any thread that is free, however long the others are held up.
class ThreadExecutor final : public Executor {
 public:
  explicit ThreadExecutor(int threads);
  ~ThreadExecutor() override;
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;

  void Post(std::function<void()> work) override;
  void PostAt(MonotonicUs due_us, std::function<void()> work) override;
  MonotonicUs NowUs() const override;
  void RunUntil(BlockingWait& wait, const std::function<void()>& poll) override;

  // For a process that exits, whose statics are about to be destroyed under what runs. No thread
  // takes work any more, and who blocks in RunUntil runs what is queued itself. Returns when the
  // pieces of work that were running have ended, or after a second, if one of them is held up.
  void Halt();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duckpond
