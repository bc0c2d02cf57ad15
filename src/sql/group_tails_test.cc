// SPDX-License-Identifier: MIT
#include "sql/group_tails.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/hash.h"
#include "base/little_endian.h"
#include "duckdb.hpp"
#include "sql/parquet_file.h"
#include "tests/support/scratch_folder.h"

namespace duckpond {
namespace {

constexpr uint64_t kRows = 10'000;
constexpr uint64_t kGroupRows = 2048;
constexpr const char* kPath = "data/t/f.parquet";

class GroupTailsTest : public ::testing::Test {
 protected:
  std::string Query(const std::string& sql) {
    const auto result = connection_.Query(sql);
    return result->HasError() ? result->GetError() : result->GetValue(0, 0).ToString();
  }
  // The rows as a Parquet file that DuckDB writes.
  std::string Written(const std::string& options) {
    EXPECT_EQ(
        Query("COPY (SELECT range AS a, hash(range) AS b, [range, 1] AS c FROM range(" +
              std::to_string(kRows) + ")) TO '" + file_ + "' (FORMAT parquet" + options + ")"),
        std::to_string(kRows));
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // As DuckDB reads it.
  std::string Sums(const std::string& content) {
    std::ofstream(file_, std::ios::binary) << content;
    return Query("SELECT (sum(a), sum(b), sum(c[1]), count(*)) FROM '" + file_ + "'");
  }
  // What the log would say of the file.
  DataFile Described(const std::string& content) {
    DataFile file;
    file.bytes = content.size();
    file.checksum = 1;
    std::ofstream(file_, std::ios::binary) << content;
    const auto places = connection_.Query(
        "SELECT min(coalesce(nullif(dictionary_page_offset, 0), data_page_offset)), "
        "sum(total_compressed_size) FROM parquet_metadata('" +
        file_ + "') GROUP BY row_group_id ORDER BY row_group_id");
    for (size_t i = 0; i < places->RowCount(); ++i) {
      file.row_groups.push_back({places->GetValue(0, i).GetValue<uint64_t>(),
                                 places->GetValue(1, i).GetValue<uint64_t>(), kGroupRows, "", ""});
    }
    return file;
  }

  const ScratchFolder folder_;
  const std::string file_ = folder_ / "f.parquet";
  duckdb::DuckDB database_;
  duckdb::Connection connection_{database_};
  const std::string groups_ = ", ROW_GROUP_SIZE " + std::to_string(kGroupRows);
};

TEST_F(GroupTailsTest, AReaderOfParquetFindsTheSameRows) {
  const std::string plain = Written(groups_);
  const std::string expected = Sums(plain);
  std::string tailed = plain;
  AddGroupTails(tailed, kPath);
  EXPECT_GT(tailed.size(), plain.size());
  EXPECT_LT(tailed.size(), plain.size() + plain.size() / 8);
  EXPECT_EQ(Sums(tailed), expected);
}

TEST_F(GroupTailsTest, EachTailOpensItsGroup) {
  std::string content = Written(groups_);
  AddGroupTails(content, kPath);
  const DataFile file = Described(content);
  ASSERT_EQ(file.row_groups.size(), 5u);
  for (uint64_t group = 0; group < file.row_groups.size(); ++group) {
    const auto place = GroupTailOf(file, group);
    ASSERT_TRUE(place);
    const std::string tail = content.substr(place->offset, place->bytes);
    const auto read = ReadGroupTail(tail, kPath);
    ASSERT_TRUE(read.ok()) << read.error().ToString();
    // The first chunk of the group has its checksum.
    EXPECT_GE(read->checksums.size(), 3 * sizeof(uint64_t));
    // A file of nothing but this group, as a reader takes it: its bytes, where they are, and its
    // footer at the end.
    std::string alone(file.row_groups[group].offset, '\0');
    alone += content.substr(alone.size(), file.row_groups[group].bytes);
    alone += read->footer;
    std::ofstream(file_, std::ios::binary) << alone;
    EXPECT_EQ(Query("SELECT min(a) FROM '" + file_ + "'"), std::to_string(group * kGroupRows));
    EXPECT_EQ(Query("SELECT count(*) FROM '" + file_ + "'"),
              std::to_string(std::min(kGroupRows, kRows - group * kGroupRows)));
  }
}

TEST_F(GroupTailsTest, AnAlteredTailIsNone) {
  std::string content = Written(groups_);
  AddGroupTails(content, kPath);
  const auto place = GroupTailOf(Described(content), 1);
  ASSERT_TRUE(place);
  const std::string tail = content.substr(place->offset, place->bytes);
  ASSERT_TRUE(ReadGroupTail(tail, kPath).ok());
  for (size_t i = 0; i < tail.size(); ++i) {
    std::string altered = tail;
    altered[i] = static_cast<char>(altered[i] ^ 4);
    ASSERT_EQ(ReadGroupTail(altered, kPath).status().code(), StatusCode::kCorrupt) << i;
  }
  EXPECT_EQ(ReadGroupTail(tail, "data/t/g.parquet").status().code(), StatusCode::kCorrupt)
      << "of another file";
  EXPECT_EQ(ReadGroupTail(tail.substr(0, 5), kPath).status().code(), StatusCode::kCorrupt);
}

TEST_F(GroupTailsTest, SomeFilesStayAsTheyAre) {
  for (const std::string& options : {std::string(""), groups_ + ", KV_METADATA {k: 'v'}"}) {
    const std::string plain = Written(options);
    std::string same = plain;
    AddGroupTails(same, kPath);
    EXPECT_EQ(same, plain) << options;
    EXPECT_FALSE(GroupTailOf(Described(plain), 0)) << options;
  }
}

TEST_F(GroupTailsTest, GroupsOfAnotherFileLieAsTheyLike) {
  DataFile file;
  file.bytes = 1000;
  file.checksum = 1;
  file.row_groups = {{4, 100, 10, "", ""}, {150, 100, 10, "", ""}, {260, 700, 10, "", ""}};
  EXPECT_TRUE(GroupTailOf(file, 0));
  EXPECT_FALSE(GroupTailOf(file, 1)) << "another gap behind it";
  EXPECT_FALSE(GroupTailOf(file, 2)) << "behind the end of the file";
  file.checksum.reset();
  EXPECT_FALSE(GroupTailOf(file, 0)) << "nothing of the file can be checked";
}

}  // namespace
}  // namespace duckpond
