// SPDX-License-Identifier: MIT
#include "base/task.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "base/context.h"

namespace duckpond {
namespace {

Task<int> Give(int value) { co_return value; }

Task<int> Sum(int depth) {
  if (depth == 0) co_return co_await Give(0);
  co_return depth + co_await Sum(depth - 1);
}

Task<int> After(Context context, int64_t wait_us, int value) {
  const Status slept = co_await Sleep(context, wait_us);
  co_return slept.ok() ? value : -1;
}

Task<int> Count(std::vector<int> values) {
  std::vector<Task<int>> tasks;
  for (const int value : values) tasks.push_back(After(Context{}, 1000 * (4 - value), value));
  int total = 0;
  for (const int value : co_await WhenAll(std::move(tasks))) total = total * 10 + value;
  co_return total;
}

TEST(TaskTest, ValueOfANestedTaskReachesTheBlockedThread) {
  ThreadExecutor executor(4);
  EXPECT_EQ(Block(executor, Sum(1000)), 500500);
}

TEST(TaskTest, WhenAllKeepsTheOrderOfItsTasksWhateverEndsFirst) {
  ThreadExecutor executor(2);
  EXPECT_EQ(Block(executor, Count({1, 2, 3})), 123);
}

TEST(TaskTest, ManyThreadsMayBlockOnOneExecutor) {
  ThreadExecutor executor(4);
  std::atomic<int> total{0};
  std::vector<Completion<int>> pending;
  for (int i = 0; i < 200; ++i) pending.push_back(Start(executor, Sum(20)));
  for (auto& done : pending) {
    struct Await {
      static Task<int> Run(Completion<int> done) { co_return co_await done; }
    };
    total += Block(executor, Await::Run(done));
  }
  EXPECT_EQ(total.load(), 200 * 210);
}

TEST(TaskTest, SleepEndsEarlyWhenCancelled) {
  ThreadExecutor executor(2);
  CancelSource source;
  Context context;
  context.cancel = source.token();
  auto pending = Start(executor, After(context, 60'000'000, 7));
  source.Cancel();
  struct Await {
    static Task<int> Run(Completion<int> done) { co_return co_await done; }
  };
  EXPECT_EQ(Block(executor, Await::Run(pending)), -1);
}

TEST(TaskTest, SleepIsCutAtTheDeadline) {
  ThreadExecutor executor(1);
  Context context;
  context.deadline_us = executor.NowUs() + 2000;
  EXPECT_EQ(Block(executor, After(context, 60'000'000, 7)), -1);
}

// Takes its time to die, and says when it is done.
struct DiesSlowly {
  explicit DiesSlowly(std::atomic<bool>* g) : gone(g) {}
  DiesSlowly(const DiesSlowly&) = delete;
  DiesSlowly& operator=(const DiesSlowly&) = delete;
  ~DiesSlowly() {
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    *gone = true;
  }
  std::atomic<bool>* gone;
};

Task<int> Hold(std::unique_ptr<DiesSlowly> held) { co_return held != nullptr ? 7 : 0; }

TEST(TaskTest, WhatATaskHeldIsGoneWhenBlockReturns) {
  ThreadExecutor executor(2);
  std::atomic<bool> gone{false};
  EXPECT_EQ(Block(executor, Hold(std::make_unique<DiesSlowly>(&gone))), 7);
  EXPECT_TRUE(gone);
}

Task<bool> GoneAfter(Completion<int> done, std::atomic<bool>* gone) {
  const int value = co_await done;
  co_return value == 7 && *gone;
}

TEST(TaskTest, WhatATaskHeldIsGoneWhenItsCompletionIsGiven) {
  ThreadExecutor executor(2);
  std::atomic<bool> gone{false};
  const auto done = Start(executor, Hold(std::make_unique<DiesSlowly>(&gone)));
  EXPECT_TRUE(Block(executor, GoneAfter(done, &gone)));
}

}  // namespace
}  // namespace duckpond
