// SPDX-License-Identifier: MIT
//
// Keys: which duplicates are found, when, and how many reads that takes.
#include <gtest/gtest.h>

#include "lake/transaction_state.h"
#include "tests/support/lake_fixture.h"

namespace duckpond {
namespace {

class KeysTest : public LakeFixture {
 protected:
  void SetUp() override { ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok()); }

  static TestRows Range(int64_t from, int64_t to) {
    TestRows rows;
    for (int64_t id = from; id < to; ++id) rows.push_back({id, "x"});
    return rows;
  }
  void ExpectDuplicate(const Status& status, const std::string& key) {
    EXPECT_EQ(status, Status::Exists("Duplicate key \"id: " + key +
                                     "\" violates primary key constraint of table \"t\""));
  }
  uint64_t reads() const { return here_.engine->key_reads; }
};

TEST_F(KeysTest, ADuplicateInsideOfAStatementIsFound) {
  auto transaction = Begin();
  ExpectDuplicate(Insert(*transaction, "t", {{1, "a"}, {2, "b"}, {1, "c"}}), "1");
}

TEST_F(KeysTest, ADuplicateOfTheSnapshotIsFoundInRowsAndFiles) {
  ASSERT_EQ(InsertNow(*here_.pond, "t", {{1, "a"}}), Status::Ok());
  ASSERT_EQ(InsertFileNow(here_, "t", Range(10, 20)), Status::Ok());
  ASSERT_EQ(InsertFileNow(here_, "t", Range(1000, 2000)), Status::Ok());
  for (const int64_t id : {1, 15, 1500}) {
    ExpectDuplicate(Insert(*Begin(), "t", {{id, "b"}, {id + 100'000, "c"}}), std::to_string(id));
    ExpectDuplicate(InsertFile(here_, *Begin(), "t", {{id, "b"}, {id + 100'000, "c"}}),
                    std::to_string(id));
  }
  EXPECT_EQ(Insert(*Begin(), "t", {{2, "b"}, {20, "c"}, {2000, "d"}}), Status::Ok());
}

TEST_F(KeysTest, ADuplicateOfAnEarlierStatementIsFound) {
  auto transaction = Begin();
  ASSERT_EQ(Insert(*transaction, "t", {{1, "a"}}), Status::Ok());
  ASSERT_EQ(InsertFile(here_, *transaction, "t", Range(10, 20)), Status::Ok());
  ASSERT_EQ(InsertFile(here_, *transaction, "t", Range(500, 1500)), Status::Ok());
  const Uuid id = Find(*transaction, "t")->def->id;
  for (const int64_t key : {1, 12, 777}) {
    ASSERT_EQ(transaction->AddRows(id, MakeBatch({{key, "b"}})), Status::Ok());
    ExpectDuplicate(Await(transaction->CheckKeys(Context{})), std::to_string(key));
    // A statement that failed is the end of a transaction; this one stands for three.
    transaction = Begin();
    ASSERT_EQ(Insert(*transaction, "t", {{1, "a"}}), Status::Ok());
    ASSERT_EQ(InsertFile(here_, *transaction, "t", Range(10, 20)), Status::Ok());
    ASSERT_EQ(InsertFile(here_, *transaction, "t", Range(500, 1500)), Status::Ok());
  }
  EXPECT_EQ(Insert(*transaction, "t", {{5, "b"}}), Status::Ok());
}

TEST_F(KeysTest, ACommitChecksWhatNoStatementHasChecked) {
  ASSERT_EQ(InsertNow(*here_.pond, "t", {{1, "a"}}), Status::Ok());
  auto transaction = Begin();
  ASSERT_EQ(transaction->AddRows(Find(*transaction, "t")->def->id, MakeBatch({{1, "b"}})),
            Status::Ok());
  ExpectDuplicate(Commit(*transaction), "1");
  EXPECT_EQ(ScanLatest("t").size(), 1u);
}

TEST_F(KeysTest, TwoFilesOfOneStatementAreComparedToo) {
  auto transaction = Begin();
  const TablePtr table = Find(*transaction, "t");
  for (const TestRows& rows : {Range(0, 600), Range(599, 1200)}) {
    std::vector<ColumnBatch> batches;
    batches.push_back(MakeBatch(rows));
    auto file = Await(here_.engine->WriteFile(Context{}, table, std::move(batches)));
    ASSERT_TRUE(file.ok());
    ASSERT_EQ(transaction->AddFile(table->def->id, *std::move(file)), Status::Ok());
  }
  ExpectDuplicate(Await(transaction->CheckKeys(Context{})), "599");
}

TEST_F(KeysTest, BoundsAndHashesSpareTheReading) {
  ASSERT_EQ(InsertFileNow(here_, "t", {{1, "a"}, {5, "b"}}), Status::Ok());
  ASSERT_EQ(InsertFileNow(here_, "t", Range(1000, 2000)), Status::Ok());
  ASSERT_EQ(Insert(*Begin(), "t", {{6, "above"}, {3, "between"}}), Status::Ok());
  ASSERT_EQ(InsertFile(here_, *Begin(), "t", {{3, "a"}, {999, "b"}}), Status::Ok());
  EXPECT_EQ(reads(), 0u);
  // A hash that is there needs the key itself; so does a file without hashes.
  ExpectDuplicate(Insert(*Begin(), "t", {{5, "x"}}), "5");
  EXPECT_EQ(reads(), 1u);
  here_.engine->with_hashes = false;
  ASSERT_EQ(InsertFileNow(here_, "t", {{100, "a"}, {200, "b"}}), Status::Ok());
  ASSERT_EQ(Insert(*Begin(), "t", {{150, "x"}}), Status::Ok());
  EXPECT_EQ(reads(), 2u);
}

TEST_F(KeysTest, OnlyRowGroupsThatMayHaveAKeyAreRead) {
  // 1,000 rows whose file says that they lie in ten groups.
  auto transaction = Begin();
  const TablePtr table = Find(*transaction, "t");
  here_.engine->with_hashes = false;
  std::vector<ColumnBatch> batches;
  batches.push_back(MakeBatch(Range(0, 1000)));
  auto file = Await(here_.engine->WriteFile(Context{}, table, std::move(batches)));
  ASSERT_TRUE(file.ok());
  for (int64_t group = 0; group < 10; ++group) {
    const auto keys = KeysOf(*table->def, 0, MakeBatch(Range(group * 100, group * 100 + 100)));
    file->row_groups.push_back({0, 1, 100, keys->keys.front(), keys->keys.back()});
  }
  file->rows = 1000;
  ASSERT_EQ(transaction->AddFile(table->def->id, *std::move(file)), Status::Ok());
  ASSERT_EQ(Await(transaction->CheckKeys(Context{})), Status::Ok());
  ASSERT_EQ(Commit(*transaction), Status::Ok());
  const uint64_t before = reads();
  ExpectDuplicate(Insert(*Begin(), "t", {{-5, "x"}, {150, "x"}, {160, "x"}, {5000, "x"}}), "150");
  EXPECT_EQ(reads(), before + 1);
  ExpectDuplicate(Insert(*Begin(), "t", {{850, "x"}, {150, "x"}, {950, "x"}}), "150");
  EXPECT_EQ(reads(), before + 4);
}

TEST_F(KeysTest, ANullInAPrimaryKeyIsRefused) {
  auto transaction = Begin();
  EXPECT_EQ(Insert(*transaction, "t", {{std::nullopt, "a"}}),
            Status::Invalid("NOT NULL constraint failed: t.id"));
  const TablePtr table = Find(*transaction, "t");
  DataFile file;
  file.path = "data/x";
  file.rows = 1;
  file.keys = {{0, "a", "b", {}}};
  file.statistics = {{1, 1, std::nullopt, std::nullopt, false}};
  EXPECT_EQ(transaction->AddFile(table->def->id, file).code(), StatusCode::kInvalid);
  file.keys.clear();
  EXPECT_EQ(transaction->AddFile(table->def->id, file).code(), StatusCode::kInternal);
}

TEST_F(KeysTest, NullsInAUniqueKeyAreNeverEqual) {
  TableDef def = MakeTable("u");
  def.constraints[0].kind = Constraint::Kind::kUnique;
  def.constraints[0].field_ids = {1, 2};
  ASSERT_EQ(CreateTable(def), Status::Ok());
  const TestRows nulls = {{1, std::nullopt}, {1, std::nullopt}, {std::nullopt, "a"}};
  ASSERT_EQ(InsertNow(*here_.pond, "u", nulls), Status::Ok());
  ASSERT_EQ(InsertFileNow(here_, "u", nulls), Status::Ok());
  ASSERT_EQ(InsertNow(*here_.pond, "u", {{1, "a"}}), Status::Ok());
  EXPECT_EQ(Insert(*Begin(), "u", {{1, "a"}}),
            Status::Exists("Duplicate key \"id: 1, name: a\" violates unique constraint of table "
                           "\"u\""));
  EXPECT_EQ(ScanLatest("u").size(), 7u);
}

TEST_F(KeysTest, EveryKeyOfATableIsChecked) {
  TableDef def = MakeTable("two");
  Constraint second;
  second.kind = Constraint::Kind::kUnique;
  second.field_ids = {2};
  def.constraints.insert(def.constraints.begin(), second);
  ASSERT_EQ(CreateTable(def), Status::Ok());
  ASSERT_EQ(InsertNow(*here_.pond, "two", {{1, "a"}}), Status::Ok());
  EXPECT_EQ(Insert(*Begin(), "two", {{1, "b"}}).code(), StatusCode::kExists);
  EXPECT_EQ(Insert(*Begin(), "two", {{2, "a"}}).code(), StatusCode::kExists);
  EXPECT_EQ(Insert(*Begin(), "two", {{2, "b"}}), Status::Ok());
}

TEST_F(KeysTest, ADuplicateThatCameSinceTheSnapshotIsAConflict) {
  const Process there = OpenProcess();
  for (const bool in_file : {false, true}) {
    const int64_t id = in_file ? 500 : 1;
    auto loser = Begin(*there.pond);
    ASSERT_EQ(Insert(*loser, "t", {{id, "late"}}), Status::Ok());
    ASSERT_EQ(in_file ? InsertFileNow(here_, "t", Range(0 + 400, 900))
                      : InsertNow(*here_.pond, "t", {{id, "first"}}),
              Status::Ok());
    const Status status = Commit(*loser);
    EXPECT_EQ(status.code(), StatusCode::kConflict) << status.ToString();
    EXPECT_NE(status.message().find("id: " + std::to_string(id)), std::string::npos);
  }
  EXPECT_EQ(ScanLatest("t").size(), 501u);
}

TEST_F(KeysTest, ALoserOfAConflictDeletesItsFile) {
  const Process there = OpenProcess();
  auto loser = Begin(*there.pond);
  ASSERT_EQ(InsertFile(there, *loser, "t", {{1, "late"}}), Status::Ok());
  ASSERT_EQ(InsertNow(*here_.pond, "t", {{1, "first"}}), Status::Ok());
  EXPECT_EQ(DataObjects(), 1u);
  EXPECT_EQ(Commit(*loser).code(), StatusCode::kConflict);
  EXPECT_EQ(DataObjects(), 0u);
}

TEST_F(KeysTest, EachNewFileIsReadOnceHoweverOftenACommitIsTried) {
  const Process there = OpenProcess();
  there.engine->with_hashes = false;
  here_.engine->with_hashes = false;
  auto transaction = Begin(*there.pond);
  ASSERT_EQ(Insert(*transaction, "t", {{50, "x"}}), Status::Ok());
  // Another process commits two files, one after the other, always just before this one's put.
  ASSERT_EQ(InsertFileNow(here_, "t", {{0, "a"}, {100, "b"}}), Status::Ok());
  const uint64_t attempts_before = there.store->requests();
  ASSERT_EQ(InsertFileNow(here_, "t", {{10, "a"}, {90, "b"}}), Status::Ok());
  ASSERT_EQ(Commit(*transaction), Status::Ok());
  EXPECT_GT(there.store->requests(), attempts_before + 2);
  EXPECT_EQ(there.engine->key_reads, 2u);
}

TEST_F(KeysTest, AKeyThatWasFlushedMeanwhileIsStillFound) {
  ASSERT_EQ(InsertNow(*here_.pond, "t", {{1, "a"}}), Status::Ok());
  const Process there = OpenProcess();
  auto fine = Begin(*there.pond);
  auto loser = Begin(*there.pond);
  ASSERT_EQ(Insert(*fine, "t", {{7, "x"}}), Status::Ok());
  ASSERT_EQ(Insert(*loser, "t", {{2, "x"}}), Status::Ok());
  ASSERT_EQ(InsertNow(*here_.pond, "t", {{2, "b"}}), Status::Ok());
  auto flusher = Begin();
  ASSERT_EQ(flusher->SetOption("inline_bytes", "1"), Status::Ok());
  ASSERT_EQ(Commit(*flusher), Status::Ok());
  ASSERT_TRUE(Find(*Begin(), "t")->inline_rows.empty());
  EXPECT_EQ(Commit(*loser).code(), StatusCode::kConflict);
  EXPECT_EQ(Commit(*fine), Status::Ok());
}

}  // namespace
}  // namespace duckpond
