// SPDX-License-Identifier: MIT
//
// Golden files: what version 1 has written, read for ever. A line of a file is fields between tabs,
// bytes in hexadecimal digits. The files are never written anew; a new form gets new lines.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/encoding.h"
#include "base/hash.h"
#include "lake/catalog_folder.h"
#include "lake/column_batch.h"
#include "lake/key.h"
#include "log/lines.h"
#include "tests/support/unfolded.h"

namespace duckpond {
namespace {

std::filesystem::path GoldenPath(const std::string& name) {
  return std::filesystem::path(DUCKPOND_GOLDEN_DIR) / "v1" / name;
}

std::vector<std::vector<std::string>> ReadLines(const std::string& name) {
  std::ifstream file(GoldenPath(name));
  EXPECT_TRUE(file.good()) << name;
  std::vector<std::vector<std::string>> lines;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> fields;
    std::istringstream in(line);
    for (std::string field; std::getline(in, field, '\t');) fields.push_back(field);
    lines.push_back(fields);
  }
  return lines;
}

// All that was decoded, one part behind the other.
std::string Content(const ColumnData& column) {
  std::string content(column.valid.begin(), column.valid.end());
  content += column.fixed + column.heap;
  for (const uint32_t end : column.ends) content += "," + std::to_string(end);
  for (const ColumnData& child : column.children) content += Content(child);
  return content;
}

TEST(Golden, TypesAreReadAndWrittenAsEver) {
  const auto lines = ReadLines("types.txt");
  ASSERT_GE(lines.size(), 40u);
  for (const auto& fields : lines) {
    const auto type = Type::Parse(fields.at(0));
    ASSERT_TRUE(type.ok()) << fields[0];
    EXPECT_EQ(type->ToString(), fields[0]);
  }
}

TEST(Golden, KeysAreWrittenAsEver) {
  const auto lines = ReadLines("keys.txt");
  ASSERT_GE(lines.size(), 40u);
  for (const auto& fields : lines) {
    const auto type = Type::Parse(fields.at(0));
    ASSERT_TRUE(type.ok()) << fields[0];
    const auto value = HexDecode(fields.at(1));
    std::string key;
    AppendKey(*type, *value, key);
    EXPECT_EQ(HexEncode(key), fields.at(2)) << fields[0];
  }
}

TEST(Golden, InlineRowsAreReadAsEver) {
  const auto lines = ReadLines("inline_rows.txt");
  ASSERT_GE(lines.size(), 80u);
  for (const auto& fields : lines) {
    const auto type = Type::Parse(fields.at(0));
    ASSERT_TRUE(type.ok()) << fields[0];
    const auto bytes = HexDecode(fields.at(1));
    const auto batch = ColumnBatch::Decode(*bytes, {{7, *type}});
    ASSERT_TRUE(batch.ok()) << fields[0] << ": " << batch.status().ToString();
    // A digest of the values, so that the file says what was read and not only that it was.
    EXPECT_EQ(std::to_string(batch->rows), fields.at(2));
    // Not the bytes written again: those depend on the version of zstd.
    EXPECT_EQ(HexEncode(Xxh3_128(Content(batch->columns[0]))), fields.at(3)) << fields[0];
  }
}

TEST(Golden, EventsFoldIntoTheStateThatTheyDidEver) {
  std::ifstream file(GoldenPath("events.ndjson"));
  std::vector<Event> events;
  std::string expected;
  for (std::string line; std::getline(file, line);) {
    // Lines are {"id":"…","event":"…","data":…}, as in the log; those of the fold follow a blank
    // one.
    if (line.empty()) {
      std::getline(file, expected, '\0');
      break;
    }
    const size_t name = line.find("\"event\":\"") + 9;
    const size_t data = line.find("\"data\":") + 7;
    events.push_back({*Uuid::Parse(line.substr(7, 36)),
                      line.substr(name, line.find('"', name) - name),
                      line.substr(data, line.size() - data - 1), false});
  }
  ASSERT_GE(events.size(), 10u);
  const CatalogFolder& folder = CatalogFolder::Instance();
  const auto state = folder.Fold(folder.Empty(), events);
  ASSERT_TRUE(state.ok()) << state.status().ToString();
  std::string text;
  for (const Event& event : UnfoldedEvents(folder, **state)) AppendLine(text, event);
  EXPECT_EQ(text, expected);
}

}  // namespace
}  // namespace duckpond
