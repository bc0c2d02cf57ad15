// SPDX-License-Identifier: MIT
#include "lake/predicate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "base/random.h"
#include "lake/key.h"

namespace duckpond {
namespace {

using Kind = Predicate::Kind;

// Rows of two small unsigned columns, 1 and 2; -1 is NULL.
struct Row {
  int a = 0;
  int b = 0;
};

std::string KeyOf(int value) {
  std::string key;
  const char byte = static_cast<char>(value);
  Type type;
  type.id = TypeId::kUtinyint;
  AppendKey(type, {&byte, 1}, key);
  return key;
}

TableDef TwoColumns(Constraint::Kind kind, std::vector<uint32_t> key) {
  TableDef def;
  for (uint32_t id : {1U, 2U}) {
    Column column;
    column.field_id = id;
    column.name = "c" + std::to_string(id);
    column.type.id = TypeId::kUtinyint;
    def.columns.push_back(column);
  }
  Constraint constraint;
  constraint.kind = kind;
  constraint.field_ids = std::move(key);
  def.constraints.push_back(constraint);
  return def;
}

int ValueOf(const Row& row, uint32_t field_id) { return field_id == 1 ? row.a : row.b; }

std::optional<std::string> KeyOfRow(const Row& row, const std::vector<uint32_t>& field_ids) {
  std::string key;
  for (const uint32_t id : field_ids) {
    if (ValueOf(row, id) < 0) return std::nullopt;
    key += KeyOf(ValueOf(row, id));
  }
  return key;
}

// What a writer would say of these rows.
DataFile FileOf(const TableDef& def, const std::vector<Row>& rows, bool exact) {
  DataFile file;
  file.rows = rows.size();
  for (uint32_t id : {1U, 2U}) {
    ColumnStatistics column;
    column.field_id = id;
    column.exact = exact;
    for (const Row& row : rows) {
      const int value = ValueOf(row, id);
      if (value < 0) {
        ++column.nulls;
        continue;
      }
      column.min = std::min(column.min.value_or(KeyOf(value)), KeyOf(value));
      column.max = std::max(column.max.value_or(KeyOf(value)), KeyOf(value));
    }
    file.statistics.push_back(column);
  }
  KeySummary key;
  for (const Row& row : rows) {
    const auto one = KeyOfRow(row, def.constraints[0].field_ids);
    if (!one) continue;
    if (key.max.empty() || *one < key.min) key.min = *one;
    key.max = std::max(key.max, *one);
    key.hashes.push_back(Xxh3_64(*one));
  }
  std::ranges::sort(key.hashes);
  if (!key.max.empty()) file.keys.push_back(key);
  return file;
}

RowGroup GroupOf(const DataFile& file) {
  RowGroup group;
  group.rows = file.rows;
  if (!file.keys.empty()) {
    group.key_min = file.keys[0].min;
    group.key_max = file.keys[0].max;
  }
  return group;
}

bool Holds(const Predicate& predicate, const Row& row) {
  const auto child = [&](const Predicate& p) { return Holds(p, row); };
  if (predicate.kind == Kind::kTrue) return true;
  if (predicate.kind == Kind::kFalse) return false;
  if (predicate.kind == Kind::kAnd) return std::ranges::all_of(predicate.children, child);
  if (predicate.kind == Kind::kOr) return std::ranges::any_of(predicate.children, child);
  const int value = ValueOf(row, predicate.field_id);
  if (predicate.kind == Kind::kIsNull) return value < 0;
  if (value < 0) return false;
  const std::string key = KeyOf(value);
  const auto& values = predicate.values;
  switch (predicate.kind) {
    case Kind::kEqual:
      return key == values[0];
    case Kind::kNotEqual:
      return key != values[0];
    case Kind::kLess:
      return key < values[0];
    case Kind::kLessEqual:
      return key <= values[0];
    case Kind::kGreater:
      return key > values[0];
    case Kind::kGreaterEqual:
      return key >= values[0];
    case Kind::kIn:
      return std::ranges::find(values, key) != values.end();
    default:
      return true;
  }
}

Predicate RandomPredicate(SeededRandom& random, int depth) {
  Predicate predicate;
  if (depth > 0 && random.Below(2) == 0) {
    predicate.kind = random.Below(3) == 0 ? Kind::kOr : Kind::kAnd;
    for (uint64_t n = random.Below(4); n > 0; --n) {
      predicate.children.push_back(RandomPredicate(random, depth - 1));
    }
    return predicate;
  }
  predicate.kind = static_cast<Kind>(random.Below(static_cast<uint64_t>(Kind::kIsNotNull) + 1));
  predicate.field_id = static_cast<uint32_t>(1 + random.Below(2));
  for (uint64_t n = predicate.kind == Kind::kIn ? random.Below(4) : 1; n > 0; --n) {
    predicate.values.push_back(KeyOf(static_cast<int>(random.Below(12))));
  }
  std::ranges::sort(predicate.values);
  return predicate;
}

// The rule: what a row matches is never left out, whatever the table's key and the NULLs in it.
TEST(Predicate, PruningNeverLeavesOutARowThatMatches) {
  SeededRandom random(1);
  const std::vector<std::vector<uint32_t>> keys = {{1}, {2}, {1, 2}, {2, 1}};
  uint64_t pruned = 0;
  uint64_t pruned_by_key = 0;
  uint64_t pruned_groups = 0;
  for (int i = 0; i < 60'000; ++i) {
    const bool primary = random.Below(2) == 0;
    const TableDef def =
        TwoColumns(primary ? Constraint::Kind::kPrimaryKey : Constraint::Kind::kUnique,
                   keys[random.Below(keys.size())]);
    std::vector<Row> rows(1 + random.Below(4));
    const int from = static_cast<int>(random.Below(8));
    for (Row& row : rows) {
      row = {from + static_cast<int>(random.Below(4)), from + static_cast<int>(random.Below(4))};
      if (!primary && random.Below(4) == 0) row.a = -1;
      if (!primary && random.Below(4) == 0) row.b = -1;
    }
    const DataFile file = FileOf(def, rows, random.Below(2) == 0);
    const Predicate predicate = RandomPredicate(random, 2);
    const bool matches =
        std::ranges::any_of(rows, [&](const Row& row) { return Holds(predicate, row); });
    const bool by_statistics = MayMatch(predicate, file);
    const bool by_key = MayMatch(predicate, def, file);
    const bool by_group = MayMatch(predicate, def, GroupOf(file));
    if (matches) {
      ASSERT_TRUE(by_statistics) << i;
      ASSERT_TRUE(by_key) << i;
      ASSERT_TRUE(by_group) << i;
    }
    pruned += !by_statistics;
    pruned_by_key += by_statistics && !by_key;
    pruned_groups += !by_group;
  }
  // The test would hold for pruning that never prunes.
  EXPECT_GT(pruned, 10'000u);
  EXPECT_GT(pruned_by_key, 20u);
  EXPECT_GT(pruned_groups, 5'000u);
}

Predicate Compare(Kind kind, uint32_t field_id, int value) {
  Predicate predicate;
  predicate.kind = kind;
  predicate.field_id = field_id;
  predicate.values = {KeyOf(value)};
  return predicate;
}

Predicate And(Predicate a, Predicate b) {
  Predicate predicate;
  predicate.kind = Kind::kAnd;
  predicate.children = {std::move(a), std::move(b)};
  return predicate;
}

TEST(Predicate, AWholeKeyIsPrunedByTheBoundsOfAllItsColumns) {
  const TableDef def = TwoColumns(Constraint::Kind::kPrimaryKey, {1, 2});
  const RowGroup group = GroupOf(FileOf(def, {{3, 5}, {4, 1}}, true));
  EXPECT_TRUE(MayMatch(And(Compare(Kind::kEqual, 1, 3), Compare(Kind::kEqual, 2, 7)), def, group));
  EXPECT_FALSE(MayMatch(And(Compare(Kind::kEqual, 1, 3), Compare(Kind::kEqual, 2, 4)), def, group));
  EXPECT_FALSE(MayMatch(And(Compare(Kind::kEqual, 2, 2), Compare(Kind::kEqual, 1, 4)), def, group));
  EXPECT_FALSE(MayMatch(Compare(Kind::kGreater, 1, 4), def, group));
  EXPECT_TRUE(MayMatch(Compare(Kind::kEqual, 2, 200), def, group));
}

TEST(Predicate, HashesRuleOutAKeyThatLiesWithinTheBounds) {
  const TableDef def = TwoColumns(Constraint::Kind::kPrimaryKey, {1});
  const DataFile file = FileOf(def, {{3, 0}, {9, 0}}, true);
  EXPECT_TRUE(MayMatch(Compare(Kind::kEqual, 1, 5), file));
  EXPECT_FALSE(MayMatch(Compare(Kind::kEqual, 1, 5), def, file));
  EXPECT_TRUE(MayMatch(Compare(Kind::kEqual, 1, 9), def, file));
}

TEST(Predicate, RowsWithANullInAUniqueKeyAreNotRuledOutByItsBounds) {
  const TableDef def = TwoColumns(Constraint::Kind::kUnique, {1, 2});
  const std::vector<Row> rows = {{3, 5}, {9, -1}};
  const DataFile file = FileOf(def, rows, true);
  EXPECT_EQ(file.keys[0].max, KeyOf(3) + KeyOf(5));
  EXPECT_TRUE(MayMatch(Compare(Kind::kEqual, 1, 9), def, file));
  EXPECT_TRUE(MayMatch(Compare(Kind::kEqual, 1, 9), def, GroupOf(file)));
}

TEST(Predicate, CutBoundsNeverRuleOutByInequality) {
  DataFile file;
  file.rows = 2;
  file.statistics = {{1, 0, "same", "same", false}};
  Predicate predicate;
  predicate.kind = Kind::kNotEqual;
  predicate.field_id = 1;
  predicate.values = {"same"};
  EXPECT_TRUE(MayMatch(predicate, file));
  file.statistics[0].exact = true;
  EXPECT_FALSE(MayMatch(predicate, file));
}

TEST(Predicate, WithoutStatisticsEverythingMayMatch) {
  DataFile file;
  file.rows = 2;
  EXPECT_TRUE(MayMatch(Compare(Kind::kEqual, 1, 5), file));
  file.statistics = {{1, 1, std::nullopt, KeyOf(4), false}};
  EXPECT_TRUE(MayMatch(Compare(Kind::kLess, 1, 1), file));
  EXPECT_FALSE(MayMatch(Compare(Kind::kGreater, 1, 4), file));
}

}  // namespace
}  // namespace duckpond
