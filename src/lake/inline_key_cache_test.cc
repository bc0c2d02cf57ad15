// SPDX-License-Identifier: MIT
#include "lake/inline_key_cache.h"

#include <gtest/gtest.h>

#include "lake/limits.h"
#include "tests/support/lake_fixture.h"

namespace duckpond {
namespace {

// One row whose key, its name, has so many bytes.
InlineRows RowsWithKey(uint8_t id, size_t bytes) {
  InlineRows rows;
  rows.id.bytes[0] = id;
  rows.rows = 1;
  rows.encoded = MakeBatch({{1, std::string(bytes, 'k')}}).Encode();
  return rows;
}

TableDef KeyedByName() {
  TableDef def = MakeTable("t");
  def.constraints[0].field_ids = {2};
  return def;
}

TEST(InlineKeyCacheTest, KeysAreTakenOutOnce) {
  InlineKeyCache cache;
  const auto first = cache.Get(KeyedByName(), RowsWithKey(1, 10));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ((*first)->keys[0].size(), 1u);
  EXPECT_EQ(*cache.Get(KeyedByName(), RowsWithKey(1, 10)), *first);
}

// Few rows may have long keys, and many rows short ones: what counts is the memory.
TEST(InlineKeyCacheTest, KeysInMemoryAreBounded) {
  InlineKeyCache cache;
  const size_t key_bytes = kInlineKeyBytesInMemoryMax / 8;
  const auto first = cache.Get(KeyedByName(), RowsWithKey(1, key_bytes));
  ASSERT_TRUE(first.ok());
  for (uint8_t id = 2; id <= 9; ++id) {
    ASSERT_TRUE(cache.Get(KeyedByName(), RowsWithKey(id, key_bytes)).ok());
  }
  EXPECT_EQ(first->use_count(), 1);
  EXPECT_NE(*cache.Get(KeyedByName(), RowsWithKey(1, key_bytes)), *first);
}

TEST(InlineKeyCacheTest, RowsThatAreNotWhatTheLogSaysAreCorrupt) {
  InlineKeyCache cache;
  InlineRows rows = RowsWithKey(1, 10);
  rows.rows = 2;
  EXPECT_EQ(cache.Get(KeyedByName(), rows).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace duckpond
