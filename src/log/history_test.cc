// SPDX-License-Identifier: MIT
//
// Rolls, segments, checkpoints in parts, and versions of the past.
#include "log/history.h"

#include <gtest/gtest.h>

#include "log/limits.h"
#include "log/lines.h"
#include "tests/support/busy_store.h"
#include "tests/support/log_fixture.h"

namespace duckpond {
namespace {

class HistoryTest : public LogFixture {
 protected:
  void SetUp() override {
    rolling_.roll_bytes = 600;
    log_ = OpenOther({}, rolling_);
    ASSERT_EQ(Create(), Status::Ok());
  }
  // Commits until there are `segments` segments, one commit at a time.
  void CommitUntil(uint64_t segments) {
    for (int i = 0; i < 2000; ++i) {
      if (Objects(".log").size() >= segments) return;
      const auto receipt = Put("k" + std::to_string(count_ % 7), std::to_string(count_));
      ASSERT_TRUE(receipt.ok());
      ++count_;
      times_.push_back(receipt->time_us);
      texts_.push_back(SetText(Await(log().Latest(Context{}))->state));
      ASSERT_EQ(Await(log().Settle(Context{})), Status::Ok());
    }
    FAIL() << "the log does not roll";
  }
  std::vector<std::string> Objects(std::string_view ending) {
    std::vector<std::string> keys;
    const auto page = Await(memory_->List(Context{}, "log/", std::nullopt));
    for (const auto& object : page->objects) {
      if (object.key.ends_with(ending)) keys.push_back(object.key);
    }
    return keys;
  }

  LogOptions rolling_;
  uint64_t count_ = 0;
  std::vector<std::string> texts_;  // texts_[v - 1] is the state at version v.
  std::vector<int64_t> times_;
};

TEST_F(HistoryTest, EveryVersionIsReplayedAcrossRolls) {
  CommitUntil(5);
  const auto other = OpenOther();
  for (Version version = 1; version <= texts_.size(); ++version) {
    const auto at = Await(other->At(Context{}, version));
    ASSERT_TRUE(at.ok()) << at.error().ToString();
    EXPECT_EQ(at->version, version);
    EXPECT_EQ(SetText(at->state), texts_[version - 1]);
    EXPECT_EQ(at->time_us, times_[version - 1]);
    EXPECT_EQ(Await(other->AtTime(Context{}, times_[version - 1]))->version, version);
    EXPECT_EQ(Await(other->AtTime(Context{}, times_[version - 1] - 1))->version, version - 1);
  }
  EXPECT_EQ(SetText(Await(other->At(Context{}, 0))->state), "");
  EXPECT_EQ(Await(other->At(Context{}, texts_.size() + 1)).error().code(), StatusCode::kNotFound);
  EXPECT_EQ(Await(other->AtTime(Context{}, 1000)).error().code(), StatusCode::kNotFound);
}

TEST_F(HistoryTest, HistoryGivesEveryRangeOfCommits) {
  CommitUntil(4);
  const Version newest = texts_.size();
  const auto other = OpenOther();
  for (Version first = 1; first <= newest; ++first) {
    for (Version last = first; last <= newest; last += 3) {
      const auto commits = Await(other->History(Context{}, {first, last}));
      ASSERT_TRUE(commits.ok()) << commits.error().ToString();
      ASSERT_EQ(commits->size(), last - first + 1);
      EXPECT_EQ(commits->front().version, first);
      EXPECT_EQ(commits->back().version, last);
    }
  }
  EXPECT_EQ(Await(other->History(Context{}, {1, newest + 1})).error().code(),
            StatusCode::kNotFound);
  EXPECT_EQ(Await(other->History(Context{}, {0, 1})).error().code(), StatusCode::kNotFound);
}

TEST_F(HistoryTest, SegmentsBeyondTheListedAreReachedThroughTheOldest) {
  CommitUntil(kSegmentsListedMax + 3);
  const auto other = OpenOther();
  const auto report = Await(other->Verify(Context{}));
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_EQ(report->segments, kSegmentsListedMax + 3);
  EXPECT_EQ(report->first_version, 0u);
  EXPECT_EQ(SetText(Await(other->At(Context{}, 1))->state), texts_[0]);
  EXPECT_EQ(Await(other->AtTime(Context{}, times_[1]))->version, 2u);
}

TEST_F(HistoryTest, ALargeStateIsReadFromParts) {
  rolling_.inline_state_bytes_max = 100;
  log_ = OpenOther({}, rolling_);
  CommitUntil(2);
  EXPECT_FALSE(Objects(".part").empty());
  const auto store = std::make_shared<FaultyObjectStore>(memory_, FaultOptions{});
  const auto other = OpenOn(store);
  EXPECT_EQ(SetText(Await(other->Latest(Context{}))->state), texts_.back());
  EXPECT_EQ(store->requests(), 2u);
}

// What a reader that needs one place only would go by.
TEST_F(HistoryTest, PartsAreNamedWithTheirFirstAndLastPlace) {
  rolling_.inline_state_bytes_max = 100;
  log_ = OpenOther({}, rolling_);
  const std::string half(kPartTextBytesGoal / 2, 'x');
  SetChange::Entries entries;
  for (const char* key : {"a", "b", "c", "d", "e"}) entries.emplace_back(key, half);
  auto change = std::make_shared<SetChange>(env_.uuids, entries);
  ASSERT_TRUE(Await(log().Commit(Context{}, change, Options("key"))).ok());
  ASSERT_EQ(Await(log().Settle(Context{})), Status::Ok());  // It made a roll, which is not meant.
  CommitUntil(Objects(".log").size() + 1);
  const auto decoded = DecodeLog(Content("pond.log"), "pond.log");
  ASSERT_TRUE(decoded.ok()) << decoded.error().ToString();
  const auto& parts = decoded->base.parts;
  ASSERT_EQ(parts.size(), 3u);
  // The idempotency key stands before all places.
  EXPECT_EQ(parts[0].bounds, (PartBounds{"", "b"}));
  EXPECT_EQ(parts[1].bounds, (PartBounds{"c", "d"}));
  EXPECT_EQ(parts[2].bounds->first, "e");
  EXPECT_EQ(SetText(Await(OpenOther()->Latest(Context{}))->state), texts_.back());
}

TEST_F(HistoryTest, ASmallPondIsOpenedByOneRequestAndFollowedByItsTail) {
  const auto store = std::make_shared<FaultyObjectStore>(memory_, FaultOptions{});
  const auto other = OpenOn(store);
  ASSERT_TRUE(Put("a", "1").ok());
  EXPECT_EQ(Await(other->Latest(Context{}))->version, 1u);
  EXPECT_EQ(store->requests(), 1u);
  EXPECT_EQ(Await(other->Latest(Context{}))->version, 1u);
  ASSERT_TRUE(Put("a", "2").ok());
  EXPECT_EQ(Await(other->Latest(Context{}))->version, 2u);
  EXPECT_EQ(store->requests(), 3u);
}

TEST_F(HistoryTest, AReaderFollowsAcrossARoll) {
  const auto other = OpenOther();
  for (uint64_t segments = 1; segments < 6; ++segments) {
    CommitUntil(segments);
    const auto seen = Await(other->Latest(Context{}));
    ASSERT_TRUE(seen.ok()) << seen.error().ToString();
    EXPECT_EQ(SetText(seen->state), texts_.back());
  }
}

TEST_F(HistoryTest, ARollKeepsCommitsThatCameMeanwhile) {
  // Each second put waits: those of segments too, while commits go on.
  FaultOptions faults;
  faults.rates.delay = 0.5;
  const auto roller = OpenOther(faults, rolling_);
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(PutOn(*roller, "k" + std::to_string(i), "1").ok());  // No Settle between.
  }
  ASSERT_EQ(Await(roller->Settle(Context{})), Status::Ok());
  const auto report = Await(OpenOther()->Verify(Context{}));
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_EQ(report->last_version, 60u);
  EXPECT_GE(report->segments, 1u);
}

TEST_F(HistoryTest, ACrashBetweenSegmentAndSwapLeavesAnOrphanOnly) {
  CommitUntil(1);
  for (uint64_t requests = 1; requests < 30; ++requests) {
    FaultOptions faults;
    faults.crash_after = requests;
    const auto dying = OpenOther(faults, rolling_);
    for (int i = 0; i < 6; ++i) {
      if (!PutOn(*dying, "d", std::to_string(i)).ok()) break;
    }
    LetFinish();
    const auto report = Await(OpenOther()->Verify(Context{}));
    ASSERT_TRUE(report.ok()) << report.error().ToString();
  }
}

// A base that names a segment, or a part of the state, which never came would be the pond's end.
TEST_F(HistoryTest, NoBaseNamesWhatTheStoreWasTooBusyToTake) {
  rolling_.inline_state_bytes_max = 100;
  const auto store = std::make_shared<BusyStore>(memory_, FirstPuts("log/", 5));
  log_ = OpenOn(store, rolling_);
  CommitUntil(2);
  EXPECT_EQ(store->refused(), 5);
  const auto report = Await(OpenOther()->Verify(Context{}));
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_EQ(report->segments, 2u);
  EXPECT_EQ(SetText(Await(OpenOther()->Latest(Context{}))->state), texts_.back());
}

TEST_F(HistoryTest, ABaseThatNobodyCouldReadIsNotSwappedIn) {
  // Where it was proven is part of a base, and this is too long for one.
  class FarStore final : public StoreWrapper {
   public:
    using StoreWrapper::StoreWrapper;
    std::string endpoint() const override { return std::string(kProofBytesMax, 'e'); }
  };
  const auto far = OpenOn(std::make_shared<FarStore>(memory_), rolling_);
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(PutOn(*far, "a", std::to_string(i)).ok());
  ASSERT_EQ(Await(far->Settle(Context{})), Status::Ok());
  const auto seen = Await(OpenOther()->Latest(Context{}));
  ASSERT_TRUE(seen.ok()) << seen.error().ToString();
  EXPECT_EQ(seen->version, 12u);
}

TEST_F(HistoryTest, IdempotencyKeysSurviveRolls) {
  const auto first = Await(log().Commit(Context{}, PutChange("a", "1"), Options("key")));
  ASSERT_TRUE(first.ok());
  texts_.push_back("a=1");
  times_.push_back(first->time_us);
  CommitUntil(3);
  const auto again = Await(OpenOther()->Commit(Context{}, PutChange("a", "2"), Options("key")));
  ASSERT_TRUE(again.ok()) << again.error().ToString();
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->version, first->version);
}

TEST_F(HistoryTest, ALostOrAlteredSegmentIsNamed) {
  CommitUntil(2);
  const std::vector<std::string> segments = Objects(".log");
  ASSERT_EQ(segments.size(), 2u);
  std::string altered = Content(segments[0]);
  altered[altered.size() / 2] ^= 1;
  Overwrite(segments[0], altered);
  const auto at = Await(OpenOther()->At(Context{}, 1));
  ASSERT_FALSE(at.ok());
  EXPECT_EQ(at.error().code(), StatusCode::kCorrupt);
  EXPECT_NE(at.error().message().find(segments[0]), std::string::npos) << at.error().message();
  ASSERT_TRUE(Await(memory_->Delete(Context{}, segments[0], std::nullopt)).ok());
  EXPECT_EQ(Await(OpenOther()->At(Context{}, 1)).error().code(), StatusCode::kCorrupt);
  EXPECT_EQ(Await(OpenOther()->Verify(Context{})).error().code(), StatusCode::kCorrupt);
  EXPECT_TRUE(Await(OpenOther()->Latest(Context{})).ok());  // The present needs no segment.
}

TEST_F(HistoryTest, AnObjectThatIsLongerThanItsBaseSaysIsCorrupt) {
  CommitUntil(1);
  const std::string segment = Objects(".log")[0];
  Overwrite(segment, Content(segment) + "more");
  const Status status = Await(OpenOther()->At(Context{}, 1)).status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt) << status.ToString();
  EXPECT_NE(status.message().find(segment), std::string::npos) << status.ToString();
}

// Without them a commit that is tried again would be made twice.
TEST_F(HistoryTest, ABaseThatLostItsIdempotencyKeysIsNoticed) {
  ASSERT_TRUE(Await(log().Commit(Context{}, PutChange("a", "1"), Options("key"))).ok());
  texts_.push_back("a=1");
  CommitUntil(1);
  ASSERT_TRUE(Await(OpenOther()->Verify(Context{})).ok());
  const std::string content = Content("pond.log");
  const auto decoded = DecodeLog(content, "pond.log");
  ASSERT_TRUE(decoded.ok());
  std::string text;
  for (const Event& line : decoded->state_lines) {
    if (line.name != "key") AppendLine(text, line);
  }
  Overwrite("pond.log", EncodeLogStart(decoded->base, text) + content.substr(decoded->base_end));
  const Status status = Await(OpenOther()->Verify(Context{})).status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt) << status.ToString();
  EXPECT_NE(status.message().find("idempotency keys"), std::string::npos) << status.ToString();
}

// A program that is older than an event of the log, which has to be known.
class OlderFolder final : public Folder {
 public:
  StatePtr Empty() const override { return folder_.Empty(); }
  Result<StatePtr> Fold(StatePtr before, std::span<const Event> events) const override {
    for (const Event& event : events) {
      if (!Knows(event.name)) return Status::Unsupported("event '" + event.name + "' is newer");
    }
    return folder_.Fold(std::move(before), events);
  }
  Result<std::vector<StateRun>> Unfold(const FoldedState& state) const override {
    return folder_.Unfold(state);
  }
  bool Knows(std::string_view name) const override { return name != "remove"; }

 private:
  const SetFolder folder_;
};

class Remove final : public Change {
 public:
  explicit Remove(Event event) : event_(std::move(event)) {}
  Task<Result<std::vector<Event>>> Rebase(Context, Snapshot) override { return Make({event_}); }
  static Task<Result<std::vector<Event>>> Make(std::vector<Event> events) { co_return events; }

 private:
  const Event event_;
};

TEST_F(HistoryTest, AHistoryThatCannotBeFoldedCanBeRead) {
  ASSERT_TRUE(Put("a", "1").ok());
  const OlderFolder folder;
  const auto follower = EventLog::Open(env_, memory_, folder, {}, FreshShare());
  EXPECT_EQ(Await(follower->Latest(Context{}))->version, 1u);
  const Event event{env_.uuids.Next(), "remove", "{\"key\":\"a\"}", false};
  ASSERT_TRUE(Await(log().Commit(Context{}, std::make_shared<Remove>(event), Options())).ok());
  ASSERT_TRUE(Put("b", "2").ok());
  // Whether it is met in the tail, in a log that is read whole, or in one whose base was replaced.
  for (const bool rolled : {false, true}) {
    if (rolled) CommitUntil(1);
    const Version last = Await(log().Latest(Context{}))->version;
    for (const auto& older : {follower, EventLog::Open(env_, memory_, folder, {}, FreshShare())}) {
      const auto history = Await(older->History(Context{}, {}));
      ASSERT_TRUE(history.ok()) << history.error().ToString();
      ASSERT_EQ(history->size(), last);
      EXPECT_EQ((*history)[1].events[0].name, "remove");
      EXPECT_EQ(SetText(Await(older->At(Context{}, 1))->state), "a=1");
      if (rolled) continue;
      const auto latest = Await(older->Latest(Context{}));
      EXPECT_EQ(latest.status().code(), StatusCode::kUnsupported);
      EXPECT_NE(latest.status().message().find("pond.log: version 2: event 'remove'"),
                std::string::npos);
      EXPECT_EQ(older->Cached(), std::nullopt);
      EXPECT_EQ(Await(older->At(Context{}, 3)).status().code(), StatusCode::kUnsupported);
      EXPECT_EQ(PutOn(*older, "c", "3").status().code(), StatusCode::kUnsupported);
      EXPECT_EQ(Await(older->Verify(Context{})).status().code(), StatusCode::kUnsupported);
    }
  }
  LetFinish();  // While `folder` is there.
}

}  // namespace
}  // namespace duckpond
