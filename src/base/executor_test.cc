// SPDX-License-Identifier: MIT
#include "base/executor.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace duckpond {
namespace {

TEST(ThreadExecutorTest, ATimerIsServedWhileOtherThreadsAreHeldUp) {
  constexpr int kRounds = 20;  // Which thread is woken for what is not ours to say.
  constexpr int64_t kPatienceUs = 10'000'000;
  for (int round = 0; round < kRounds; ++round) {
    ThreadExecutor executor(2);
    BlockingWait timer;
    BlockingWait worked;
    bool served = false;
    executor.PostAt(executor.NowUs() + 1000, [&timer] { timer.Set(); });
    executor.Post([&] {
      served = timer.WaitFor(kPatienceUs);
      worked.Set();
    });
    ASSERT_TRUE(worked.WaitFor(2 * kPatienceUs));
    ASSERT_TRUE(served);
  }
}

TEST(ThreadExecutorTest, TimersThatAreDueTogetherDoNotWaitForEachOther) {
  constexpr int64_t kPatienceUs = 10'000'000;
  ThreadExecutor executor(2);
  BlockingWait second;
  BlockingWait first;
  bool served = false;
  const MonotonicUs due_us = executor.NowUs() + 1000;
  executor.PostAt(due_us, [&] {
    served = second.WaitFor(kPatienceUs);
    first.Set();
  });
  executor.PostAt(due_us, [&second] { second.Set(); });
  ASSERT_TRUE(first.WaitFor(2 * kPatienceUs));
  EXPECT_TRUE(served);
}

TEST(ThreadExecutorTest, ATimerOfTheFarFutureDisturbsNobody) {
  ThreadExecutor executor(1);
  BlockingWait soon;
  executor.PostAt(std::numeric_limits<MonotonicUs>::max(), [] { FAIL(); });
  executor.PostAt(executor.NowUs() + 1000, [&soon] { soon.Set(); });
  EXPECT_TRUE(soon.WaitFor(10'000'000));
}

TEST(ThreadExecutorTest, AHaltedOneWaitsForWhatRunsAndBeginsNothing) {
  BlockingWait began;
  BlockingWait late;
  bool ended = false;
  ThreadExecutor executor(2);
  executor.Post([&] {
    began.Set();
    late.WaitFor(20'000);
    ended = true;
  });
  ASSERT_TRUE(began.WaitFor(10'000'000));
  executor.Halt();
  EXPECT_TRUE(ended);

  executor.Post([&late] { late.Set(); });
  executor.PostAt(executor.NowUs() + 1000, [] {});
  EXPECT_FALSE(late.WaitFor(50'000));
}

TEST(ThreadExecutorTest, WhoBlocksOnAHaltedOneDoesTheWork) {
  BlockingWait wait;
  std::thread::id worker;
  ThreadExecutor executor(2);
  executor.Halt();
  executor.PostAt(executor.NowUs() + 1000, [&] {
    executor.Post([&] {
      worker = std::this_thread::get_id();
      wait.Set();
    });
  });
  executor.RunUntil(wait, {});
  EXPECT_EQ(worker, std::this_thread::get_id());
}

TEST(ThreadExecutorTest, WorkThatNeverEndsHoldsUpNoExit) {
  BlockingWait halted;
  ThreadExecutor executor(1);
  executor.Post([&halted] { halted.WaitFor(60'000'000); });
  executor.Halt();
  halted.Set();
}

}  // namespace
}  // namespace duckpond
