// SPDX-License-Identifier: MIT
#include "sql/result_writer.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

// Two columns: a number and a text that may be NULL.
class FakeChunk final : public ResultChunk {
 public:
  explicit FakeChunk(std::vector<std::optional<std::string>> texts) : texts_(std::move(texts)) {}
  size_t rows() const override { return texts_.size(); }
  void AppendJson(size_t column, size_t row, std::string& out) const override {
    if (column == 0) {
      out += std::to_string(row);
    } else {
      out += texts_[row] ? "\"" + *texts_[row] + "\"" : "null";
    }
  }
  bool AppendText(size_t column, size_t row, std::string& out) const override {
    if (column == 0) {
      out += std::to_string(row);
      return true;
    }
    if (texts_[row]) out += *texts_[row];
    return texts_[row].has_value();
  }

 private:
  std::vector<std::optional<std::string>> texts_;
};

std::string Write(ResultFormat format, const std::vector<FakeChunk>& chunks) {
  auto writer = MakeResultWriter(format);
  std::string out;
  writer->Begin({{"n", "BIGINT"}, {"the \"text\"", "VARCHAR"}}, out);
  for (const FakeChunk& chunk : chunks) writer->Rows(chunk, out);
  ResultStatistics statistics;
  statistics.elapsed_us = 1500;
  statistics.rows_read = 7;
  statistics.cost.bytes_read = 99;
  writer->End(statistics, out);
  return out;
}

const std::vector<FakeChunk>& Two() {
  static const std::vector<FakeChunk> chunks = {FakeChunk({"a", std::nullopt}), FakeChunk({""})};
  return chunks;
}

TEST(ResultWriter, JsonEachRowIsAnObjectALine) {
  EXPECT_EQ(Write(ResultFormat::kJsonEachRow, Two()),
            "{\"n\":0,\"the \\\"text\\\"\":\"a\"}\n"
            "{\"n\":1,\"the \\\"text\\\"\":null}\n"
            "{\"n\":0,\"the \\\"text\\\"\":\"\"}\n");
  EXPECT_EQ(Write(ResultFormat::kJsonEachRow, {}), "");
}

TEST(ResultWriter, JsonCompactHasMetaDataRowsAndStatistics) {
  EXPECT_EQ(Write(ResultFormat::kJsonCompact, Two()),
            "{\"meta\":[{\"name\":\"n\",\"type\":\"BIGINT\"},"
            "{\"name\":\"the \\\"text\\\"\",\"type\":\"VARCHAR\"}],"
            "\"data\":[[0,\"a\"],[1,null],[0,\"\"]],\"rows\":3,"
            "\"statistics\":{\"elapsed\":0.001500,\"rows_read\":7,\"bytes_read\":99}}\n");
}

TEST(ResultWriter, JsonIsOneArrayEvenWithoutRows) {
  EXPECT_EQ(Write(ResultFormat::kJson, {}), "[]\n");
  EXPECT_EQ(Write(ResultFormat::kJson, {FakeChunk({"a"}), FakeChunk({"b"})}),
            "[{\"n\":0,\"the \\\"text\\\"\":\"a\"},\n{\"n\":0,\"the \\\"text\\\"\":\"b\"}]\n");
}

TEST(ResultWriter, CsvTellsNullFromTheEmptyTextAndQuotesWhatMustBe) {
  EXPECT_EQ(Write(ResultFormat::kCsv, Two()), "n,\"the \"\"text\"\"\"\n0,a\n1,\n0,\"\"\n");
  EXPECT_EQ(Write(ResultFormat::kCsv, {FakeChunk({"a,b", "c\nd", "e\"f"})}),
            "n,\"the \"\"text\"\"\"\n0,\"a,b\"\n1,\"c\nd\"\n2,\"e\"\"f\"\n");
}

TEST(ResultWriter, MarkdownAlignsNumbersAndKeepsARowOnALine) {
  EXPECT_EQ(Write(ResultFormat::kMarkdown, {FakeChunk({"a|b\nc", std::nullopt})}),
            "| n | the \"text\" |\n|--:|---|\n| 0 | a\\|b<br>c |\n| 1 | NULL |\n");
}

TEST(ResultWriter, LineSeparatesRowsByABlankLine) {
  EXPECT_EQ(Write(ResultFormat::kLine, Two()),
            "         n = 0\nthe \"text\" = a\n\n         n = 1\nthe \"text\" = NULL\n\n"
            "         n = 0\nthe \"text\" = \n");
}

TEST(ResultWriter, LineAlignsNamesByWhatTheyTakeOnATerminal) {
  auto writer = MakeResultWriter(ResultFormat::kLine);
  std::string out;
  writer->Begin({{"n", "BIGINT"}, {"größe", "VARCHAR"}, {"鴨池", "VARCHAR"}}, out);
  class Row final : public ResultChunk {
   public:
    size_t rows() const override { return 1; }
    void AppendJson(size_t, size_t, std::string&) const override {}
    bool AppendText(size_t, size_t, std::string& text) const override {
      text += 'x';
      return true;
    }
  };
  writer->Rows(Row(), out);
  EXPECT_EQ(out, "    n = x\ngröße = x\n 鴨池 = x\n");
}

TEST(ResultFormats, AreKnownByNameInAnyCaseAndListedForMessages) {
  EXPECT_EQ(ParseResultFormat("jsoneachrow"), ResultFormat::kJsonEachRow);
  EXPECT_EQ(ParseResultFormat("JSONCompact"), ResultFormat::kJsonCompact);
  EXPECT_EQ(ParseResultFormat("Parquetish"), std::nullopt);
  EXPECT_NE(ResultFormatNames().find("JSONEachRow, JSONCompact"), std::string::npos);
  EXPECT_EQ(ContentTypeOf(ResultFormat::kJsonCompact), "application/json");
}

}  // namespace
}  // namespace duckpond
