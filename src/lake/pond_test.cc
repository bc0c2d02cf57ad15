// SPDX-License-Identifier: MIT
#include "lake/pond.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "lake/limits.h"
#include "tests/support/lake_fixture.h"

namespace duckpond {
namespace {

class PondTest : public LakeFixture {};

TEST_F(PondTest, APondThatIsNotThereIsNotFoundAndMadeByTheFirstCommit) {
  EXPECT_EQ(Await(here_.pond->Latest(Context{})).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(here_.pond->Nothing().version, 0u);
  EXPECT_NE(here_.pond->Nothing().catalog->FindSchema("MAIN"), nullptr);
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  EXPECT_EQ(Await(here_.pond->Latest(Context{}))->version, 1u);
}

TEST_F(PondTest, OlderVersionsAreStillThere) {
  ASSERT_EQ(Await(here_.pond->Create(Context{})), Status::Ok());
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  ASSERT_EQ(InsertNow(*here_.pond, "t", {{1, "a"}}), Status::Ok());
  ASSERT_EQ(InsertNow(*here_.pond, "t", {{2, "b"}}), Status::Ok());
  const auto second = Await(here_.pond->At(Context{}, 2));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(Scan(*second->catalog, "t").size(), 1u);
  const auto by_time = Await(here_.pond->AtTime(Context{}, second->time_us));
  ASSERT_TRUE(by_time.ok());
  EXPECT_EQ(by_time->version, 2u);
  EXPECT_EQ(Await(here_.pond->At(Context{}, 9)).status().code(), StatusCode::kNotFound);
}

TEST_F(PondTest, ACatalogThatARollHasFoldedAnewIsTheSame) {
  PondOptions options;
  options.log.roll_bytes = 2000;
  const Process roller = OpenProcess({}, options);
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  for (int64_t i = 0; i < 40; ++i) {
    ASSERT_EQ(InsertNow(*roller.pond, "t", {{i, "row"}}), Status::Ok());
    if (i % 10 == 0) {
      ASSERT_EQ(InsertFileNow(roller, "t", {{1000 + i, "file"}}), Status::Ok());
    }
  }
  ASSERT_EQ(Await(roller.pond->log().Settle(Context{})), Status::Ok());
  EXPECT_EQ(ScanLatest("t").size(), 44u);
  const auto report = Await(OpenProcess().pond->log().Verify(Context{}));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_GT(report->segments, 0u);
}

// Real threads: one pond, several connections, flushes among them.
TEST(PondThreads, ConnectionsOfOneProcessLoseNothingAndDoubleNothing) {
  constexpr int kThreads = 4;
  constexpr int64_t kRowsEach = 30;
  Env& env = Env::Process();
  const auto store = std::make_shared<MemoryObjectStore>();
  const auto pond = Pond::Open(env, store, {}, "threads");
  const auto engine = std::make_shared<FakeDataEngine>(env, store);
  pond->SetEngine(engine);
  const auto begin = [&] {
    auto latest = Block(env.executor, pond->Latest(Context{}));
    return pond->Begin(latest.ok() ? *std::move(latest) : pond->Nothing());
  };
  const auto commit = [&](Transaction& transaction) {
    return Block(env.executor, transaction.Commit(Context{}, CommitOptions{})).status();
  };
  auto setup = begin();
  ASSERT_EQ(setup->CreateTable(MakeTable("t")), Status::Ok());
  ASSERT_EQ(setup->SetOption(std::string(kOptionInlineBytes), "300"), Status::Ok());
  ASSERT_EQ(commit(*setup), Status::Ok());

  std::atomic<int64_t> conflicts = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < kRowsEach; ++i) {
        // Half of the keys are this thread's own, half are everybody's.
        const int64_t key = i % 2 == 0 ? 1000 * (t + 1) + i : i;
        auto transaction = begin();
        const Uuid table = transaction->view()->FindTable("main", "t")->def->id;
        Status status = transaction->AddRows(table, MakeBatch({{key, "x"}}));
        if (status.ok()) status = Block(env.executor, transaction->CheckKeys(Context{}));
        if (status.ok()) status = commit(*transaction);
        const bool lost =
            status.code() == StatusCode::kConflict || status.code() == StatusCode::kExists;
        EXPECT_TRUE(status.ok() || (lost && i % 2 == 1)) << status.ToString();
        conflicts += lost;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  const auto latest = Block(env.executor, pond->Latest(Context{}));
  ASSERT_TRUE(latest.ok());
  const TablePtr table = latest->catalog->FindTable("main", "t");
  // Every own key once, every shared key once, whoever won.
  constexpr uint64_t kExpected = kThreads * kRowsEach / 2 + kRowsEach / 2;
  EXPECT_EQ(table->rows, kExpected);
  EXPECT_EQ(conflicts, (kThreads - 1) * kRowsEach / 2);
  EXPECT_GT(table->files.size(), 0u);
  EXPECT_EQ(table->next_row_id, kExpected);
}

}  // namespace
}  // namespace duckpond
