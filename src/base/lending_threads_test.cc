// SPDX-License-Identifier: MIT
#include "base/lending_threads.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <thread>

namespace duckpond {
namespace {

TEST(LendingThreads, SoManyRunAtOnceAndAllComeToTheirEnd) {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::atomic<int> done = 0;
  {
    LendingThreads threads({3, 100});
    for (int i = 0; i < 200; ++i) {
      threads.Post([&] {
        const int now = ++running;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        std::this_thread::yield();
        --running;
        ++done;
      });
    }
  }
  EXPECT_EQ(done, 200);
  EXPECT_LE(most, 3);
}

TEST(LendingThreads, WhoWaitsLendsItsPlace) {
  constexpr int kWaiting = 50;
  std::latch all_wait(kWaiting);
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::atomic<int> done = 0;
  {
    LendingThreads threads({2, kWaiting});
    for (int i = 0; i < kWaiting; ++i) {
      threads.Post([&] {
        threads.Lend();
        all_wait.arrive_and_wait();  // All of them have begun, two at a time.
        threads.TakeBack();
        const int now = ++running;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        std::this_thread::yield();
        --running;
        ++done;
      });
    }
  }
  EXPECT_EQ(done, kWaiting);
  EXPECT_LE(most, 2);
}

TEST(LendingThreads, NoMorePlacesAreLentThanTheLimit) {
  std::atomic<int> begun = 0;
  std::latch two(2);
  std::latch go(1);
  {
    LendingThreads threads({1, 1});
    for (int i = 0; i < 5; ++i) {
      threads.Post([&, i] {
        ++begun;
        threads.Lend();
        if (i < 2) two.count_down();
        go.wait();
        threads.TakeBack();
      });
    }
    two.wait();  // The first has lent its place, the second keeps it.
    EXPECT_EQ(begun, 2);
    go.count_down();
  }
  EXPECT_EQ(begun, 5);
}

TEST(LendingThreads, WhoLentItsPlaceMayEndWithoutOne) {
  std::latch lent(1);
  std::latch ended(1);
  LendingThreads threads({1, 1});
  threads.Post([&] {
    threads.Lend();
    threads.Lend();  // Nothing more.
    lent.count_down();
  });
  lent.wait();
  threads.Post([&] {
    // Were places lost or gained, another would not begin, or would beside this one.
    threads.Post([&] { ended.count_down(); });
    EXPECT_FALSE(ended.try_wait());
  });
  ended.wait();
}

// In a process of its own: limits stay.
[[noreturn]] void RunWithOneThread() {
  constexpr uid_t kNobody = 65534;
  std::latch begun(1);
  std::latch go(1);
  std::atomic<int> done = 0;
  {
    LendingThreads threads({4, 100});
    threads.Post([&] {
      begun.count_down();
      go.wait();
      ++done;
    });
    begun.wait();
    // The superuser has no limit.
    const rlimit none{0, 0};
    if ((geteuid() == 0 && setresuid(kNobody, kNobody, kNobody) != 0) ||
        setrlimit(RLIMIT_NPROC, &none) != 0) {
      _exit(2);
    }
    for (int i = 0; i < 20; ++i) threads.Post([&] { ++done; });
    go.count_down();
  }
  _exit(done == 21 ? 0 : 1);
}

TEST(LendingThreadsDeathTest, WithoutMoreThreadsWorkWaitsForThoseThatThereAre) {
  EXPECT_EXIT(RunWithOneThread(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace duckpond
