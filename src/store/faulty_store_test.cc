// SPDX-License-Identifier: MIT
#include "store/faulty_store.h"

#include <gtest/gtest.h>

#include "store/memory_store.h"

namespace duckpond {
namespace {

class FaultyStoreTest : public ::testing::Test {
 protected:
  std::shared_ptr<FaultyObjectStore> Make(FaultOptions options) {
    return std::make_shared<FaultyObjectStore>(memory_, std::move(options));
  }
  static FaultOptions OnPut(Fault fault, uint64_t nth = 1, int64_t delay_us = 0) {
    FaultOptions options;
    options.rules.push_back(
        {.kind = RequestKind::kPut, .key = "k", .nth = nth, .fault = fault, .delay_us = delay_us});
    return options;
  }
  static FaultOptions OnGet(Fault fault) {
    FaultOptions options;
    options.rules.push_back(
        {.kind = RequestKind::kGet, .key = "k", .nth = 1, .fault = fault, .delay_us = 0});
    return options;
  }
  Result<PutReply> Put(ObjectStore& store, const std::string& content,
                       PutCondition condition = PutCondition::None()) {
    return Block(executor_, store.Put({}, "k", Bytes(content), condition));
  }
  Result<GetReply> Get(ObjectStore& store) { return Block(executor_, store.Get({}, "k", {})); }
  // What the store below holds, or "-".
  std::string Held() {
    const Result<GetReply> reply = Get(*memory_);
    return reply->state == GetReply::State::kFound ? std::string(reply->bytes.view()) : "-";
  }

  ThreadExecutor executor_{2};
  std::shared_ptr<MemoryObjectStore> memory_ = std::make_shared<MemoryObjectStore>();
};

TEST_F(FaultyStoreTest, FailedPutDidNotHappenAndSaysSo) {
  const auto reply = Put(*Make(OnPut(Fault::kFail)), "a");
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code(), StatusCode::kUnavailable);
  EXPECT_EQ(Held(), "-");
}

TEST_F(FaultyStoreTest, DroppedPutIsUnknownAndDidNotHappen) {
  const auto reply = Put(*Make(OnPut(Fault::kDrop)), "a");
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->state, PutReply::State::kUnknown);
  EXPECT_EQ(Held(), "-");
}

TEST_F(FaultyStoreTest, TimedOutPutIsUnknownAndDidHappen) {
  const auto reply = Put(*Make(OnPut(Fault::kTimeOut)), "a");
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->state, PutReply::State::kUnknown);
  EXPECT_EQ(Held(), "a");
}

TEST_F(FaultyStoreTest, LatePutIsUnknownAndHappensLater) {
  const auto reply = Put(*Make(OnPut(Fault::kLate, 1, 2000)), "a");
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->state, PutReply::State::kUnknown);
  // It lands at its own time; a bounded number of looks keeps a lost one from hanging the test.
  int looks = 0;
  while (Held() == "-" && ++looks < 1'000'000) {
  }
  EXPECT_EQ(Held(), "a");
}

TEST_F(FaultyStoreTest, DuplicatedConditionalPutConflictsWithItself) {
  const auto reply = Put(*Make(OnPut(Fault::kDuplicate)), "a", PutCondition::IfAbsent());
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->state, PutReply::State::kConflict);
  EXPECT_EQ(Held(), "a");
}

TEST_F(FaultyStoreTest, RuleHitsOnlyTheRequestItNames) {
  const auto store = Make(OnPut(Fault::kFail, 2));
  EXPECT_TRUE(Put(*store, "a").ok());
  EXPECT_FALSE(Put(*store, "b").ok());
  EXPECT_TRUE(Put(*store, "c").ok());
  EXPECT_EQ(store->requests(), 3U);
}

TEST_F(FaultyStoreTest, TruncatedReadIsShorterThanItSays) {
  ASSERT_TRUE(Put(*memory_, "abcd").ok());
  const auto reply = Get(*Make(OnGet(Fault::kTruncate)));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->bytes.view(), "ab");
  EXPECT_EQ(reply->object_size, 4U);
}

TEST_F(FaultyStoreTest, StaleReadShowsAnEarlierContentWithItsTag) {
  const auto store = Make(OnGet(Fault::kStale));
  const auto first = Put(*store, "a");
  ASSERT_TRUE(Put(*store, "b").ok());
  const auto stale = Get(*store);
  ASSERT_TRUE(stale.ok());
  EXPECT_EQ(stale->bytes.view(), "a");
  EXPECT_EQ(stale->tag, first->tag);
  EXPECT_EQ(Get(*store)->bytes.view(), "b");
}

TEST_F(FaultyStoreTest, NothingPassesAfterTheCrash) {
  FaultOptions options;
  options.crash_after = 1;
  const auto store = Make(options);
  EXPECT_TRUE(Put(*store, "a").ok());
  EXPECT_EQ(Put(*store, "b").error().code(), StatusCode::kCancelled);
  EXPECT_EQ(Get(*store).error().code(), StatusCode::kCancelled);
  EXPECT_TRUE(store->crashed());
  EXPECT_EQ(Held(), "a");
}

TEST_F(FaultyStoreTest, SameSeedGivesTheSameFaults) {
  const auto outcomes = [this](uint64_t seed) {
    FaultOptions options;
    options.seed = seed;
    options.rates = {.fail = 0.2, .drop = 0.2, .time_out = 0.2, .duplicate = 0.2};
    const auto store = Make(options);
    std::string trace;
    for (int i = 0; i < 100; ++i) {
      const auto reply = Put(*store, std::to_string(i), PutCondition::IfAbsent());
      trace += reply.ok() ? static_cast<char>('0' + static_cast<int>(reply->state)) : 'x';
      EXPECT_TRUE(Block(executor_, memory_->Delete({}, "k", std::nullopt)).ok());
    }
    return trace;
  };
  const std::string trace = outcomes(7);
  EXPECT_EQ(trace, outcomes(7));
  EXPECT_NE(trace, outcomes(8));
  // Each of the four outcomes is met: written, conflict, unknown, refused.
  for (const char outcome : {'0', '1', '2', 'x'}) EXPECT_NE(trace.find(outcome), std::string::npos);
}

}  // namespace
}  // namespace duckpond
