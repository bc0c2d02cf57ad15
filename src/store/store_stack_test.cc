// SPDX-License-Identifier: MIT
//
// The meter and the latency, alone and in their place in the stack.
#include "store/store_stack.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "store/memory_store.h"
#include "store/metered_store.h"
#include "tests/support/virtual_executor.h"

namespace duckpond {
namespace {

class StoreStackTest : public ::testing::Test {
 protected:
  std::shared_ptr<ObjectStore> Make(StackOptions options) {
    options.ledger = ledger_;
    return BuildStore(env_, memory_, std::move(options));
  }
  static StackOptions Like(std::string_view profile) {
    StackOptions options;
    options.latency = *LatencyProfile::Named(profile);
    return options;
  }
  Result<PutReply> Put(ObjectStore& store, const std::string& content,
                       PutCondition condition = PutCondition::None()) {
    return Block(executor_, store.Put(context_, "k", Bytes(content), std::move(condition)));
  }
  Result<GetReply> Get(ObjectStore& store) {
    return Block(executor_, store.Get(context_, "k", {}));
  }

  VirtualExecutor executor_;
  SystemClock clock_;
  SeededRandom random_{1};
  UuidSource uuids_{clock_, random_};
  Env env_{executor_, clock_, random_, uuids_};
  std::shared_ptr<MemoryObjectStore> memory_ = std::make_shared<MemoryObjectStore>();
  std::shared_ptr<CostLedger> ledger_ = std::make_shared<CostLedger>();
  Context context_;
};

TEST_F(StoreStackTest, MeterCountsRequestsBytesAndMoneyInBothLedgers) {
  const auto store = Make(Like("s3"));
  context_.ledger = std::make_shared<CostLedger>();
  ASSERT_TRUE(Put(*store, "12345", PutCondition::IfAbsent()).ok());
  ASSERT_TRUE(Get(*store).ok());
  ASSERT_TRUE(Block(executor_, store->List(context_, "", std::nullopt)).ok());
  for (const auto& ledger : {ledger_, context_.ledger}) {
    const Cost cost = ledger->Total();
    EXPECT_EQ(cost.puts, 1U);
    EXPECT_EQ(cost.gets, 1U);
    EXPECT_EQ(cost.lists, 1U);
    EXPECT_EQ(cost.bytes_written, 5U);
    EXPECT_EQ(cost.bytes_read, 5U);
    EXPECT_EQ(cost.round_trips, 3U);
    EXPECT_DOUBLE_EQ(cost.usd, 5e-6 + 0.4e-6 + 5e-6 + 5 * 0.09e-9);
  }
}

TEST_F(StoreStackTest, RequestsInFlightTogetherAreOneRoundTrip) {
  const auto store = Make(Like("s3"));
  std::vector<Task<Result<GetReply>>> gets;
  for (int i = 0; i < 10; ++i) gets.push_back(store->Get(context_, "k", {}));
  EXPECT_EQ(Block(executor_, WhenAll(std::move(gets))).size(), 10U);
  EXPECT_EQ(ledger_->Total().gets, 10U);
  EXPECT_EQ(ledger_->Total().round_trips, 1U);
}

TEST_F(StoreStackTest, EachAttemptIsBilled) {
  StackOptions options;
  options.faults = FaultOptions{};
  options.faults->rules = {{.kind = {}, .key = {}, .nth = 1, .fault = Fault::kFail, .delay_us = 0}};
  const auto store = Make(options);
  ASSERT_TRUE(Get(*store).ok());
  EXPECT_EQ(ledger_->Total().gets, 2U);
  EXPECT_EQ(ledger_->Total().round_trips, 2U);
}

TEST_F(StoreStackTest, WhatWasNotSentIsNotBilled) {
  const auto store = Make({});
  context_.deadline_us = executor_.NowUs();
  EXPECT_EQ(Get(*store).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(ledger_->Total().gets, 0U);
}

TEST_F(StoreStackTest, LatencyFollowsTheProfilesPercentiles) {
  const auto store = Make(Like("s3"));
  constexpr int kSamples = 1000;
  std::vector<int64_t> times_us;
  for (int i = 0; i < kSamples; ++i) {
    const MonotonicUs start_us = executor_.NowUs();
    ASSERT_TRUE(Get(*store).ok());
    times_us.push_back(executor_.NowUs() - start_us);
  }
  std::sort(times_us.begin(), times_us.end());
  // 22 and 42 ms; the seed is fixed, the bounds are those of a thousand draws.
  EXPECT_NEAR(static_cast<double>(times_us[kSamples / 2]), 22'000, 2'000);
  EXPECT_NEAR(static_cast<double>(times_us[kSamples * 9 / 10]), 42'000, 5'000);
}

TEST_F(StoreStackTest, WritesOfOneKeyComeNoFasterThanTheProfileAdmits) {
  StackOptions options = Like("r2");
  options.latency->write = {1000, 1000};
  options.retry.reset();
  const auto store = Make(options);
  EXPECT_DOUBLE_EQ(store->traits().swaps_per_second_max, 1);
  ASSERT_TRUE(Put(*store, "a").ok());
  EXPECT_EQ(Put(*store, "b").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(Get(*memory_)->bytes.view(), "a");
  // Another key has its own allowance.
  EXPECT_TRUE(
      Block(executor_, store->Put(context_, "other", Bytes("x"), PutCondition::None())).ok());
  ASSERT_TRUE(Block(executor_, Sleep({}, 1'000'000)).ok());
  EXPECT_TRUE(Put(*store, "c").ok());
}

TEST_F(StoreStackTest, RetriesOutlastTheRateLimit) {
  const auto store = Make(Like("r2"));
  for (int i = 0; i < 5; ++i) {
    const auto reply = Put(*store, std::to_string(i));
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->state, PutReply::State::kWritten);
  }
}

TEST_F(StoreStackTest, WriteWhoseCallerLeftAfterItWasSentIsUnknown) {
  StackOptions options = Like("s3");
  options.latency->write = {20'000, 20'000};
  const auto store = Make(options);
  context_.deadline_us = executor_.NowUs() + 15'000;
  const auto reply = Put(*store, "a");
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->state, PutReply::State::kUnknown);
  EXPECT_EQ(Block(executor_, memory_->Get({}, "k", {}))->state, GetReply::State::kFound);
}

}  // namespace
}  // namespace duckpond
