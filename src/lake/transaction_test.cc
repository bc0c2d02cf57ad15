// SPDX-License-Identifier: MIT
#include "lake/transaction.h"

#include <gtest/gtest.h>

#include "lake/limits.h"
#include "tests/support/lake_fixture.h"

namespace duckpond {
namespace {

using Target = Transaction::CommentTarget;

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

TEST_F(TransactionTest, SeveralTablesAreOneCommit) {
  auto transaction = Begin();
  ASSERT_EQ(transaction->CreateSchema({{}, "s", ""}), Status::Ok());
  TableDef def = MakeTable("a");
  def.schema = "S";
  ASSERT_EQ(transaction->CreateTable(def), Status::Ok());
  ASSERT_EQ(transaction->CreateTable(MakeTable("b")), Status::Ok());
  ASSERT_EQ(Insert(*transaction, "b", {{1, "x"}}), Status::Ok());
  const auto receipt = Await(transaction->Commit(Context{}, CommitOptions{}));
  ASSERT_TRUE(receipt.ok()) << receipt.status().ToString();
  EXPECT_EQ(receipt->version, 1u);
  const auto other = Begin(*OpenProcess().pond);
  EXPECT_EQ(other->view()->FindTable("s", "A")->def->schema, "s");
  EXPECT_EQ(Find(*other, "b")->rows, 1u);
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

TEST_F(TransactionTest, ACommitOfRowsIsOneRequest) {
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  auto transaction = Begin();
  const uint64_t before = here_.store->requests();
  ASSERT_EQ(Insert(*transaction, "t", {{1, "x"}}), Status::Ok());
  ASSERT_EQ(Commit(*transaction), Status::Ok());
  EXPECT_EQ(here_.store->requests(), before + 1);
}

TEST_F(TransactionTest, NamesAreTakenOrMissingAtOnce) {
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  auto transaction = Begin();
  EXPECT_EQ(transaction->CreateTable(MakeTable("T")).code(), StatusCode::kExists);
  ViewDef view;
  view.schema = "main";
  view.name = "t";
  view.sql = "SELECT 1";
  EXPECT_EQ(transaction->CreateView(view, false).code(), StatusCode::kExists);
  EXPECT_EQ(transaction->CreateView(view, true).code(), StatusCode::kExists);
  view.name = "v";
  EXPECT_EQ(transaction->CreateView(view, false), Status::Ok());
  EXPECT_EQ(transaction->CreateView(view, true), Status::Ok());
  EXPECT_EQ(transaction->CreateTable(MakeTable("v")).code(), StatusCode::kExists);
  EXPECT_EQ(transaction->CreateSchema({{}, "MAIN", ""}).code(), StatusCode::kExists);
  EXPECT_EQ(transaction->DropTable("main", "v").code(), StatusCode::kNotFound);
  EXPECT_EQ(transaction->DropView("main", "t").code(), StatusCode::kNotFound);
  EXPECT_EQ(transaction->DropTable("nowhere", "t").code(), StatusCode::kNotFound);
  EXPECT_EQ(transaction->DropSchema("nowhere", true).code(), StatusCode::kNotFound);
  EXPECT_EQ(transaction->DropSchema("main", true).code(), StatusCode::kInvalid);
  TableDef elsewhere = MakeTable("x");
  elsewhere.schema = "nowhere";
  EXPECT_EQ(transaction->CreateTable(elsewhere).code(), StatusCode::kNotFound);
}

TEST_F(TransactionTest, BadDefinitionsAreRefused) {
  auto transaction = Begin();
  TableDef def = MakeTable("t");
  def.columns[1].name = "ID";
  EXPECT_EQ(transaction->CreateTable(def).code(), StatusCode::kInvalid);
  def = MakeTable("t");
  def.columns.clear();
  def.constraints.clear();
  EXPECT_EQ(transaction->CreateTable(def).code(), StatusCode::kInvalid);
  def = MakeTable("t");
  def.columns[0].type = *Type::Parse("INTEGER[]");
  EXPECT_EQ(transaction->CreateTable(def).code(), StatusCode::kUnsupported);
  def = MakeTable("t");
  def.columns[0].name = "_duckpond_row_id";
  EXPECT_EQ(transaction->CreateTable(def).code(), StatusCode::kInvalid);
  EXPECT_EQ(transaction->CreateTable(MakeTable("")).code(), StatusCode::kInvalid);
  EXPECT_EQ(transaction->CreateTable(MakeTable("\xff")).code(), StatusCode::kInvalid);
  EXPECT_FALSE(transaction->has_changes());
}

// At once, and as the user's to change: not at COMMIT, and not as a broken log.
TEST_F(TransactionTest, DefinitionsThatTheLogWouldNotGiveBackAreRefused) {
  auto transaction = Begin();
  const std::string long_sql(kSqlBytesMax + 1, 'x');
  TableDef with_default = MakeTable("t");
  with_default.columns[1].default_sql = long_sql;
  TableDef with_check = MakeTable("t");
  with_check.constraints.push_back({Constraint::Kind::kCheck, {}, long_sql, {}});
  TableDef with_comment = MakeTable("t");
  with_comment.comment = long_sql;
  TableDef nested = MakeTable("t");
  for (int i = 0; i <= kTypeDepthMax; ++i) {
    Type list = ScalarType(TypeId::kList);
    list.children.push_back(nested.columns[1].type);
    nested.columns[1].type = list;
  }
  TableDef wide = MakeTable("t");
  Type structure = ScalarType(TypeId::kStruct);
  for (size_t i = 0; i <= kColumnsMax; ++i) {
    structure.names.push_back("m" + std::to_string(i));
    structure.children.push_back(ScalarType(TypeId::kInteger));
  }
  wide.columns[1].type = structure;
  TableDef labels = MakeTable("t");
  labels.columns[1].type = ScalarType(TypeId::kEnum);
  labels.columns[1].type.names = {std::string(kTypeTextBytesMax, 'x')};
  for (const TableDef& def : {with_default, with_check, with_comment, nested, wide, labels}) {
    const Status status = transaction->CreateTable(def);
    EXPECT_EQ(status.code(), StatusCode::kInvalid) << status.ToString();
  }
  ViewDef view;
  view.schema = "main";
  view.name = "v";
  view.sql = "SELECT 1";
  view.column_comments["c"] = long_sql;
  EXPECT_EQ(transaction->CreateView(view, false).code(), StatusCode::kInvalid);
  EXPECT_FALSE(transaction->has_changes());
  EXPECT_EQ(Find(*transaction, "t"), nullptr);
}

TEST_F(TransactionTest, AViewThatCannotBeReplacedStays) {
  auto transaction = Begin();
  ViewDef view;
  view.schema = "main";
  view.name = "v";
  view.sql = "SELECT 1";
  ASSERT_EQ(transaction->CreateView(view, false), Status::Ok());
  view.sql = "";
  EXPECT_EQ(transaction->CreateView(view, true).code(), StatusCode::kInvalid);
  ASSERT_NE(transaction->view()->FindView("main", "v"), nullptr);
  EXPECT_EQ(transaction->view()->FindView("main", "v")->sql, "SELECT 1");
}

TEST_F(TransactionTest, UnknownOptionsAndValuesAreRefused) {
  auto transaction = Begin();
  EXPECT_EQ(transaction->SetOption("inline_bites", "0").code(), StatusCode::kInvalid);
  EXPECT_EQ(transaction->SetOption("inline_bytes", "many").code(), StatusCode::kInvalid);
  EXPECT_EQ(transaction->SetOption("inline_bytes", "-1").code(), StatusCode::kInvalid);
  EXPECT_FALSE(transaction->has_changes());
  EXPECT_EQ(transaction->SetOption("inline_bytes", "4096"), Status::Ok());
}

TEST_F(TransactionTest, FieldsAreNumberedAndKeyColumnsNotNull) {
  auto transaction = Begin();
  TableDef def = MakeTable("t");
  Column nested;
  nested.name = "n";
  nested.type = *Type::Parse("MAP(VARCHAR, STRUCT(a INTEGER, b UNION(x DATE, y TIME))[])");
  def.columns.push_back(nested);
  ASSERT_EQ(transaction->CreateTable(def), Status::Ok());
  const TableDef made = *Find(*transaction, "t")->def;
  EXPECT_EQ(made.columns[2].field_id, 3u);
  EXPECT_EQ(made.columns[2].nested_ids, (std::vector<uint32_t>{4, 5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(made.next_field_id, 11u);
  EXPECT_TRUE(made.columns[0].not_null);
  EXPECT_FALSE(made.columns[1].not_null);
}

TEST_F(TransactionTest, ASchemaIsDroppedWithWhatIsInIt) {
  auto transaction = Begin();
  ASSERT_EQ(transaction->CreateSchema({{}, "s", ""}), Status::Ok());
  TableDef def = MakeTable("a");
  def.schema = "s";
  ASSERT_EQ(transaction->CreateTable(def), Status::Ok());
  ASSERT_EQ(transaction->CreateView({{}, "s", "v", "SELECT 1", "", {}}, false), Status::Ok());
  ASSERT_EQ(Commit(*transaction), Status::Ok());
  transaction = Begin();
  EXPECT_EQ(transaction->DropSchema("s", false).code(), StatusCode::kInvalid);
  EXPECT_EQ(transaction->DropSchema("S", true), Status::Ok());
  ASSERT_EQ(Commit(*transaction), Status::Ok());
  EXPECT_EQ(Begin()->view()->FindSchema("s"), nullptr);
}

TEST_F(TransactionTest, CommentsAreKeptOnAllThings) {
  auto transaction = Begin();
  ASSERT_EQ(transaction->CreateTable(MakeTable("t")), Status::Ok());
  ASSERT_EQ(transaction->CreateView({{}, "main", "v", "SELECT 1 AS c", "", {}}, false),
            Status::Ok());
  ASSERT_EQ(transaction->SetComment({Target::Kind::kSchema, "main", "", ""}, "1"), Status::Ok());
  ASSERT_EQ(transaction->SetComment({Target::Kind::kTable, "main", "t", ""}, "2"), Status::Ok());
  ASSERT_EQ(transaction->SetComment({Target::Kind::kColumn, "main", "t", "NAME"}, "3"),
            Status::Ok());
  ASSERT_EQ(transaction->SetComment({Target::Kind::kView, "main", "v", ""}, "4"), Status::Ok());
  ASSERT_EQ(transaction->SetComment({Target::Kind::kColumn, "main", "v", "c"}, "5"), Status::Ok());
  EXPECT_EQ(transaction->SetComment({Target::Kind::kTable, "main", "v", ""}, "x").code(),
            StatusCode::kNotFound);
  EXPECT_EQ(transaction->SetComment({Target::Kind::kColumn, "main", "t", "no"}, "x").code(),
            StatusCode::kNotFound);
  ASSERT_EQ(Commit(*transaction), Status::Ok());
  const auto seen = Begin(*OpenProcess().pond);
  EXPECT_EQ(seen->view()->FindSchema("main")->def.comment, "1");
  EXPECT_EQ(Find(*seen, "t")->def->comment, "2");
  EXPECT_EQ(Find(*seen, "t")->def->columns[1].comment, "3");
  EXPECT_EQ(seen->view()->FindView("main", "v")->comment, "4");
  EXPECT_EQ(seen->view()->FindView("main", "v")->column_comments.at("c"), "5");
}

TEST_F(TransactionTest, ATableThatWasCreatedAndDroppedLeavesNoTrace) {
  ASSERT_EQ(CreateTable(MakeTable("other")), Status::Ok());
  auto transaction = Begin();
  ASSERT_EQ(transaction->CreateTable(MakeTable("t")), Status::Ok());
  ASSERT_EQ(InsertFile(here_, *transaction, "t", {{1, "x"}}), Status::Ok());
  EXPECT_EQ(DataObjects(), 1u);
  ASSERT_EQ(transaction->DropTable("main", "t"), Status::Ok());
  const auto receipt = Await(transaction->Commit(Context{}, CommitOptions{}));
  ASSERT_TRUE(receipt.ok());
  EXPECT_EQ(receipt->version, 1u);
  EXPECT_EQ(DataObjects(), 0u);
}

TEST_F(TransactionTest, RollbackForgetsChangesAndDeletesFiles) {
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  auto transaction = Begin();
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(InsertFile(here_, *transaction, "t", {{i, "x"}}), Status::Ok());
  }
  EXPECT_EQ(DataObjects(), 40u);
  ASSERT_EQ(Await(transaction->Rollback(Context{})), Status::Ok());
  EXPECT_FALSE(transaction->has_changes());
  EXPECT_EQ(transaction->view(), transaction->base().catalog);
  EXPECT_EQ(DataObjects(), 0u);
}

TEST_F(TransactionTest, RollbackAfterACommitDeletesNothing) {
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  auto transaction = Begin();
  ASSERT_EQ(InsertFile(here_, *transaction, "t", {{1, "x"}}), Status::Ok());
  ASSERT_EQ(Commit(*transaction), Status::Ok());
  ASSERT_EQ(Await(transaction->Rollback(Context{})), Status::Ok());
  EXPECT_EQ(ScanLatest("t").size(), 1u);
}

TEST_F(TransactionTest, AReadOnlyPondRefusesToCommit) {
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  PondOptions options;
  options.read_only = true;
  const Process reader = OpenProcess({}, options);
  EXPECT_EQ(InsertNow(*reader.pond, "t", {{1, "x"}}).code(), StatusCode::kInvalid);
  EXPECT_EQ(ScanLatest("t").size(), 0u);
}

TEST_F(TransactionTest, RowsThatTheLogDoesNotTakeAreRefused) {
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  auto transaction = Begin();
  const Uuid id = Find(*transaction, "t")->def->id;
  EXPECT_EQ(transaction->AddRows(id, MakeBatch(TestRows(70'000, {1, "x"}))).code(),
            StatusCode::kExhausted);
  SeededRandom random(1);
  std::string long_text;
  while (long_text.size() <= 4 * kInlineTransactionBytesDefault) {
    long_text += std::to_string(random.Next());
  }
  EXPECT_EQ(transaction->AddRows(id, MakeBatch({{1, long_text}})).code(), StatusCode::kExhausted);
  EXPECT_EQ(transaction->AddRows(id, MakeBatch({{1, "\xff"}})).code(), StatusCode::kInvalid);
  EXPECT_EQ(transaction->AddRows(Uuid{}, MakeBatch({{1, "x"}})).code(), StatusCode::kNotFound);
  EXPECT_EQ(transaction->AddRows(id, MakeBatch({})), Status::Ok());
  EXPECT_FALSE(transaction->has_changes());
}

TEST_F(TransactionTest, TheLogTakesSoManyRowsOfATransactionInAll) {
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  auto transaction = Begin();
  const Uuid id = Find(*transaction, "t")->def->id;
  SeededRandom random(1);
  std::string text;
  while (text.size() <= kInlineTransactionBytesDefault / 2) text += std::to_string(random.Next());
  int added = 0;
  Status status;
  while (added < 100 && status.ok()) {
    status = transaction->AddRows(id, MakeBatch({{added + 1, text.substr(0, 5000)}}));
    if (status.ok()) ++added;
  }
  EXPECT_EQ(status.code(), StatusCode::kExhausted);
  EXPECT_GT(added, 5);
  EXPECT_LT(added, 20);
  // Forgotten with the table that they were added to.
  ASSERT_EQ(transaction->DropTable("main", "t"), Status::Ok());
  ASSERT_EQ(transaction->CreateTable(MakeTable("t")), Status::Ok());
  const Uuid other = Find(*transaction, "t")->def->id;
  EXPECT_EQ(transaction->AddRows(other, MakeBatch({{1, text.substr(0, 5000)}})), Status::Ok());
}

TEST_F(TransactionTest, ARepeatedIdempotencyKeyDeletesTheSecondFile) {
  ASSERT_EQ(CreateTable(MakeTable("t")), Status::Ok());
  CommitOptions options;
  options.idempotency_key = "once";
  for (const bool repeated : {false, true}) {
    auto transaction = Begin();
    ASSERT_EQ(InsertFile(here_, *transaction, "t", {{repeated ? 2 : 1, "x"}}), Status::Ok());
    const auto receipt = Await(transaction->Commit(Context{}, options));
    ASSERT_TRUE(receipt.ok()) << receipt.status().ToString();
    EXPECT_EQ(receipt->repeated, repeated);
  }
  EXPECT_EQ(DataObjects(), 1u);
  EXPECT_EQ(ScanLatest("t").size(), 1u);
}

}  // namespace
}  // namespace duckpond
