// SPDX-License-Identifier: MIT
#include "base/task.h"

#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace duckpond
