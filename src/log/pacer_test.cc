// SPDX-License-Identifier: MIT
//
// When a process may put the log again; tests/sim/rate_test.cc shows what comes of it.
#include "log/pacer.h"

#include <gtest/gtest.h>

#include "log/limits.h"
#include "tests/sim/sim_env.h"

namespace duckpond {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

class PacerTest : public ::testing::Test {
 protected:
  void Pass(int64_t us) {
    executor_.PostAt(executor_.NowUs() + us, [] {});
    ASSERT_TRUE(executor_.RunUntilIdle(10));
  }
  int64_t Wait(const Pacer& pacer) { return pacer.ready_us() - executor_.NowUs(); }
  void Put(Pacer& pacer, int64_t took_us) {
    pacer.Want();
    Pass(std::max<int64_t>(Wait(pacer), 0));
    pacer.Sent();
    Pass(took_us);
  }

  SimExecutor executor_{1};
  SimEnv sim_{executor_, 2, 0};
};

TEST_F(PacerTest, TheFirstPutGoesAtOnceAndTheNextInItsTime) {
  Pacer pacer(sim_.env, 1);
  EXPECT_LE(Wait(pacer), 0);
  Put(pacer, 600'000);
  pacer.Won(false);
  EXPECT_GE(Wait(pacer), 400'000);  // A second after it was sent.
  EXPECT_LE(Wait(pacer), 500'000);
  EXPECT_FALSE(pacer.read_first());
  Pass(5 * kSecondUs);
  EXPECT_LE(Wait(pacer), 0);
}

TEST_F(PacerTest, WithoutALimitOnlyThoseWhoComeTogetherAreWaitedFor) {
  Pacer pacer(sim_.env, 0);
  Put(pacer, 16'000);
  pacer.Won(false);
  EXPECT_LE(Wait(pacer), 0);
  Put(pacer, 16'000);
  pacer.Won(true);
  EXPECT_GT(Wait(pacer), 0);
  EXPECT_LE(Wait(pacer), kGatherUsMax);
}

TEST_F(PacerTest, WhatIsRefusedThoughNobodyElseWritesComesLater) {
  Pacer pacer(sim_.env, 0);
  Put(pacer, 20'000);
  pacer.Won(false);
  EXPECT_LE(Wait(pacer), 0);
  for (int i = 0; i < 5; ++i) {
    Put(pacer, 20'000);
    pacer.Refused();
  }
  Put(pacer, 20'000);
  pacer.Won(false);
  const int64_t learned_us = Wait(pacer);
  EXPECT_GT(learned_us, 10'000);
  EXPECT_FALSE(pacer.read_first());
  for (int i = 0; i < 40; ++i) {
    Put(pacer, 20'000);
    pacer.Won(false);
  }
  EXPECT_LT(Wait(pacer), learned_us);  // And is tried again.
}

// A store that was out of reach for long: how long that was says nothing about rivals.
TEST_F(PacerTest, ARivalSeenLongAfterARefusalDelaysByARoundAtMost) {
  for (const int64_t minutes : {5, 30, 60, 600}) {
    Pacer pacer(sim_.env, 0);
    Put(pacer, 20'000);
    pacer.Won(false);
    Put(pacer, 20'000);
    pacer.Refused();
    Pass(minutes * 60 * kSecondUs);
    pacer.SawRival();
    EXPECT_GE(Wait(pacer), 0);
    EXPECT_LE(Wait(pacer), kRoundUsMax) << minutes;
  }
}

TEST_F(PacerTest, WhoHasLostReadsFirstAndRestsAfterItsTurn) {
  Pacer pacer(sim_.env, 0);
  Put(pacer, 20'000);
  pacer.Lost();
  pacer.SawRival();
  EXPECT_TRUE(pacer.read_first());
  // It waits for a turn for long, as if many were before it.
  Pass(3 * kSecondUs);
  Put(pacer, 20'000);
  pacer.Won(true);
  EXPECT_FALSE(pacer.read_first());  // Its turn: nobody else is as fast.
  EXPECT_LE(Wait(pacer), kGatherUsMax);
  pacer.Idle();  // As between two commits of one caller.
  int puts = 1;
  for (; puts < 100 && !pacer.read_first(); ++puts) {
    Put(pacer, 20'000);
    pacer.Won(true);
  }
  EXPECT_GE(puts, 5);
  EXPECT_LE(puts, 9);  // 150 ms.
  EXPECT_GE(Wait(pacer), kSecondUs / 3);
  EXPECT_LE(Wait(pacer), 2 * kSecondUs);
}

TEST_F(PacerTest, WhoFindsNobodyElseAnyMoreIsFree) {
  Pacer pacer(sim_.env, 1);
  Put(pacer, 600'000);
  pacer.Lost();
  pacer.SawRival();
  Pass(30 * kSecondUs);
  Put(pacer, 600'000);
  pacer.Won(false);
  EXPECT_TRUE(pacer.read_first());
  EXPECT_GE(Wait(pacer), 5 * kSecondUs);  // Once, since there was somebody.
  for (int i = 0; i < 8; ++i) {
    Put(pacer, 600'000);
    pacer.Won(false);
    EXPECT_LE(Wait(pacer), 500'000);
  }
  EXPECT_FALSE(pacer.read_first());
}

TEST_F(PacerTest, AfterARoundOfIdlenessOthersAreForgotten) {
  Pacer pacer(sim_.env, 0);
  Put(pacer, 20'000);
  pacer.Lost();
  pacer.SawRival();
  Pass(3 * kSecondUs);
  do {
    Put(pacer, 20'000);
    pacer.Won(true);
  } while (!pacer.read_first());
  pacer.Idle();
  Pass(10 * kSecondUs);
  pacer.Want();
  EXPECT_FALSE(pacer.read_first());
  EXPECT_LE(Wait(pacer), 0);
}

TEST_F(PacerTest, AStoreThatTakesNoTimeIsSharedToo) {
  Pacer pacer(sim_.env, 0);
  pacer.Want();
  pacer.Sent();
  pacer.Lost();
  EXPECT_LE(Wait(pacer), kRoundUsMin);
  pacer.Sent();
  pacer.Won(false);
  EXPECT_LE(Wait(pacer), kRoundUsMin);
}

TEST_F(PacerTest, WhoHasWaitedLongComesMoreOften) {
  Pacer pacer(sim_.env, 0);
  Put(pacer, 20'000);
  pacer.Lost();
  int64_t early_us = 0;
  for (int i = 0; i < 50; ++i) {
    pacer.Lost();
    early_us += Wait(pacer);
  }
  Pass(kSecondUs);
  int64_t late_us = 0;
  for (int i = 0; i < 50; ++i) {
    pacer.Lost();
    late_us += Wait(pacer);
  }
  EXPECT_LT(2 * late_us, early_us);
}

}  // namespace
}  // namespace duckpond
