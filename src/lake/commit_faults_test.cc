// SPDX-License-Identifier: MIT
//
// A commit with a file, rows, and a flush, with a fault at each of its requests in turn: whatever
// the answer, the change is there wholly or not at all, it is not there after a definite failure,
// and no file that the log names is ever deleted.
#include <gtest/gtest.h>

#include <map>

#include "tests/support/lake_fixture.h"

namespace duckpond {
namespace {

class CommitFaultsTest : public LakeFixture {
 protected:
  static constexpr int64_t kRows = 12;

  void Prepare() {
    memory_ = std::make_shared<MemoryObjectStore>();
    here_ = OpenProcess();
    auto transaction = Begin();
    ASSERT_EQ(transaction->CreateTable(MakeTable("t")), Status::Ok());
    ASSERT_EQ(transaction->SetOption("inline_bytes", "40"), Status::Ok());
    ASSERT_EQ(Commit(*transaction), Status::Ok());
    // Rows that the commit under test will flush: this process cannot.
    here_.pond->SetEngine(nullptr);
    for (int64_t i = 0; i < kRows; ++i) {
      ASSERT_EQ(InsertNow(*here_.pond, "t", {{i, "before"}}), Status::Ok());
    }
  }

  // Reads, writes, commits; gives up where a user would. Returns the first error.
  Status Run(const Process& process) {
    auto latest = Await(process.pond->Latest(Context{}));
    if (!latest.ok()) return latest.error();
    auto transaction = process.pond->Begin(*std::move(latest));
    Status status = InsertFile(process, *transaction, "t", {{100, "file"}, {101, "file"}});
    if (status.ok()) status = Insert(*transaction, "t", {{102, "inline"}});
    if (!status.ok()) {
      (void)Await(transaction->Rollback(Context{}));
      return status;
    }
    status = Commit(*transaction);
    (void)Await(transaction->Rollback(Context{}));
    return status;
  }

  // All that must hold afterwards; what is late has landed by then.
  void Check(const Status& status, const std::string& what) {
    executor_.RunUntilIdle(1'000'000);
    const auto rows = ScanLatest("t");
    const bool committed = rows.size() == kRows + 3;
    EXPECT_TRUE(committed || rows.size() == kRows) << what << ": " << rows.size() << " rows";
    for (uint64_t i = 0; i < kRows; ++i) {
      EXPECT_EQ(rows[i], (Found{i, {static_cast<int64_t>(i), "before"}})) << what;
    }
    if (status.ok()) {
      EXPECT_TRUE(committed) << what;
    } else if (status.code() != StatusCode::kUnknown) {
      EXPECT_FALSE(committed) << what << ": " << status.ToString();
    }
    // The next one works as if nothing had been.
    here_ = OpenProcess();
    EXPECT_EQ(InsertNow(*here_.pond, "t", {{500, "after"}}), Status::Ok()) << what;
    EXPECT_EQ(ScanLatest("t").size(), rows.size() + 1) << what;
  }
};

TEST_F(CommitFaultsTest, AFaultAtAnyRequestLosesNothingAndDoublesNothing) {
  Prepare();
  const Process clean = OpenProcess();
  const Status fine = Run(clean);
  Check(fine, "without a fault");
  ASSERT_EQ(fine, Status::Ok());
  const uint64_t requests = clean.store->requests();
  ASSERT_GE(requests, 4u);
  std::map<StatusCode, int> outcomes;
  for (const Fault fault : {Fault::kFail, Fault::kDrop, Fault::kTimeOut, Fault::kLate,
                            Fault::kDuplicate, Fault::kTruncate, Fault::kStale}) {
    for (uint64_t nth = 1; nth <= requests; ++nth) {
      Prepare();
      FaultOptions faults;
      faults.rules.push_back({std::nullopt, "", nth, fault, 50'000});
      const Process process = OpenProcess(faults);
      const Status status = Run(process);
      ++outcomes[status.code()];
      Check(status, "fault " + std::to_string(static_cast<int>(fault)) + " at request " +
                        std::to_string(nth));
    }
  }
  // Both ends occurred, so the test has seen what it is about.
  EXPECT_GT(outcomes[StatusCode::kOk], 10);
  EXPECT_GT(outcomes[StatusCode::kUnavailable], 1);
}

TEST_F(CommitFaultsTest, ACrashAfterAnyRequestLosesNothingAndDoublesNothing) {
  uint64_t committed = 0;
  uint64_t lost = 0;
  for (uint64_t after = 0; after < 12; ++after) {
    Prepare();
    FaultOptions faults;
    faults.crash_after = after;
    const Process process = OpenProcess(faults);
    const Status status = Run(process);
    Check(status, "crash after " + std::to_string(after));
    ++(status.ok() ? committed : lost);
  }
  EXPECT_GT(committed, 0u);
  EXPECT_GT(lost, 0u);
}

TEST_F(CommitFaultsTest, AnUnknownOutcomeKeepsTheFiles) {
  Prepare();
  // Every put of the log is lost on its way from now on, so the outcome stays unknown.
  FaultOptions faults;
  for (uint64_t nth = 1; nth < 200; ++nth) {
    faults.rules.push_back({RequestKind::kPut, "pond.log", nth, Fault::kDrop, 0});
  }
  const Process process = OpenProcess(faults);
  auto latest = Await(process.pond->Latest(Context{}));
  ASSERT_TRUE(latest.ok());
  auto transaction = process.pond->Begin(*std::move(latest));
  ASSERT_EQ(InsertFile(process, *transaction, "t", {{100, "file"}}), Status::Ok());
  Context context;
  context.deadline_us = executor_.NowUs() + 1'000'000;
  const auto receipt = Await(transaction->Commit(context, CommitOptions{}));
  EXPECT_EQ(receipt.status().code(), StatusCode::kUnknown) << receipt.status().ToString();
  ASSERT_EQ(Await(transaction->Rollback(Context{})), Status::Ok());
  EXPECT_GE(DataObjects(), 1u);
}

TEST_F(CommitFaultsTest, ADefiniteFailureDeletesAllFiles) {
  Prepare();
  auto transaction = Begin(*here_.pond);
  const Process process = OpenProcess();
  auto doomed = Begin(*process.pond);
  ASSERT_EQ(InsertFile(process, *doomed, "t", {{100, "file"}}), Status::Ok());
  ASSERT_EQ(Insert(*transaction, "t", {{100, "first"}}), Status::Ok());
  ASSERT_EQ(Commit(*transaction), Status::Ok());
  EXPECT_EQ(Commit(*doomed).code(), StatusCode::kConflict);
  // Its flush was written too.
  EXPECT_EQ(process.engine->files_written, 2u);
  EXPECT_EQ(DataObjects(), 0u);
}

TEST_F(CommitFaultsTest, ACancelledCommitDeletesItsFiles) {
  Prepare();
  const Process process = OpenProcess();
  auto transaction = Begin(*process.pond);
  ASSERT_EQ(InsertFile(process, *transaction, "t", {{100, "file"}}), Status::Ok());
  CancelSource source;
  source.Cancel();
  Context context;
  context.cancel = source.token();
  EXPECT_EQ(Await(transaction->Commit(context, CommitOptions{})).status().code(),
            StatusCode::kCancelled);
  EXPECT_EQ(DataObjects(), 0u);
}

}  // namespace
}  // namespace duckpond
