// SPDX-License-Identifier: MIT
#include "lake/flush.h"

#include <gtest/gtest.h>

#include "lake/limits.h"
#include "tests/support/lake_fixture.h"

namespace duckpond {
namespace {

// 400 letters that do not compress well.
std::string Noise(uint64_t seed) {
  SeededRandom random(seed);
  std::string text;
  while (text.size() < 400) text += static_cast<char>(' ' + random.Below(90));
  return text;
}

// A process whose disk is full.
class BrokenEngine final : public DataEngine {
 public:
  Task<Result<std::vector<std::string>>> ReadKeys(Context, TablePtr, DataFilePtr,
                                                  KeyRange) override {
    co_return Status::Unavailable("cannot read");
  }
  Task<Result<DataFile>> WriteFile(Context, TablePtr, std::vector<ColumnBatch>) override {
    co_return Status::Exhausted("the disk is full");
  }
};

class FlushTest : public LakeFixture {
 protected:
  void SetUp() override {
    auto transaction = Begin();
    ASSERT_EQ(transaction->CreateTable(MakeTable("t")), Status::Ok());
    ASSERT_EQ(transaction->CreateTable(MakeTable("small", false)), Status::Ok());
    ASSERT_EQ(transaction->SetOption("inline_bytes", "200"), Status::Ok());
    ASSERT_EQ(Commit(*transaction), Status::Ok());
  }
  static Task<Result<CommitReceipt>> Waited(Completion<Result<CommitReceipt>> done) {
    auto receipt = co_await done;
    co_return receipt;
  }
  uint64_t InlineBytes() { return Begin()->view()->inline_bytes; }
  Status InsertOne(const Process& process, int64_t id) {
    return InsertNow(*process.pond, "t", {{id, "row " + std::to_string(id)}});
  }
};

TEST_F(FlushTest, RowsBeyondTheLimitMoveIntoAFileAndKeepTheirIds) {
  std::vector<Found> expected;
  for (int64_t i = 0; i < 40; ++i) {
    // Keys fall as row ids rise, so that the file's order is not that of the ids.
    ASSERT_EQ(InsertOne(here_, 1000 - i), Status::Ok());
    expected.push_back({static_cast<uint64_t>(i), {1000 - i, "row " + std::to_string(1000 - i)}});
    ASSERT_EQ(ScanLatest("t"), expected);
    ASSERT_LE(InlineBytes(), 200u + 50u);
  }
  EXPECT_GE(here_.engine->files_written, 3u);
  EXPECT_EQ(DataObjects(), here_.engine->files_written);
  // Duplicates of flushed rows are still duplicates.
  EXPECT_EQ(InsertOne(here_, 990).code(), StatusCode::kExists);
}

TEST_F(FlushTest, TheFullestTableGoesFirst) {
  ASSERT_EQ(InsertNow(*here_.pond, "small", {{1, "x"}}), Status::Ok());
  for (int64_t i = 0; i < 20; ++i) ASSERT_EQ(InsertOne(here_, i), Status::Ok());
  EXPECT_GE(here_.engine->files_written, 1u);
  EXPECT_EQ(Find(*Begin(), "small")->files.size(), 0u);
  EXPECT_EQ(Find(*Begin(), "small")->inline_rows.size(), 1u);
}

TEST_F(FlushTest, AFlushThatFailsDoesNotFailTheCommit) {
  for (int64_t i = 0; i < 5; ++i) ASSERT_EQ(InsertOne(here_, i), Status::Ok());
  const Process broken = OpenProcess();
  broken.pond->SetEngine(std::make_shared<BrokenEngine>());
  for (int64_t i = 10; i < 40; ++i) ASSERT_EQ(InsertOne(broken, i), Status::Ok());
  EXPECT_GT(InlineBytes(), 400u);
  // Somebody who can write takes up what is left.
  ASSERT_EQ(InsertOne(here_, 100), Status::Ok());
  EXPECT_LE(InlineBytes(), 200u);
  EXPECT_EQ(ScanLatest("t").size(), 36u);
}

TEST_F(FlushTest, ALogThatWouldDrownIsSavedByAnError) {
  auto transaction = Begin();
  ASSERT_EQ(transaction->SetOption("inline_bytes", "20000"), Status::Ok());
  ASSERT_EQ(Commit(*transaction), Status::Ok());
  const Process broken = OpenProcess();
  broken.pond->SetEngine(std::make_shared<BrokenEngine>());
  Status status;
  int64_t id = 0;
  for (; status.ok() && id < 1000; ++id) {
    status = InsertNow(*broken.pond, "t", {{id, Noise(static_cast<uint64_t>(id))}});
  }
  EXPECT_EQ(status.code(), StatusCode::kExhausted) << status.ToString();
  EXPECT_GT(InlineBytes(), 100'000u);
  EXPECT_EQ(InsertOne(here_, 5000), Status::Ok());
  EXPECT_EQ(ScanLatest("t").size(), static_cast<size_t>(id));
}

TEST_F(FlushTest, AWaitingCommitStopsWaitingWhenItIsCancelled) {
  for (int64_t i = 0; i < 8; ++i) ASSERT_EQ(InsertOne(here_, i), Status::Ok());
  // A flush that never ends: its file is written by an engine that waits.
  class Stuck final : public DataEngine {
   public:
    Task<Result<std::vector<std::string>>> ReadKeys(Context, TablePtr, DataFilePtr,
                                                    KeyRange) override {
      co_return Status::Unavailable("cannot read");
    }
    Task<Result<DataFile>> WriteFile(Context, TablePtr, std::vector<ColumnBatch>) override {
      return Wait(over);
    }
    static Task<Result<DataFile>> Wait(Completion<bool> until) {
      const bool ended = co_await until;
      co_return ended ? Status::Unavailable("ended") : Status::Internal("not ended");
    }
    const Completion<bool> over;
  };
  const auto stuck = std::make_shared<Stuck>();
  here_.pond->SetEngine(stuck);
  auto flusher = Begin();
  auto waiting = Begin();
  ASSERT_EQ(Insert(*flusher, "t", {{100, Noise(1)}}), Status::Ok());
  ASSERT_EQ(Insert(*waiting, "t", {{101, Noise(2)}}), Status::Ok());
  auto first = Start(env_.executor, flusher->Commit(Context{}, CommitOptions{}));
  EXPECT_TRUE(executor_.RunUntilIdle(1'000'000));  // It is the first to flush, and stuck.
  CancelSource source;
  Context context;
  context.cancel = source.token();
  auto second = Start(env_.executor, waiting->Commit(context, CommitOptions{}));
  env_.executor.Post([&] { source.Cancel(); });
  const auto cancelled = Await(Waited(second));
  EXPECT_EQ(cancelled.status().code(), StatusCode::kCancelled);
  stuck->over.Set(true);
  EXPECT_TRUE(Await(Waited(first)).ok());
  EXPECT_EQ(ScanLatest("t").size(), 9u);
}

TEST_F(FlushTest, TwoFlushesOfTheSameRowsLeaveOneFile) {
  for (int64_t i = 0; i < 8; ++i) ASSERT_EQ(InsertOne(here_, i), Status::Ok());
  const Process there = OpenProcess();
  auto loser = Begin(*there.pond);
  ASSERT_EQ(Insert(*loser, "t", {{500, Noise(1)}}), Status::Ok());
  auto winner = Begin();
  ASSERT_EQ(Insert(*winner, "t", {{501, Noise(2)}}), Status::Ok());
  ASSERT_EQ(Commit(*winner), Status::Ok());
  ASSERT_EQ(here_.engine->files_written, 1u);
  // It prepares a flush of the same rows, and drops it: its own rows are committed all the same.
  ASSERT_EQ(Commit(*loser), Status::Ok());
  ASSERT_EQ(there.engine->files_written, 1u);
  EXPECT_EQ(DataObjects(), 1u);
  EXPECT_EQ(ScanLatest("t").size(), 10u);
}

TEST_F(FlushTest, RowsThatCameMeanwhileStayInline) {
  for (int64_t i = 0; i < 8; ++i) ASSERT_EQ(InsertOne(here_, i), Status::Ok());
  const Process there = OpenProcess();
  auto flusher = Begin(*there.pond);
  ASSERT_EQ(Insert(*flusher, "t", {{500, Noise(1)}}), Status::Ok());
  // Behind the other process's back, without a flush of its own.
  here_.pond->SetEngine(nullptr);
  ASSERT_EQ(InsertOne(here_, 100), Status::Ok());
  ASSERT_EQ(Commit(*flusher), Status::Ok());
  EXPECT_EQ(there.engine->files_written, 1u);
  const TablePtr table = Find(*Begin(), "t");
  EXPECT_EQ(table->files.size(), 1u);
  EXPECT_EQ(table->inline_rows.size(), 2u);
  EXPECT_EQ(ScanLatest("t").size(), 10u);
}

TEST_F(FlushTest, AFlushOfADroppedTableIsForgotten) {
  for (int64_t i = 0; i < 8; ++i) ASSERT_EQ(InsertOne(here_, i), Status::Ok());
  const Process there = OpenProcess();
  auto flusher = Begin(*there.pond);
  ASSERT_EQ(Insert(*flusher, "small", {{1, Noise(1)}}), Status::Ok());
  auto dropper = Begin();
  ASSERT_EQ(dropper->DropTable("main", "t"), Status::Ok());
  ASSERT_EQ(Commit(*dropper), Status::Ok());
  ASSERT_EQ(Commit(*flusher), Status::Ok());
  EXPECT_EQ(DataObjects(), 0u);
  EXPECT_EQ(ScanLatest("small").size(), 1u);
}

TEST_F(FlushTest, ATransactionThatDropsATableDoesNotFlushIt) {
  for (int64_t i = 0; i < 8; ++i) ASSERT_EQ(InsertOne(here_, i), Status::Ok());
  auto dropper = Begin();
  ASSERT_EQ(Insert(*dropper, "small", {{1, Noise(1)}}), Status::Ok());
  ASSERT_EQ(dropper->DropTable("main", "t"), Status::Ok());
  ASSERT_EQ(Commit(*dropper), Status::Ok());
  EXPECT_EQ(here_.engine->files_written, 0u);
  EXPECT_EQ(InlineBytes(), Find(*Begin(), "small")->inline_bytes);
}

TEST_F(FlushTest, WithoutInliningRowsGoIntoFiles) {
  auto transaction = Begin();
  ASSERT_EQ(transaction->SetOption("inline_bytes", "0"), Status::Ok());
  ASSERT_EQ(Commit(*transaction), Status::Ok());
  ASSERT_EQ(InsertOne(here_, 1), Status::Ok());
  ASSERT_EQ(InsertOne(here_, 2), Status::Ok());
  EXPECT_EQ(InlineBytes(), 0u);
  EXPECT_EQ(Find(*Begin(), "t")->files.size(), 2u);
  EXPECT_EQ(InsertOne(here_, 1).code(), StatusCode::kExists);
  EXPECT_EQ(ScanLatest("t").size(), 2u);
}

TEST_F(FlushTest, TheGateLetsOneInAndWakesThoseWhoWait) {
  FlushGate gate;
  EXPECT_FALSE(gate.WaitForLeave().has_value());
  EXPECT_TRUE(gate.TryEnter());
  EXPECT_FALSE(gate.TryEnter());
  auto left = gate.WaitForLeave();
  ASSERT_TRUE(left.has_value());
  gate.Leave();
  EXPECT_FALSE(left->Set(true));  // It was set before.
  EXPECT_TRUE(gate.TryEnter());
}

TEST_F(FlushTest, WhatToFlushIsHalfOfTheLimit) {
  Catalog catalog;
  auto schema = std::make_shared<Schema>();
  for (const uint64_t bytes : {100, 300, 50, 0}) {
    auto table = std::make_shared<Table>();
    table->inline_bytes = bytes;
    if (bytes > 0) table->inline_rows.Mutable().push_back(std::make_shared<InlineRows>());
    schema->tables[std::to_string(bytes)] = table;
  }
  catalog.schemas["main"] = schema;
  EXPECT_EQ(TablesToFlush(catalog, 450, 450).size(), 0u);
  const auto one = TablesToFlush(catalog, 450, 400);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0]->inline_bytes, 300u);
  EXPECT_EQ(TablesToFlush(catalog, 450, 200).size(), 2u);
  EXPECT_EQ(TablesToFlush(catalog, 450, 10).size(), 3u);
}

}  // namespace
}  // namespace duckpond
