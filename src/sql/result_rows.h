// SPDX-License-Identifier: MIT
//
// DuckdbChunk: a ResultChunk over one of DuckDB's data chunks, which it flattens.
//
// Lifetime:  owns the data chunk; borrows the ClientContext, whose time zone and settings the text
//            form follows.
#pragma once

#include <vector>

#include "sql/duckdb_api.h"
#include "sql/result_chunk.h"

namespace duckpond {

class DuckdbChunk final : public ResultChunk {
 public:
  DuckdbChunk(duckdb::ClientContext& context, duckdb::unique_ptr<duckdb::DataChunk> rows);

  size_t rows() const override { return rows_->size(); }
  void AppendJson(size_t column, size_t row, std::string& out) const override;
  bool AppendText(size_t column, size_t row, std::string& out) const override;

  duckdb::DataChunk& data() const { return *rows_; }

 private:
  duckdb::ClientContext& context_;
  duckdb::unique_ptr<duckdb::DataChunk> rows_;
  // The text form of each column that was asked for.
  mutable std::vector<duckdb::unique_ptr<duckdb::Vector>> texts_;
};

}  // namespace duckpond
