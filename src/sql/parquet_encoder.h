// SPDX-License-Identifier: MIT
//
// ParquetEncoder: makes one Parquet file in memory with DuckDB's own writer.
//
// Threads:   one at a time.
// Lifetime:  borrows the client.
// Errors:    DuckDB exceptions.
#pragma once

#include <memory>
#include <string>

#include "lake/schema.h"
#include "sql/duckdb_api.h"
#include "sql/pond_file_system.h"

namespace duckpond {

class ParquetEncoder {
 public:
  // Row groups are closed when a chunk has filled them to `group_rows` or more.
  ParquetEncoder(duckdb::ClientContext& client, const TableDef& def, uint64_t group_rows);
  ~ParquetEncoder();

  // `chunk` has the table's types.
  void Append(duckdb::DataChunk& chunk);
  // Bytes that are encoded so far.
  uint64_t bytes() const { return buffer_->content.size(); }
  // Ends the file. The buffer is the whole of it.
  std::shared_ptr<FileBuffer> Finish();

 private:
  duckdb::ClientContext& client_;
  duckdb::vector<duckdb::LogicalType> types_;
  std::shared_ptr<FileBuffer> buffer_ = std::make_shared<FileBuffer>();
  FilePath path_;
  duckdb::ThreadContext thread_;
  duckdb::ExecutionContext execution_;
  duckdb::CopyFunction function_;
  duckdb::unique_ptr<duckdb::FunctionData> bind_;
  duckdb::unique_ptr<duckdb::GlobalFunctionData> global_;
  duckdb::unique_ptr<duckdb::LocalFunctionData> local_;
  duckdb::DataChunk stored_;
};

}  // namespace duckpond
