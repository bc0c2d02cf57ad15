// SPDX-License-Identifier: MIT
//
// Parts of a state that are read when they are needed, and named again by the next base.
#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "log/log_object.h"
#include "log/pond_file.h"
#include "tests/support/log_fixture.h"
#include "tests/support/summing_folder.h"

namespace duckpond {
namespace {

constexpr size_t kLargeBytes = 1000;

class UnreadParts : public LogFixture {
 protected:
  void SetUp() override {
    rolling_.roll_bytes = 600;
    rolling_.inline_state_bytes_max = 1000;
    log_ = OpenFresh(rolling_);
    ASSERT_EQ(Create(), Status::Ok());
    SetChange::Entries entries;
    for (const char* key : {"a", "b", "c", "d", "e"}) {
      entries.emplace_back(key, *key == 'b' || *key == 'd' ? Large(*key) : "small");
    }
    auto change = std::make_shared<SetChange>(env_.uuids, entries);
    ASSERT_TRUE(Await(log().Commit(Context{}, change, Options())).ok());
    Roll(log());
  }

  // A log as another process would have it.
  std::shared_ptr<EventLog> OpenFresh(LogOptions options = {}) {
    store_ = std::make_shared<FaultyObjectStore>(memory_, FaultOptions{});
    return EventLog::Open(env_, store_, summing_, std::move(options), FreshShare());
  }
  // Commits small entries until the base is another.
  void Roll(EventLog& log) {
    const Uuid before = Base().id;
    for (int i = 0; i < 100 && Base().id == before; ++i) {
      ASSERT_TRUE(PutOn(log, "s" + std::to_string(i % 3), std::to_string(i)).ok());
      ASSERT_EQ(Await(log.Settle(Context{})), Status::Ok());
    }
    ASSERT_NE(Base().id, before);
  }
  DecodedLog Log() {
    auto decoded = DecodeLog(Content(std::string(kLogKey)), std::string(kLogKey));
    CHECK(decoded.ok());
    return *std::move(decoded);
  }
  BaseRecord Base() { return Log().base; }
  // What does not become small when it is compressed.
  static std::string Large(uint64_t seed) {
    SeededRandom random(seed);
    std::string text;
    while (text.size() < 2 * kLargeBytes) {
      text += static_cast<char>('a' + random.Below(26));
    }
    return text;
  }
  Result<StatePtr> ReadAll(const StatePtr& state) {
    return Await(summing_.ReadAll(Context{}, state));
  }

  const SummingFolder summing_{kLargeBytes};
  std::shared_ptr<FaultyObjectStore> store_;  // Of the log that was opened last.
  LogOptions rolling_;
};

TEST_F(UnreadParts, WhatIsSummedUpIsNotFetched) {
  const DecodedLog log = Log();
  EXPECT_GE(log.state_lines.size(), 3u);  // All that is not summed up comes with the base.
  ASSERT_EQ(log.base.parts.size(), 2u);
  EXPECT_EQ(log.base.parts[0].summary, R"({"place":"b"})");
  EXPECT_EQ(log.base.parts[1].summary, R"({"place":"d"})");
  const auto other = OpenFresh();
  const auto seen = Await(other->Latest(Context{}));
  ASSERT_TRUE(seen.ok()) << seen.error().ToString();
  EXPECT_EQ(store_->requests(), 1u);
  EXPECT_EQ(AsSummed(seen->state).unread.size(), 2u);
  const auto read = ReadAll(seen->state);
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_EQ(store_->requests(), 3u);
  EXPECT_EQ(AsSet(*read).entries.at("d").value, Large('d'));
  const auto report = Await(other->Verify(Context{}));
  ASSERT_TRUE(report.ok()) << report.error().ToString();
}

TEST_F(UnreadParts, AProgramThatKnowsNoSummariesReadsAll) {
  const auto plain = OpenOther();
  const auto seen = Await(plain->Latest(Context{}));
  ASSERT_TRUE(seen.ok()) << seen.error().ToString();
  EXPECT_EQ(AsSet(seen->state).entries.at("b").value, Large('b'));
  const auto report = Await(plain->Verify(Context{}));
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_EQ(report->events, Await(OpenFresh()->Verify(Context{}))->events);
}

TEST_F(UnreadParts, ARollNamesThemAgainAndReadsNone) {
  const BaseRecord before = Base();
  const auto other = OpenFresh(rolling_);
  ASSERT_TRUE(Await(other->Latest(Context{})).ok());
  for (int i = 0; i < 3; ++i) Roll(*other);
  const BaseRecord after = Base();
  ASSERT_EQ(after.parts.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(after.parts[i].path, before.parts[i].path);
    EXPECT_EQ(after.parts[i].hash, before.parts[i].hash);
    EXPECT_EQ(after.parts[i].summary, before.parts[i].summary);
    EXPECT_EQ(after.parts[i].bounds, before.parts[i].bounds);
  }
  // The process that wrote them holds them no longer.
  for (const auto& log : {log_, other}) {
    const auto seen = Await(log->Latest(Context{}));
    ASSERT_TRUE(seen.ok());
    EXPECT_EQ(AsSummed(seen->state).unread.size(), 2u);
    EXPECT_EQ(AsSet(seen->state).entries.count("b"), 0u);
    ASSERT_TRUE(Await(log->Verify(Context{})).ok());
  }
}

// Under a constant load each roll leaves together with a commit, which was built before it.
TEST_F(UnreadParts, ARollThatLeavesWithACommitIsNotWrittenAgain) {
  FaultOptions faults;
  faults.rates.delay = 0.5;
  const auto slow = EventLog::Open(env_, std::make_shared<FaultyObjectStore>(memory_, faults),
                                   summing_, rolling_, FreshShare());
  const auto large = std::make_shared<SetChange>(env_.uuids, SetChange::Entries{{"z", Large('z')}});
  ASSERT_TRUE(Await(slow->Commit(Context{}, large, Options())).ok());
  std::set<Uuid> bases;
  std::set<std::string> parts;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(PutOn(*slow, "k" + std::to_string(i % 7), std::to_string(i)).ok());
    const BaseRecord base = Base();
    bases.insert(base.id);
    for (const auto& part : base.parts) {
      if (part.summary == R"({"place":"z"})") parts.insert(part.path);
    }
  }
  EXPECT_GT(bases.size(), 5u);
  EXPECT_EQ(parts.size(), 1u);
  EXPECT_EQ(AsSummed(slow->Cached()->state).unread.size(), 3u);
  EXPECT_EQ(AsSet(slow->Cached()->state).entries.count("z"), 0u);
}

// Each version, by the log that rolled and by a fresh one.
TEST_F(UnreadParts, CommitsBehindARollAreInTheStateThatItLeaves) {
  FaultOptions faults;
  faults.rates.delay = 0.5;
  const auto slow = EventLog::Open(env_, std::make_shared<FaultyObjectStore>(memory_, faults),
                                   summing_, rolling_, FreshShare());
  SetChange::Entries large = {{"z", Large('z')}};
  ASSERT_TRUE(
      Await(slow->Commit(Context{}, std::make_shared<SetChange>(env_.uuids, large), Options()))
          .ok());
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(PutOn(*slow, "k" + std::to_string(i), std::to_string(i)).ok());
    const auto here = ReadAll(slow->Cached()->state);
    const auto there = ReadAll(Await(OpenFresh()->Latest(Context{}))->state);
    ASSERT_TRUE(here.ok() && there.ok());
    ASSERT_EQ(SetText(*here), SetText(*there));
  }
  ASSERT_EQ(Await(slow->Settle(Context{})), Status::Ok());
  const std::vector<PartRef> parts = Base().parts;
  EXPECT_EQ(std::ranges::count(parts, R"({"place":"z"})", &PartRef::summary), 1);
  const auto report = Await(OpenFresh()->Verify(Context{}));
  ASSERT_TRUE(report.ok()) << report.error().ToString();
}

TEST_F(UnreadParts, OneThatIsGoneOrAlteredIsNamedByWhoNeedsIt) {
  const std::string path = Base().parts[1].path;
  const std::string body = Content(path);
  std::string altered = body;
  altered[altered.size() / 2] ^= 1;
  for (const bool gone : {false, true}) {
    Overwrite(path, altered);
    if (gone) {
      ASSERT_TRUE(Await(memory_->Delete(Context{}, path, std::nullopt)).ok());
    }
    const auto other = OpenFresh(rolling_);
    const auto seen = Await(other->Latest(Context{}));
    ASSERT_TRUE(seen.ok()) << seen.error().ToString();
    ASSERT_TRUE(PutOn(*other, "f", "1").ok());
    for (const Status& refused :
         {ReadAll(seen->state).status(), Await(other->Verify(Context{})).status()}) {
      EXPECT_EQ(refused.code(), StatusCode::kCorrupt) << refused.ToString();
      EXPECT_NE(refused.message().find(path), std::string::npos) << refused.message();
    }
    Overwrite(path, body);
  }
}

}  // namespace
}  // namespace duckpond
