// SPDX-License-Identifier: MIT
//
// What becomes of commits that wait while another one is in doubt.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/log_fixture.h"

namespace duckpond {
namespace {

class DoubtTest : public LogFixture {
 protected:
  void SetUp() override { ASSERT_EQ(Create(), Status::Ok()); }

  using Answer = std::optional<Result<CommitReceipt>>;
  static Task<void> CommitInto(std::shared_ptr<EventLog> log, Context context,
                               std::shared_ptr<Change> change, CommitOptions options,
                               Answer* answer) {
    answer->emplace(co_await log->Commit(context, change, options));
  }
};

TEST_F(DoubtTest, ACommitThatWaitsIsMadeWhenTheOneInDoubtRunsOutOfTime) {
  FaultOptions faults;
  faults.rules.push_back({RequestKind::kPut, "pond.log", 1, Fault::kDrop, 0});
  // What became of the put cannot be asked before its time is over.
  faults.rules.push_back({RequestKind::kGet, "pond.log", 2, Fault::kDelay, 60'000'000});
  const auto log = OpenOther(faults);
  Context hasty;
  hasty.deadline_us = executor_.NowUs() + 500'000;
  Answer first;
  Answer second;
  Spawn(executor_, CommitInto(log, hasty, PutChange("a", "1"), Options(), &first));
  executor_.PostAt(executor_.NowUs() + 250'000, [&, options = Options()] {
    Spawn(executor_, CommitInto(log, Context{}, PutChange("b", "1"), options, &second));
  });
  ASSERT_TRUE(executor_.RunUntilIdle(100'000));
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->status().code(), StatusCode::kUnknown);
  ASSERT_TRUE(second.has_value()) << "nobody takes it up";
  EXPECT_TRUE(second->ok()) << second->status().ToString();
}

// A program of some age: it folds nothing, and knows what it knows.
class AgedFolder final : public Folder {
 public:
  explicit AgedFolder(std::set<std::string, std::less<>> known) : known_(std::move(known)) {}
  StatePtr Empty() const override { return std::make_shared<SetState>(); }
  Result<StatePtr> Fold(StatePtr before, std::span<const Event>) const override { return before; }
  Result<std::vector<StateRun>> Unfold(const FoldedState&) const override {
    return std::vector<StateRun>();
  }
  bool Knows(std::string_view name) const override { return known_.contains(name); }

 private:
  const std::set<std::string, std::less<>> known_;
};

TEST_F(DoubtTest, ACommitThatLandedIsFoundThoughANewerProgramHasWrittenSince) {
  const AgedFolder old({"put"});
  const AgedFolder newer({"put", "later"});
  FaultOptions faults;
  faults.rules.push_back({RequestKind::kPut, "pond.log", 1, Fault::kTimeOut, 0});
  // The first look fails, so that the newer program comes between.
  faults.rules.push_back({RequestKind::kGet, "pond.log", 2, Fault::kFail, 0});
  const auto faulty = std::make_shared<FaultyObjectStore>(memory_, faults);
  const auto old_log = EventLog::Open(env_, faulty, old, {}, FreshShare());
  const auto new_log = EventLog::Open(env_, memory_, newer, {}, FreshShare());
  Answer ours;
  Answer theirs;
  Spawn(executor_, CommitInto(old_log, Context{}, PutChange("a", "1"), Options(), &ours));
  auto change = std::make_shared<OneEvent>(Event{env_.uuids.Next(), "later", "{}", false});
  executor_.PostAt(executor_.NowUs() + 1, [&, change, options = Options()] {
    Spawn(executor_, CommitInto(new_log, Context{}, change, options, &theirs));
  });
  ASSERT_TRUE(executor_.RunUntilIdle(100'000));
  ASSERT_TRUE(theirs.has_value() && theirs->ok());
  EXPECT_EQ((*theirs)->version, 2u);
  ASSERT_TRUE(ours.has_value());
  ASSERT_TRUE(ours->ok()) << ours->status().ToString();
  EXPECT_EQ((*ours)->version, 1u);
}

}  // namespace
}  // namespace duckpond
