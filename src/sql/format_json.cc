// SPDX-License-Identifier: MIT
#include "sql/format_json.h"

#include <fmt/format.h>

#include "base/json_writer.h"

namespace duckpond {
namespace {

// Objects of a result's rows, with the quoted names made once.
class JsonRows {
 public:
  void Begin(const std::vector<ResultColumn>& columns) {
    for (const ResultColumn& column : columns) keys_.push_back(JsonQuote(column.name) + ":");
  }
  size_t columns() const { return keys_.size(); }

  void AppendObject(const ResultChunk& chunk, size_t row, std::string& out) const {
    out.push_back('{');
    for (size_t column = 0; column < keys_.size(); ++column) {
      if (column > 0) out.push_back(',');
      out += keys_[column];
      chunk.AppendJson(column, row, out);
    }
    out.push_back('}');
  }

  void AppendArray(const ResultChunk& chunk, size_t row, std::string& out) const {
    out.push_back('[');
    for (size_t column = 0; column < keys_.size(); ++column) {
      if (column > 0) out.push_back(',');
      chunk.AppendJson(column, row, out);
    }
    out.push_back(']');
  }

 private:
  std::vector<std::string> keys_;
};

class JsonEachRowWriter final : public ResultWriter {
 public:
  void Begin(const std::vector<ResultColumn>& columns, std::string&) override {
    rows_.Begin(columns);
  }
  void Rows(const ResultChunk& chunk, std::string& out) override {
    for (size_t row = 0; row < chunk.rows(); ++row) {
      rows_.AppendObject(chunk, row, out);
      out.push_back('\n');
    }
  }
  void End(const ResultStatistics&, std::string&) override {}

 private:
  JsonRows rows_;
};

class JsonArrayWriter final : public ResultWriter {
 public:
  void Begin(const std::vector<ResultColumn>& columns, std::string& out) override {
    rows_.Begin(columns);
    out.push_back('[');
  }
  void Rows(const ResultChunk& chunk, std::string& out) override {
    for (size_t row = 0; row < chunk.rows(); ++row) {
      if (!first_) out += ",\n";
      first_ = false;
      rows_.AppendObject(chunk, row, out);
    }
  }
  void End(const ResultStatistics&, std::string& out) override { out += "]\n"; }

 private:
  JsonRows rows_;
  bool first_ = true;
};

class JsonCompactWriter final : public ResultWriter {
 public:
  void Begin(const std::vector<ResultColumn>& columns, std::string& out) override {
    rows_.Begin(columns);
    JsonWriter meta;
    meta.BeginArray();
    for (const ResultColumn& column : columns) {
      meta.BeginObject().Key("name").String(column.name);
      meta.Key("type").String(column.type).EndObject();
    }
    meta.EndArray();
    out += "{\"meta\":" + meta.Take() + ",\"data\":[";
  }
  void Rows(const ResultChunk& chunk, std::string& out) override {
    for (size_t row = 0; row < chunk.rows(); ++row) {
      if (count_ > 0) out.push_back(',');
      ++count_;
      rows_.AppendArray(chunk, row, out);
    }
  }
  void End(const ResultStatistics& statistics, std::string& out) override {
    constexpr double kUsPerSecond = 1e6;
    out += fmt::format(
        R"(],"rows":{},"statistics":{{"elapsed":{:.6f},"rows_read":{},"bytes_read":{}}}}})", count_,
        static_cast<double>(statistics.elapsed_us) / kUsPerSecond, statistics.rows_read,
        statistics.cost.bytes_read);
    out.push_back('\n');
  }

 private:
  JsonRows rows_;
  uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<ResultWriter> MakeJsonEachRowWriter() {
  return std::make_unique<JsonEachRowWriter>();
}
std::unique_ptr<ResultWriter> MakeJsonCompactWriter() {
  return std::make_unique<JsonCompactWriter>();
}
std::unique_ptr<ResultWriter> MakeJsonArrayWriter() { return std::make_unique<JsonArrayWriter>(); }

}  // namespace duckpond
