// SPDX-License-Identifier: MIT
#include "lake/transaction.h"

#include <gtest/gtest.h>

#include "tests/support/lake_fixture.h"

namespace duckpond {
namespace {

class TransactionTest : public LakeFixture {};

TEST_F(TransactionTest, RowsAreThereForOthersOnceCommitted) {
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  ASSERT_EQ(InsertNow(*here_.pond, "t", {{1, "one"}, {2, std::nullopt}}), Status::Ok());
  ASSERT_EQ(InsertFileNow(here_, "t", {{7, "seven"}, {5, "five"}}), Status::Ok());
  const std::vector<Found> expected = {
      {0, {1, "one"}}, {1, {2, std::nullopt}}, {2, {5, "five"}}, {3, {7, "seven"}}};
  EXPECT_EQ(ScanLatest("t"), expected);
}

TEST_F(TransactionTest, ATransactionSeesItsOwnChangesAndNobodyElses) {
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  auto mine = Begin();
  ASSERT_EQ(Insert(*mine, "t", {{1, "one"}}), Status::Ok());
  ASSERT_EQ(InsertNow(*here_.pond, "t", {{2, "two"}}), Status::Ok());
  EXPECT_EQ(Scan(*mine->view(), "t"), (std::vector<Found>{{0, {1, "one"}}}));
  EXPECT_EQ(Find(*Begin(), "t")->rows, 1u);
  ASSERT_EQ(Commit(*mine), Status::Ok());
  // Row ids are given in the order of the commits.
  EXPECT_EQ(ScanLatest("t"), (std::vector<Found>{{0, {2, "two"}}, {1, {1, "one"}}}));
}

TEST_F(TransactionTest, WithoutChangesNoRequestIsMade) {
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  auto transaction = Begin();
  const uint64_t before = here_.store->requests();
  const auto receipt = Await(transaction->Commit(Context{}, CommitOptions{}));
  ASSERT_TRUE(receipt.ok());
  EXPECT_EQ(receipt->version, 1u);
  EXPECT_EQ(here_.store->requests(), before);
}

}  // namespace
}  // namespace duckpond
