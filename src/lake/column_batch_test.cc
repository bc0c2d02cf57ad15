// SPDX-License-Identifier: MIT
#include "lake/column_batch.h"

#include <gtest/gtest.h>

#include "lake/limits.h"
#include "tests/support/random_batch.h"
#include "tests/support/test_rows.h"

namespace duckpond {
namespace {

std::vector<ColumnBatch::FieldType> TestTypes() {
  return {{1, ScalarType(TypeId::kBigint)}, {2, ScalarType(TypeId::kVarchar)}};
}

void ExpectSame(const ColumnData& a, const ColumnData& b, uint64_t rows);

// Bytes of NULL rows are nobody's.
void ExpectSameValues(const ColumnData& a, const ColumnData& b, uint64_t rows) {
  const Layout layout = LayoutOf(a.type).layout;
  for (uint64_t row = 0; row < rows; ++row) {
    ASSERT_EQ(a.IsNull(row), b.IsNull(row));
    if (a.IsNull(row)) continue;
    if (layout == Layout::kFixed || layout == Layout::kVariable) {
      ASSERT_EQ(a.Value(row), b.Value(row)) << a.type.ToString();
    } else if (layout == Layout::kList) {
      ASSERT_EQ(a.ends[row], b.ends[row]);
    }
  }
}

void ExpectSame(const ColumnData& a, const ColumnData& b, uint64_t rows) {
  ASSERT_EQ(a.type, b.type);
  ExpectSameValues(a, b, rows);
  ASSERT_EQ(a.children.size(), b.children.size());
  const Layout layout = LayoutOf(a.type).layout;
  const uint64_t child_rows = layout == Layout::kList    ? (rows == 0 ? 0 : a.ends.back())
                              : layout == Layout::kArray ? rows * a.type.array_size
                                                         : rows;
  for (size_t i = 0; i < a.children.size(); ++i) {
    ExpectSame(a.children[i], b.children[i], child_rows);
  }
}

TEST(ColumnBatch, RowsOfEveryTypeComeBackAsTheyWere) {
  SeededRandom random(1);
  for (const std::string& text : AllTypeTexts()) {
    const Type type = *Type::Parse(text);
    for (const uint64_t rows : {0, 1, 2, 9, 100}) {
      ColumnBatch batch;
      batch.rows = rows;
      batch.field_ids = {7};
      batch.columns = {RandomColumn(type, rows, random)};
      const auto back = ColumnBatch::Decode(batch.Encode(), {{7, type}});
      ASSERT_TRUE(back.ok()) << text << " " << rows << ": " << back.status().ToString();
      ASSERT_EQ(back->rows, rows);
      ASSERT_EQ(back->field_ids, batch.field_ids);
      ExpectSame(batch.columns[0], back->columns[0], rows);
    }
  }
}

TEST(ColumnBatch, ARowOfFiveColumnsTakesFewBytes) {
  SeededRandom random(1);
  ColumnBatch batch;
  batch.rows = 1;
  for (const char* text : {"BIGINT", "VARCHAR", "DOUBLE", "TIMESTAMP", "BOOLEAN"}) {
    batch.field_ids.push_back(static_cast<uint32_t>(batch.field_ids.size() + 1));
    batch.columns.push_back(RandomColumn(*Type::Parse(text), 1, random));
  }
  batch.columns[1].heap = "a name of 20 letters";
  batch.columns[1].ends = {20};
  batch.columns[1].valid.clear();
  EXPECT_LE(batch.Encode().size(), 75u);
}

TEST(ColumnBatch, ConstantColumnsTakeNoRoomPerRow) {
  TestRows rows(1000, TestRow{12345, "x"});
  EXPECT_LE(MakeBatch(rows).Encode().size(), 80u);
}

TEST(ColumnBatch, LongTextIsCompressed) {
  TestRows rows;
  for (int i = 0; i < 1000; ++i) rows.push_back({i, "the same words again and again"});
  const std::string encoded = MakeBatch(rows).Encode();
  EXPECT_LT(encoded.size(), 5000u);
  const auto back = ColumnBatch::Decode(encoded, TestTypes());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(RowsOf(*back), rows);
}

TEST(ColumnBatch, AnUnknownColumnIsCorrupt) {
  const std::string encoded = MakeBatch({{1, "a"}}).Encode();
  const auto back = ColumnBatch::Decode(encoded, {{1, ScalarType(TypeId::kBigint)}});
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.error().code(), StatusCode::kCorrupt);
}

TEST(ColumnBatch, EveryCutIsCorrupt) {
  TestRows some = {{1, "a"}, {std::nullopt, "bcd"}, {70000, std::nullopt}};
  TestRows many;
  for (int i = 0; i < 300; ++i) many.push_back({i * i, "text " + std::to_string(i)});
  for (const TestRows& rows : {some, many}) {
    const std::string encoded = MakeBatch(rows).Encode();
    for (size_t size = 0; size < encoded.size(); ++size) {
      const auto back = ColumnBatch::Decode(encoded.substr(0, size), TestTypes());
      ASSERT_FALSE(back.ok()) << size;
      ASSERT_EQ(back.error().code(), StatusCode::kCorrupt);
    }
    EXPECT_FALSE(ColumnBatch::Decode(encoded + "x", TestTypes()).ok());
  }
}

// Bytes that are well-formed but hold what the type does not have.
TEST(ColumnBatch, ValuesThatATypeDoesNotHaveAreCorrupt) {
  const auto refused = [](const char* text, const std::string& column) {
    const std::string bytes = std::string("\x01\x01\x01\x07", 4) + column;
    const auto back = ColumnBatch::Decode(bytes, {{7, *Type::Parse(text)}});
    EXPECT_FALSE(back.ok()) << text;
    if (!back.ok()) {
      EXPECT_EQ(back.error().code(), StatusCode::kCorrupt) << text;
    }
  };
  const auto integer = [](char zigzag) { return std::string("\0\0", 2) + zigzag; };
  refused("BOOLEAN", integer(4));
  refused("ENUM('a', 'b')", integer(4));
  refused("DECIMAL(1,0)", integer(20));
  refused("TIME", integer(1));
  refused("TINYINT", std::string("\0\0\xff\x7f", 4));
  refused("VARCHAR", integer(2) + "\xff");
  refused("BIT", integer(4) + "\x09\x01");
  refused("BIGNUM", integer(2) + "a");
  refused("UNION(a INTEGER)", std::string("\0", 1) + integer(2) + integer(0));
  refused("INTEGER[]", integer(1));
  // A control: the same shape with a value that the type has.
  EXPECT_TRUE(ColumnBatch::Decode(std::string("\x01\x01\x01\x07\0\0\x02", 7),
                                  {{7, *Type::Parse("BOOLEAN")}})
                  .ok());
}

TEST(ColumnBatch, FewBytesCannotClaimMuchMemory) {
  // 65,536 rows of a constant ARRAY of 100,000 values.
  const Type type = *Type::Parse("BIGINT[100000]");
  const std::string bytes("\x01\x80\x80\x04\x01\x07\0\0\0\0", 10);
  const auto back = ColumnBatch::Decode(bytes, {{7, type}});
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.error().code(), StatusCode::kCorrupt);
  // More rows than a batch has.
  EXPECT_FALSE(ColumnBatch::Decode(std::string("\x01\x81\x80\x04\x01\x07\0\0\0", 9),
                                   {{7, *Type::Parse("BIGINT")}})
                   .ok());
}

TEST(ColumnBatch, ARandomByteChangeNeverDoesHarm) {
  SeededRandom random(5);
  for (const std::string& text : AllTypeTexts()) {
    const Type type = *Type::Parse(text);
    ColumnBatch batch;
    batch.rows = 20;
    batch.field_ids = {7};
    batch.columns = {RandomColumn(type, 20, random)};
    const std::string encoded = batch.Encode();
    for (int i = 0; i < 50; ++i) {
      std::string changed = encoded;
      changed[random.Below(changed.size())] = static_cast<char>(random.Next());
      const auto back = ColumnBatch::Decode(changed, {{7, type}});
      if (!back.ok()) {
        ASSERT_EQ(back.error().code(), StatusCode::kCorrupt);
      } else {
        // What is read can be written again.
        ASSERT_TRUE(ColumnBatch::Decode(back->Encode(), {{7, type}}).ok()) << text;
      }
    }
  }
}

}  // namespace
}  // namespace duckpond
