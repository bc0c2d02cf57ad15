// SPDX-License-Identifier: MIT
#include "store/request_pace.h"

#include <gtest/gtest.h>

#include "tests/support/virtual_executor.h"

namespace duckpond {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

class RequestPaceTest : public testing::Test {
 protected:
  // How long `count` requests that come together take to start, all of them.
  int64_t StartAll(int count) {
    const MonotonicUs start_us = executor_.NowUs();
    std::vector<Task<Status>> waits;
    for (int i = 0; i < count; ++i) waits.push_back(pace_.Wait({}));
    for (const Status& status : Block(executor_, WhenAll(std::move(waits)))) {
      EXPECT_TRUE(status.ok()) << status.ToString();
    }
    return executor_.NowUs() - start_us;
  }
  // Refusals of several keys, far enough apart to count one by one.
  void Throttle(int times) {
    pace_.Throttled("first", 0);
    for (int i = 0; i < times; ++i) {
      pace_.Throttled("key" + std::to_string(i), 0);
      EXPECT_TRUE(Block(executor_, Sleep({}, 200'000)).ok());
    }
  }

  VirtualExecutor executor_;
  SystemClock clock_;
  SeededRandom random_{1};
  UuidSource uuids_{clock_, random_};
  Env env_{executor_, clock_, random_, uuids_};
  RequestPace pace_{env_};
};

TEST_F(RequestPaceTest, NothingWaitsWhereNothingIsRefused) {
  pace_.Answered();
  EXPECT_EQ(StartAll(1000), 0);
}

TEST_F(RequestPaceTest, RefusalsOfSeveralKeysSlowAllRequests) {
  Throttle(1);
  const int64_t once_us = StartAll(100);
  EXPECT_GE(once_us, 99 * 10'000);
  EXPECT_LE(once_us, 101 * 10'000);
  Throttle(1);
  EXPECT_GE(StartAll(100), 99 * 20'000);
}

TEST_F(RequestPaceTest, ABurstOfRefusalsIsOne) {
  for (int i = 0; i < 64; ++i) pace_.Throttled("key" + std::to_string(i), 0);
  EXPECT_LE(StartAll(10), 11 * 10'000);
}

TEST_F(RequestPaceTest, OneKeyThatIsRefusedAgainAndAgainSlowsNobodyElse) {
  for (int i = 0; i < 20; ++i) {
    pace_.Throttled("pond.log", 0);
    EXPECT_TRUE(Block(executor_, Sleep({}, 200'000)).ok());
  }
  EXPECT_EQ(StartAll(1000), 0);
}

TEST_F(RequestPaceTest, AnswersBringTheRateBack) {
  Throttle(20);
  EXPECT_LE(StartAll(10), 11 * 500'000) << "the slowest there is";
  for (int i = 0; i < 200; ++i) pace_.Answered();
  EXPECT_EQ(StartAll(1000), 0);
}

TEST_F(RequestPaceTest, RetryAfterHoldsBackAllButNotForEver) {
  pace_.Throttled("k", 2 * kSecondUs);
  EXPECT_GE(StartAll(1), 2 * kSecondUs);
  pace_.Throttled("k", 3600 * kSecondUs);
  EXPECT_LE(StartAll(1), 6 * kSecondUs);
}

TEST_F(RequestPaceTest, WhoAsksOnceAndPacesItselfIsNotHeldBack) {
  pace_.Throttled("pond.log", 2 * kSecondUs);
  Context context;
  context.once = true;
  const MonotonicUs now_us = executor_.NowUs();
  EXPECT_TRUE(Block(executor_, pace_.Wait(context)).ok());
  EXPECT_EQ(executor_.NowUs(), now_us);
}

TEST_F(RequestPaceTest, WhoHasNoTimeToWaitIsToldAtOnce) {
  pace_.Throttled("k", 2 * kSecondUs);
  Context context;
  context.deadline_us = executor_.NowUs() + kSecondUs;
  const MonotonicUs now_us = executor_.NowUs();
  EXPECT_EQ(Block(executor_, pace_.Wait(context)).code(), StatusCode::kUnavailable);
  EXPECT_EQ(executor_.NowUs(), now_us);
}

}  // namespace
}  // namespace duckpond
