// SPDX-License-Identifier: MIT
#include "sql/format_text.h"

#include <algorithm>

#include "sql/format_box.h"

namespace duckpond {
namespace {

// Quoted when it must be, and when it is empty: the empty field unquoted is NULL.
void AppendCsvField(std::string_view text, std::string& out) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

class CsvWriter final : public ResultWriter {
 public:
  void Begin(const std::vector<ResultColumn>& columns, std::string& out) override {
    columns_ = columns.size();
    for (size_t i = 0; i < columns_; ++i) {
      if (i > 0) out.push_back(',');
      AppendCsvField(columns[i].name, out);
    }
    out.push_back('\n');
  }
  void Rows(const ResultChunk& chunk, std::string& out) override {
    for (size_t row = 0; row < chunk.rows(); ++row) {
      for (size_t column = 0; column < columns_; ++column) {
        if (column > 0) out.push_back(',');
        cell_.clear();
        if (chunk.AppendText(column, row, cell_)) AppendCsvField(cell_, out);
      }
      out.push_back('\n');
    }
  }
  void End(const ResultStatistics&, std::string&) override {}

 private:
  size_t columns_ = 0;
  std::string cell_;
};

// A cell of a Markdown table is one line without bars.
void AppendMarkdownCell(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c == '|') {
      out += "\\|";
    } else if (c == '\n') {
      out += "<br>";
    } else if (c != '\r') {
      out.push_back(c);
    }
  }
}

bool IsNumber(const std::string& type) {
  constexpr std::string_view kNumbers[] = {
      "TINYINT",  "SMALLINT", "INTEGER",  "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
      "UINTEGER", "UBIGINT",  "UHUGEINT", "BIGNUM", "FLOAT",   "DOUBLE"};
  if (type.starts_with("DECIMAL(")) return !type.ends_with("]");
  return std::find(std::begin(kNumbers), std::end(kNumbers), type) != std::end(kNumbers);
}

class MarkdownWriter final : public ResultWriter {
 public:
  void Begin(const std::vector<ResultColumn>& columns, std::string& out) override {
    columns_ = columns.size();
    for (const ResultColumn& column : columns) {
      out += "| ";
      AppendMarkdownCell(column.name, out);
      out.push_back(' ');
    }
    out += "|\n";
    for (const ResultColumn& column : columns) out += IsNumber(column.type) ? "|--:" : "|---";
    out += "|\n";
  }
  void Rows(const ResultChunk& chunk, std::string& out) override {
    for (size_t row = 0; row < chunk.rows(); ++row) {
      for (size_t column = 0; column < columns_; ++column) {
        cell_.clear();
        if (!chunk.AppendText(column, row, cell_)) cell_ = "NULL";
        out += "| ";
        AppendMarkdownCell(cell_, out);
        out.push_back(' ');
      }
      out += "|\n";
    }
  }
  void End(const ResultStatistics&, std::string&) override {}

 private:
  size_t columns_ = 0;
  std::string cell_;
};

class LineWriter final : public ResultWriter {
 public:
  void Begin(const std::vector<ResultColumn>& columns, std::string&) override {
    size_t widest = 0;
    for (const ResultColumn& column : columns) widest = std::max(widest, DisplayWidth(column.name));
    for (const ResultColumn& column : columns) {
      const size_t indent = widest - DisplayWidth(column.name);
      names_.push_back(std::string(indent, ' ') + column.name + " = ");
    }
  }
  void Rows(const ResultChunk& chunk, std::string& out) override {
    for (size_t row = 0; row < chunk.rows(); ++row) {
      if (!first_) out.push_back('\n');
      first_ = false;
      for (size_t column = 0; column < names_.size(); ++column) {
        out += names_[column];
        if (!chunk.AppendText(column, row, out)) out += "NULL";
        out.push_back('\n');
      }
    }
  }
  void End(const ResultStatistics&, std::string&) override {}

 private:
  std::vector<std::string> names_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<ResultWriter> MakeCsvWriter() { return std::make_unique<CsvWriter>(); }
std::unique_ptr<ResultWriter> MakeMarkdownWriter() { return std::make_unique<MarkdownWriter>(); }
std::unique_ptr<ResultWriter> MakeLineWriter() { return std::make_unique<LineWriter>(); }

}  // namespace duckpond
