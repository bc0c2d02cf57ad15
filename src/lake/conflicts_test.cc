// SPDX-License-Identifier: MIT
//
// The conflict table of docs/guide/transactions.md, row by row: two transactions start from the
// same snapshot, in processes of their own; the first commits, the second then may or may not.
#include "lake/conflicts.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/lake_fixture.h"

namespace duckpond {
namespace {

using Target = Transaction::CommentTarget;
using Act = std::function<Status(Transaction&)>;

class ConflictTest : public LakeFixture {
 protected:
  void SetUp() override {
    auto transaction = Begin();
    ASSERT_EQ(transaction->CreateTable(MakeTable("t")), Status::Ok());
    ASSERT_EQ(transaction->CreateSchema({{}, "s", ""}), Status::Ok());
    ASSERT_EQ(transaction->CreateView({{}, "main", "v", "SELECT 1", "", {}}, false), Status::Ok());
    ASSERT_EQ(Insert(*transaction, "t", {{1, "one"}}), Status::Ok());
    ASSERT_EQ(Commit(*transaction), Status::Ok());
  }

  // What the second commit ends with.
  Status Second(const Act& first, const Act& second) {
    const Process there = OpenProcess();
    auto winner = Begin();
    auto loser = Begin(*there.pond);
    EXPECT_EQ(first(*winner), Status::Ok());
    EXPECT_EQ(second(*loser), Status::Ok());
    EXPECT_EQ(Commit(*winner), Status::Ok());
    return Commit(*loser);
  }
  void ExpectConflict(const Act& first, const Act& second) {
    const Status status = Second(first, second);
    EXPECT_EQ(status.code(), StatusCode::kConflict) << status.ToString();
  }
  void ExpectNone(const Act& first, const Act& second) {
    EXPECT_EQ(Second(first, second), Status::Ok());
  }

  Act Append(int64_t id) {
    return [this, id](Transaction& t) { return Insert(t, "t", {{id, "x"}}); };
  }
  static Act Create(const std::string& name, const std::string& schema = "main") {
    return [=](Transaction& t) {
      TableDef def = MakeTable(name);
      def.schema = schema;
      return t.CreateTable(def);
    };
  }
  static Act CreateAView(const std::string& name) {
    return
        [=](Transaction& t) { return t.CreateView({{}, "main", name, "SELECT 2", "", {}}, false); };
  }
  static Act Drop(const std::string& name) {
    return [=](Transaction& t) { return t.DropTable("main", name); };
  }
  static Act Comment(Target::Kind kind, const std::string& name, const std::string& text) {
    return [=](Transaction& t) { return t.SetComment({kind, "main", name, "id"}, text); };
  }
};

TEST_F(ConflictTest, AppendsNeverConflict) {
  ExpectNone(Append(2), Append(3));
  EXPECT_EQ(ScanLatest("t").size(), 3u);
}

TEST_F(ConflictTest, TwoInsertsOfTheSameKeyConflict) {
  ExpectConflict(Append(2), Append(2));
  EXPECT_EQ(ScanLatest("t").size(), 2u);
}

TEST_F(ConflictTest, CreatesOfTheSameNameConflict) {
  ExpectConflict(Create("new"), Create("NEW"));
  ExpectConflict(Create("new2"), CreateAView("new2"));
  ExpectConflict(CreateAView("new3"), Create("new3"));
  ExpectConflict([](Transaction& t) { return t.CreateSchema({{}, "n", ""}); },
                 [](Transaction& t) { return t.CreateSchema({{}, "N", ""}); });
  ExpectNone(Create("a"), Create("b"));
}

TEST_F(ConflictTest, AppendAgainstDropConflictsBothWays) {
  ExpectConflict(Append(2), Drop("t"));
  ExpectConflict(Drop("t"), Append(3));
}

TEST_F(ConflictTest, DropAgainstDropConflicts) { ExpectConflict(Drop("t"), Drop("t")); }

TEST_F(ConflictTest, ATableIsMatchedByItsIdAndNotByItsName) {
  const Act replace = [](Transaction& t) {
    if (Status status = Drop("t")(t); !status.ok()) return status;
    return Create("t")(t);
  };
  ExpectConflict(replace, Append(2));
  ExpectConflict(replace, replace);
}

TEST_F(ConflictTest, CommentsConflictWithDropsAndWithEachOther) {
  ExpectConflict(Comment(Target::Kind::kTable, "t", "1"), Comment(Target::Kind::kTable, "t", "2"));
  ExpectConflict(Comment(Target::Kind::kColumn, "t", "3"),
                 Comment(Target::Kind::kColumn, "t", "4"));
  ExpectConflict(Comment(Target::Kind::kView, "v", "5"), Comment(Target::Kind::kView, "v", "6"));
  ExpectConflict(Comment(Target::Kind::kSchema, "", "7"), Comment(Target::Kind::kSchema, "", "8"));
  ExpectConflict(Comment(Target::Kind::kTable, "t", "9"), Drop("t"));
  ExpectConflict(Drop("t"), Comment(Target::Kind::kTable, "t", "10"));
}

TEST_F(ConflictTest, CommentsOnDifferentThingsAndAppendsDoNotConflict) {
  ExpectNone(Comment(Target::Kind::kTable, "t", "1"), Comment(Target::Kind::kColumn, "t", "2"));
  ExpectNone(Comment(Target::Kind::kTable, "t", "3"), Append(2));
  ExpectNone(Append(3), Comment(Target::Kind::kTable, "t", "4"));
}

TEST_F(ConflictTest, ViewsConflictWhenReplacedOrDroppedTwice) {
  const Act replace = [](Transaction& t) {
    return t.CreateView({{}, "main", "v", "SELECT 3", "", {}}, true);
  };
  const Act drop = [](Transaction& t) { return t.DropView("main", "v"); };
  ExpectConflict(replace, replace);
  ExpectConflict(replace, drop);
  ExpectConflict(drop, replace);
}

TEST_F(ConflictTest, ASchemaThatIsDroppedTakesNothingNewWithIt) {
  const Act drop = [](Transaction& t) { return t.DropSchema("s", true); };
  ExpectConflict(Create("x", "s"), drop);
  ExpectConflict([](Transaction& t) { return t.DropSchema("s", true); }, Create("y", "s"));
}

TEST_F(ConflictTest, ASchemaIsMatchedByItsIdToo) {
  const Act replace = [](Transaction& t) {
    if (Status status = t.DropSchema("s", true); !status.ok()) return status;
    return t.CreateSchema({{}, "s", ""});
  };
  ExpectConflict(replace, Create("x", "s"));
}

TEST_F(ConflictTest, OptionsConflictOnlyWithTheSameOption) {
  const auto set = [](const char* name, const char* value) -> Act {
    return [=](Transaction& t) { return t.SetOption(name, value); };
  };
  ExpectConflict(set("inline_bytes", "1000"), set("inline_bytes", "2000"));
  ExpectNone(set("inline_bytes", "3000"), set("inline_transaction_bytes", "1"));
}

TEST_F(ConflictTest, ADropIsNotConfusedByAnotherFoldOfTheSameTable) {
  // The second process reads the log anew between its snapshot and its commit: equal, not
  // identical.
  const Process there = OpenProcess();
  auto dropper = Begin(*there.pond);
  ASSERT_EQ(dropper->DropTable("main", "t"), Status::Ok());
  ASSERT_EQ(InsertNow(*here_.pond, "t", {{5, "x"}}), Status::Ok());
  auto second = Begin(*OpenProcess().pond);
  ASSERT_EQ(second->DropTable("main", "t"), Status::Ok());
  ASSERT_EQ(Create("unrelated")(*dropper), Status::Ok());
  EXPECT_EQ(Commit(*dropper).code(), StatusCode::kConflict);
  ASSERT_EQ(Commit(*Begin()), Status::Ok());
  auto unrelated = Begin();
  ASSERT_EQ(Create("more")(*unrelated), Status::Ok());
  ASSERT_EQ(Commit(*unrelated), Status::Ok());
  EXPECT_EQ(Commit(*second), Status::Ok());
}

}  // namespace
}  // namespace duckpond
