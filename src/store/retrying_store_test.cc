// SPDX-License-Identifier: MIT
#include "store/retrying_store.h"

#include <gtest/gtest.h>

#include "store/faulty_store.h"
#include "store/latency_store.h"
#include "store/memory_store.h"
#include "tests/support/virtual_executor.h"

namespace duckpond {
namespace {

class RetryingStoreTest : public ::testing::Test {
 protected:
  using Faults = std::vector<Fault>;

  // A store whose first requests suffer these faults, one each.
  void Make(const Faults& faults, RetryOptions options = {}) {
    FaultOptions rules;
    for (size_t i = 0; i < faults.size(); ++i) {
      rules.rules.push_back(
          {.kind = {}, .key = {}, .nth = i + 1, .fault = faults[i], .delay_us = 0});
    }
    faulty_ = std::make_shared<FaultyObjectStore>(memory_, rules);
    store_ = std::make_shared<RetryingObjectStore>(env_, faulty_, options);
  }
  Result<PutReply> Put(PutCondition condition, Context context = {}) {
    return Block(executor_, store_->Put(context, "k", Bytes("x"), std::move(condition)));
  }
  Result<GetReply> Get(Context context = {}) {
    return Block(executor_, store_->Get(context, "k", {}));
  }
  bool Exists() {
    return Block(executor_, memory_->Get({}, "k", {}))->state == GetReply::State::kFound;
  }

  VirtualExecutor executor_;
  SystemClock clock_;
  SeededRandom random_{1};
  UuidSource uuids_{clock_, random_};
  Env env_{executor_, clock_, random_, uuids_};
  std::shared_ptr<MemoryObjectStore> memory_ = std::make_shared<MemoryObjectStore>();
  std::shared_ptr<FaultyObjectStore> faulty_;
  std::shared_ptr<RetryingObjectStore> store_;
};

TEST_F(RetryingStoreTest, WhatDidNotHappenIsTriedAgain) {
  Make({Fault::kFail, Fault::kFail, Fault::kFail});
  const auto reply = Put(PutCondition::IfAbsent());
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->state, PutReply::State::kWritten);
  EXPECT_EQ(faulty_->requests(), 4U);
}

TEST_F(RetryingStoreTest, WhatNeverHappensSaysHowOftenItWasTried) {
  Make(Faults(8, Fault::kFail));
  EXPECT_NE(Get().status().message().find("tried 8 times"), std::string::npos);
  Make(Faults(8, Fault::kFail));
  const auto put = Put(PutCondition::IfAbsent());
  EXPECT_EQ(put.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(put.status().message().find("tried 8 times"), std::string::npos);
}

TEST_F(RetryingStoreTest, ReadsAndListingsAreTriedAgainWhateverHappened) {
  Make({Fault::kTimeOut, Fault::kDrop, Fault::kFail});
  EXPECT_TRUE(Get().ok());
  Make({Fault::kTimeOut, Fault::kDrop});
  EXPECT_TRUE(Block(executor_, store_->List({}, "", std::nullopt)).ok());
  EXPECT_EQ(faulty_->requests(), 3U);
}

TEST_F(RetryingStoreTest, ConditionalPutOfUnknownOutcomeIsNeverSentAgain) {
  for (const Fault fault : {Fault::kDrop, Fault::kTimeOut}) {
    Make({fault});
    const auto reply = Put(PutCondition::IfAbsent());
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->state, PutReply::State::kUnknown);
    EXPECT_EQ(faulty_->requests(), 1U);
  }
  EXPECT_TRUE(Exists());
}

TEST_F(RetryingStoreTest, AppendAndConditionalDeleteOfUnknownOutcomeAreNeverSentAgain) {
  Make({Fault::kTimeOut});
  const auto removed = Block(executor_, store_->Delete({}, "k", ObjectTag{"t"}));
  EXPECT_EQ(removed->state, DeleteReply::State::kUnknown);
  EXPECT_EQ(faulty_->requests(), 1U);
  Make({Fault::kDrop});
  const auto appended = Block(executor_, store_->Append({}, "k", Bytes("x"), {0, {"t"}}));
  EXPECT_EQ(appended->state, PutReply::State::kUnknown);
  EXPECT_EQ(faulty_->requests(), 1U);
}

TEST_F(RetryingStoreTest, UnconditionalWritesOfUnknownOutcomeAreSentAgain) {
  Make({Fault::kDrop, Fault::kTimeOut});
  EXPECT_EQ(Put(PutCondition::None())->state, PutReply::State::kWritten);
  EXPECT_EQ(faulty_->requests(), 3U);
  Make({Fault::kTimeOut});
  EXPECT_EQ(Block(executor_, store_->Delete({}, "k", std::nullopt))->state,
            DeleteReply::State::kMissing);
  EXPECT_FALSE(Exists());
}

TEST_F(RetryingStoreTest, UnknownAttemptIsNotForgottenWhenLaterOnesFail) {
  Make({Fault::kTimeOut, Fault::kFail, Fault::kFail}, {.attempts_max = 3});
  const auto reply = Put(PutCondition::None());
  ASSERT_TRUE(reply.ok()) << "it may have happened: " << reply.status().ToString();
  EXPECT_EQ(reply->state, PutReply::State::kUnknown);
}

// A store that loses an answer, and is in the way of the next attempt.
class LosesThenRefuses final : public StoreWrapper {
 public:
  using StoreWrapper::StoreWrapper;
  Task<Result<PutReply>> Put(Context, std::string, Bytes, PutCondition) override {
    co_return PutReply{
        .state = puts_++ == 0 ? PutReply::State::kUnknown : PutReply::State::kConflict,
        .tag = {},
        .detail = {}};
  }

 private:
  int puts_ = 0;
};

TEST_F(RetryingStoreTest, UnknownAttemptIsNotForgottenWhenALaterOneMeetsAConflict) {
  RetryingObjectStore store(env_, std::make_shared<LosesThenRefuses>(memory_));
  const auto reply = Block(executor_, store.Put({}, "k", Bytes("x"), PutCondition::None()));
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->state, PutReply::State::kUnknown);
}

TEST_F(RetryingStoreTest, ConflictAndMissingAreAnswersNotFailures) {
  Make({});
  ASSERT_TRUE(Put(PutCondition::IfAbsent()).ok());
  EXPECT_EQ(Put(PutCondition::IfAbsent())->state, PutReply::State::kConflict);
  EXPECT_EQ(faulty_->requests(), 2U);
}

TEST_F(RetryingStoreTest, AttemptsAreLimited) {
  Make(Faults(20, Fault::kFail), {.attempts_max = 5});
  EXPECT_EQ(Put(PutCondition::None()).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(faulty_->requests(), 5U);
}

TEST_F(RetryingStoreTest, WhoAsksOnceIsToldTheFirstAnswer) {
  Make(Faults(20, Fault::kFail));
  Context context;
  context.once = true;
  EXPECT_EQ(Put(PutCondition::None(), context).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(faulty_->requests(), 1U);
}

TEST_F(RetryingStoreTest, NoWaitGoesBeyondTheDeadline) {
  Make(Faults(1000, Fault::kFail), {.attempts_max = 1000});
  Context context;
  context.deadline_us = executor_.NowUs() + 3'000'000;
  const auto reply = Get(context);
  // What went wrong is told, not that time ran out.
  EXPECT_EQ(reply.status().code(), StatusCode::kUnavailable);
  EXPECT_LT(executor_.NowUs(), context.deadline_us);
  EXPECT_GT(faulty_->requests(), 3U);
}

TEST_F(RetryingStoreTest, WaitsDoubleAtMostAndAreCapped) {
  const RetryOptions options{.attempts_max = 8, .wait_first_us = 1000, .wait_max_us = 4000};
  Make(Faults(20, Fault::kFail), options);
  const MonotonicUs start_us = executor_.NowUs();
  EXPECT_FALSE(Get().ok());
  // 1 + 2 + 4 + 4 + 4 + 4 + 4 ms if every draw were the longest.
  EXPECT_LE(executor_.NowUs() - start_us, 23'000);
  EXPECT_GT(executor_.NowUs() - start_us, 0);
}

TEST_F(RetryingStoreTest, CancelledRequestIsNotTriedAgain) {
  Make({});
  CancelSource source;
  source.Cancel();
  Context context;
  context.cancel = source.token();
  EXPECT_EQ(Get(context).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(faulty_->requests(), 1U);
}

TEST_F(RetryingStoreTest, WhetherAReadWasSentBeforeItWasCancelledIsNoMatterToTheCaller) {
  LatencyProfile slow;
  slow.name = "slow";
  slow.read = {.p50_us = 100'000, .p90_us = 100'000};
  const auto far = std::make_shared<LatencyObjectStore>(env_, memory_, slow);
  const auto retrying = std::make_shared<RetryingObjectStore>(env_, far);
  const auto cancelled_at = [&](ObjectStore& store, int64_t after_us) {
    const auto source = std::make_shared<CancelSource>();
    executor_.PostAt(executor_.NowUs() + after_us, [source] { source->Cancel(); });
    Context context;
    context.cancel = source->token();
    return Block(executor_, store.Get(context, "k", {})).status().code();
  };
  EXPECT_EQ(cancelled_at(*far, 80'000), StatusCode::kUnknown);  // For the meter.
  EXPECT_EQ(cancelled_at(*far, 20'000), StatusCode::kCancelled);
  EXPECT_EQ(cancelled_at(*retrying, 80'000), StatusCode::kCancelled);
  EXPECT_EQ(cancelled_at(*retrying, 20'000), StatusCode::kCancelled);
}

}  // namespace
}  // namespace duckpond
