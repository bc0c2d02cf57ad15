// SPDX-License-Identifier: MIT
//
// What becomes of a commit when its put goes wrong, and of commits that wait at the same time.
#include "log/committer.h"

#include <gtest/gtest.h>

#include <set>

#include "log/limits.h"
#include "store/retrying_store.h"
#include "tests/support/log_fixture.h"

namespace duckpond {
namespace {

const std::string kLog = "pond.log";

FaultOptions OnPut(uint64_t nth, Fault fault, int64_t delay_us = 0) {
  FaultOptions faults;
  faults.rules.push_back({RequestKind::kPut, kLog, nth, fault, delay_us});
  return faults;
}

class CommitterTest : public LogFixture {
 protected:
  void SetUp() override { ASSERT_EQ(Create(), Status::Ok()); }

  // How often `key` was put, in all of history.
  int TimesPut(const std::string& key) {
    const auto history = Await(OpenOther()->History(Context{}, {}));
    EXPECT_TRUE(history.ok()) << history.status().ToString();
    int times = 0;
    for (const CommitRecord& commit : *history) {
      for (const Event& event : commit.events) {
        times += event.data.find("\"" + key + "\"") != std::string::npos;
      }
    }
    return times;
  }
};

class LostAnswerTest : public CommitterTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(LostAnswerTest, ACommitWhoseAnswerIsLostIsMadeOnce) {
  const auto log = OpenOther(OnPut(1, GetParam(), 50'000));
  const auto receipt = PutOn(*log, "a", "1");
  ASSERT_TRUE(receipt.ok()) << receipt.error().ToString();
  EXPECT_EQ(receipt->version, 1u);
  LetFinish();  // What was late has landed, or was refused.
  EXPECT_EQ(TimesPut("a"), 1);
}

TEST_P(LostAnswerTest, ACommitWhoseAnswerIsLostWhileOthersCommitIsMadeOnce) {
  const auto log = OpenOther(OnPut(1, GetParam(), 50'000));
  ASSERT_TRUE(Await(log->Latest(Context{})).ok());
  ASSERT_TRUE(Put("other", "1").ok());  // The first put of `log` finds the log moved on.
  const auto receipt = PutOn(*log, "a", "1");
  ASSERT_TRUE(receipt.ok()) << receipt.error().ToString();
  EXPECT_EQ(receipt->version, 2u);
  LetFinish();
  EXPECT_EQ(TimesPut("a"), 1);
}

INSTANTIATE_TEST_SUITE_P(Faults, LostAnswerTest,
                         ::testing::Values(Fault::kFail, Fault::kDrop, Fault::kTimeOut,
                                           Fault::kLate, Fault::kDelay, Fault::kDuplicate));

TEST_F(CommitterTest, ALostAnswerIsFoundInASegmentWhenTheLogHasRolled) {
  FaultOptions faults = OnPut(1, Fault::kTimeOut);
  // While the answer is looked for, the log cannot be read.
  for (uint64_t nth = 2; nth < 12; ++nth) {
    faults.rules.push_back({RequestKind::kGet, kLog, nth, Fault::kFail, 0});
  }
  const auto slow = OpenOther(faults);
  auto pending = Start(executor_, slow->Commit(Context{}, PutChange("a", "1"), Options()));
  LogOptions rolling;
  rolling.roll_bytes = 300;
  const auto busy = OpenOther({}, rolling);
  // One commit at a time until the log has rolled twice since.
  uint64_t segments = 0;
  for (int i = 0; i < 40 && segments < 2; ++i) {
    ASSERT_TRUE(PutOn(*busy, "b", "1").ok());
    ASSERT_EQ(Await(busy->Settle(Context{})), Status::Ok());
    segments = Await(busy->Verify(Context{}))->segments;
  }
  ASSERT_EQ(segments, 2u);
  struct Take {
    static Task<Result<CommitReceipt>> From(Completion<Result<CommitReceipt>> pending) {
      co_return co_await pending;
    }
  };
  const auto receipt = Await(Take::From(pending));
  ASSERT_TRUE(receipt.ok()) << receipt.error().ToString();
  EXPECT_EQ(TimesPut("a"), 1);
}

TEST_F(CommitterTest, WhenTimeRunsOutInDoubtTheOutcomeIsUnknown) {
  FaultOptions faults;
  for (uint64_t nth = 1; nth < 50; ++nth) {
    faults.rules.push_back({RequestKind::kPut, kLog, nth, Fault::kDrop, 0});
  }
  const auto log = OpenOther(faults);
  Context context;
  context.deadline_us = executor_.NowUs() + 500'000;
  const auto receipt = Await(log->Commit(context, PutChange("a", "1"), Options()));
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.error().code(), StatusCode::kUnknown);
  EXPECT_EQ(executor_.NowUs(), context.deadline_us);
}

TEST_F(CommitterTest, WhenTimeRunsOutBeforeAPutNothingHappened) {
  FaultOptions faults;
  faults.rules.push_back({RequestKind::kGet, kLog, 1, Fault::kDelay, 10'000'000});
  const auto log = OpenOther(faults);
  Context context;
  context.deadline_us = executor_.NowUs() + 500'000;
  const auto receipt = Await(log->Commit(context, PutChange("a", "1"), Options()));
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.error().code(), StatusCode::kCancelled);
  LetFinish();
  EXPECT_EQ(TimesPut("a"), 0);
}

// Cancels `source` when the log is read for the second time: after the first put.
TEST_F(CommitterTest, CancelInDoubtIsSettledByAnEmptyCommit) {
  FaultOptions faults = OnPut(1, Fault::kLate, 60'000'000);
  const auto log = OpenOther(faults);
  ASSERT_TRUE(Await(log->Latest(Context{})).ok());
  CancelSource source;
  Context context;
  context.cancel = source.token();
  auto change = PutChange("a", "1", {false, [&source, this](const Snapshot&) {
                                       executor_.PostAt(executor_.NowUs() + 1,
                                                        [&source] { source.Cancel(); });
                                       return Status::Ok();
                                     }});
  const auto receipt = Await(log->Commit(context, change, Options()));
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.error().code(), StatusCode::kCancelled) << receipt.error().ToString();
  LetFinish();
  EXPECT_EQ(TimesPut("a"), 0);
  const auto history = Await(OpenOther()->History(Context{}, {}));
  ASSERT_EQ(history->size(), 1u);
  EXPECT_TRUE(history->front().events.empty());
}

TEST_F(CommitterTest, CommitsThatWaitLeaveInOnePut) {
  const auto store = std::make_shared<FaultyObjectStore>(memory_, FaultOptions{});
  const auto log = OpenOn(store);
  ASSERT_TRUE(Await(log->Latest(Context{})).ok());
  ASSERT_TRUE(PutOn(*log, "first", "1").ok());
  const uint64_t before = store->requests();
  std::vector<Task<Result<CommitReceipt>>> commits;
  for (int i = 0; i < 100; ++i) {
    commits.push_back(log->Commit(Context{}, PutChange("k" + std::to_string(i), "1"), Options()));
  }
  std::set<Version> versions;
  for (const auto& receipt : Await(WhenAll(std::move(commits)))) {
    ASSERT_TRUE(receipt.ok());
    versions.insert(receipt->version);
  }
  EXPECT_EQ(versions.size(), 100u);
  EXPECT_EQ(*versions.begin(), 2u);
  EXPECT_EQ(*versions.rbegin(), 101u);
  // The executor starts them in any order, so a few may have left before the others came.
  EXPECT_LE(store->requests() - before, 3u);
}

TEST_F(CommitterTest, AChangeThatFailsFailsAlone) {
  std::vector<Task<Result<CommitReceipt>>> commits;
  for (int i = 0; i < 10; ++i) {
    SetChange::Options options;
    options.check = [i](const Snapshot&) {
      return i % 3 == 0 ? Status::Conflict("no " + std::to_string(i)) : Status::Ok();
    };
    commits.push_back(
        log().Commit(Context{}, PutChange("k" + std::to_string(i), "1", options), Options()));
  }
  const auto receipts = Await(WhenAll(std::move(commits)));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(receipts[i].ok(), i % 3 != 0) << i;
    EXPECT_EQ(TimesPut("k" + std::to_string(i)), i % 3 != 0) << i;
  }
  EXPECT_EQ(receipts[3].error(), Status::Conflict("no 3"));
}

TEST_F(CommitterTest, AWaitingCommitSeesThoseBeforeItInItsBatch) {
  std::vector<Task<Result<CommitReceipt>>> commits;
  for (int i = 0; i < 5; ++i) {
    commits.push_back(
        log().Commit(Context{}, PutChange("same", std::to_string(i), {true, nullptr}), Options()));
  }
  int made = 0;
  for (const auto& receipt : Await(WhenAll(std::move(commits)))) made += receipt.ok();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(TimesPut("same"), 1);
}

TEST_F(CommitterTest, ALostRaceIsRebasedOnWhatCame) {
  const auto log = OpenOther();
  ASSERT_TRUE(Await(log->Latest(Context{})).ok());
  ASSERT_TRUE(Put("a", "1").ok());
  const auto receipt =
      Await(log->Commit(Context{}, PutChange("a", "2", {true, nullptr}), Options()));
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.error().code(), StatusCode::kConflict);
  EXPECT_EQ(PutOn(*log, "b", "2")->version, 2u);
}

TEST_F(CommitterTest, AKnownIdempotencyKeyGivesTheFirstReceipt) {
  const auto first = Await(log().Commit(Context{}, PutChange("a", "1"), Options("key")));
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(first->repeated);
  const auto again = Await(OpenOther()->Commit(Context{}, PutChange("a", "2"), Options("key")));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->version, first->version);
  EXPECT_EQ(again->time_us, first->time_us);
  EXPECT_EQ(TimesPut("a"), 1);
}

TEST_F(CommitterTest, TwoCommitsWithOneKeyAtTheSameTimeAreOne) {
  std::vector<Task<Result<CommitReceipt>>> commits;
  for (int i = 0; i < 8; ++i) {
    commits.push_back(log().Commit(Context{}, PutChange("a", "1"), Options("key")));
  }
  int repeated = 0;
  for (const auto& receipt : Await(WhenAll(std::move(commits)))) {
    ASSERT_TRUE(receipt.ok());
    EXPECT_EQ(receipt->version, 1u);
    repeated += receipt->repeated;
  }
  EXPECT_EQ(repeated, 7);
}

TEST_F(CommitterTest, AThrottledStoreIsAskedAgain) {
  FaultOptions faults;
  for (uint64_t nth = 1; nth <= 6; ++nth) {
    faults.rules.push_back({RequestKind::kPut, kLog, nth, Fault::kFail, 0});
  }
  const auto receipt = PutOn(*OpenOther(faults), "a", "1");
  ASSERT_TRUE(receipt.ok()) << receipt.error().ToString();
  EXPECT_EQ(TimesPut("a"), 1);
}

TEST_F(CommitterTest, AStoreThatStaysAwayEndsTheCommitAsUnavailable) {
  FaultOptions faults;
  faults.rates.fail = 1;
  const auto receipt = PutOn(*OpenOther(faults), "a", "1");
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.error().code(), StatusCode::kUnavailable);
}

TEST_F(CommitterTest, NobodyWaitsLongForAStoreThatCannotBeReached) {
  ASSERT_TRUE(Put("a", "1").ok());
  FaultOptions faults;
  faults.rates.fail = 1;
  const auto store = std::make_shared<RetryingObjectStore>(
      env_, std::make_shared<FaultyObjectStore>(memory_, faults));
  const MonotonicUs before_us = env_.executor.NowUs();
  const auto receipt = PutOn(*OpenOn(store), "a", "2");
  EXPECT_EQ(receipt.status().code(), StatusCode::kUnavailable);
  const int64_t took_us = env_.executor.NowUs() - before_us;
  EXPECT_GE(took_us, kUnreachableUsMax);
  // The store's own retries, eight attempts, may be under way when the time is over.
  EXPECT_LE(took_us, kUnreachableUsMax + 10'000'000);
}

TEST_F(CommitterTest, CommitTimesRiseWhenTheClockStandsOrGoesBack) {
  ASSERT_TRUE(Put("a", "1").ok());
  SimEnv behind(executor_, 3, -60'000'000);
  const auto log = EventLog::Open(behind.env, memory_, folder_, {}, FreshShare());
  ASSERT_TRUE(PutOn(*log, "b", "1").ok());
  const auto history = Await(OpenOther()->History(Context{}, {}));
  ASSERT_TRUE(history.ok());
  EXPECT_EQ((*history)[1].time_us, (*history)[0].time_us + 1);
  LetFinish();  // While `behind` is there.
}

TEST_F(CommitterTest, AppendingStoresAreSentTheFramesAlone) {
  memory_ = std::make_shared<MemoryObjectStore>(MemoryObjectStore::Options{"append", true});
  log_ = nullptr;
  ASSERT_EQ(Create(), Status::Ok());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Put("a", std::to_string(i)).ok());
  const auto seen = Await(OpenOther()->Latest(Context{}));
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->version, 5u);
  const auto late = OpenOther(OnPut(1, Fault::kTimeOut));
  EXPECT_EQ(PutOn(*late, "b", "1")->version, 6u);
  EXPECT_EQ(TimesPut("b"), 1);
}

TEST_F(CommitterTest, ALogThatTakesNoMoreAppendsIsPutWhole) {
  class FullStore final : public StoreWrapper {
   public:
    using StoreWrapper::StoreWrapper;
    Task<Result<PutReply>> Append(Context, std::string, Bytes, AppendPosition) override {
      return Refuse();
    }
    static Task<Result<PutReply>> Refuse() { co_return Status::Exhausted("10,000 parts"); }
  };
  memory_ = std::make_shared<MemoryObjectStore>(MemoryObjectStore::Options{"full", true});
  log_ = nullptr;
  ASSERT_EQ(Create(), Status::Ok());
  ASSERT_TRUE(Put("a", "1").ok());
  const auto receipt = PutOn(*OpenOn(std::make_shared<FullStore>(memory_)), "b", "1");
  ASSERT_TRUE(receipt.ok()) << receipt.error().ToString();
  EXPECT_EQ(TimesPut("b"), 1);
}

TEST_F(CommitterTest, AWriterRefusesALogWithEventsItDoesNotKnow) {
  class OldFolder final : public Folder {
   public:
    StatePtr Empty() const override { return std::make_shared<SetState>(); }
    Result<StatePtr> Fold(StatePtr before, std::span<const Event>) const override { return before; }
    Result<std::vector<StateRun>> Unfold(const FoldedState&) const override {
      return std::vector<StateRun>();
    }
    bool Knows(std::string_view) const override { return false; }
  };
  ASSERT_TRUE(Put("a", "1").ok());
  const OldFolder old;
  const auto log = EventLog::Open(env_, memory_, old, {}, FreshShare());
  EXPECT_EQ(Await(log->Latest(Context{}))->version, 1u);  // A reader that needs none goes on.
  const auto receipt = PutOn(*log, "b", "1");
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.error().code(), StatusCode::kUnsupported);
  EXPECT_NE(receipt.error().message().find("'put'"), std::string::npos);
  LetFinish();  // While `old` is there.
}

TEST_F(CommitterTest, IgnorableEventsNeedNotBeKnown) {
  auto change = std::make_shared<OneEvent>(
      Event{env_.uuids.Next(), "note", "{\"text\":\"x\"}", /*ignorable=*/true});
  ASSERT_TRUE(Await(log().Commit(Context{}, change, Options())).ok());
  EXPECT_EQ(PutOn(*OpenOther(), "a", "1")->version, 2u);
}

TEST_F(CommitterTest, WhatCannotBeReadBackIsNotCommitted) {
  CommitOptions options = Options();
  options.message = "\xff";
  EXPECT_EQ(Await(log().Commit(Context{}, PutChange("a", "1"), options)).error().code(),
            StatusCode::kInvalid);
  options = Options(std::string(1000, 'k'));
  EXPECT_EQ(Await(log().Commit(Context{}, PutChange("a", "1"), options)).error().code(),
            StatusCode::kInvalid);
  options.transaction = Uuid{};
  EXPECT_EQ(Await(log().Commit(Context{}, PutChange("a", "1"), options)).error().code(),
            StatusCode::kInvalid);
}

// The log is whole, and to be told to restore it would be wrong.
TEST_F(CommitterTest, AChangeWhoseEventsDoNotFoldIsAFaultOfOurs) {
  auto change = std::make_shared<OneEvent>(
      Event{env_.uuids.Next(), "remove", "{\"key\":\"nothing\"}", /*ignorable=*/false});
  const auto receipt = Await(log().Commit(Context{}, change, Options()));
  EXPECT_EQ(receipt.status().code(), StatusCode::kInternal) << receipt.status().ToString();
  EXPECT_EQ(PutOn(*OpenOther(), "a", "1")->version, 1u);
}

TEST_F(CommitterTest, AOneRowCommitIsSmall) {
  ASSERT_TRUE(Put("warm", "up").ok());
  const size_t before = Content(kLog).size();
  ASSERT_TRUE(Put("a", "one row of some columns").ok());
  EXPECT_LE(Content(kLog).size() - before, 350u);
}

}  // namespace
}  // namespace duckpond
