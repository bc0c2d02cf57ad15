// SPDX-License-Identifier: MIT
//
// ParquetEncoder: makes one Parquet file in memory with DuckDB's own writer. Who calls says where
// row groups end.
//
// Threads:   one at a time.
// Lifetime:  borrows the client.
// Memory:    the file, and the rows of one group.
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
  ParquetEncoder(duckdb::ClientContext& client, const TableDef& def);
  ~ParquetEncoder();

  // Adds rows to the open group. `chunk` has the table's types.
  void Append(duckdb::DataChunk& chunk);
  // About what the rows of the open group take in memory.
  uint64_t group_bytes() const { return group_->SizeInBytes(); }
  // Encodes the rows that were appended since the last call as one row group.
  void EndGroup();
  // Of all groups that were ended. Less than what the file will have: some are still buffered.
  uint64_t bytes() const { return buffer_->content.size(); }
  // Ends the file. REQUIRES: EndGroup came after the last Append. The buffer is the whole of it.
  std::shared_ptr<FileBuffer> Finish();

 private:
  duckdb::unique_ptr<duckdb::ColumnDataCollection> NewGroup() const;

  duckdb::ClientContext& client_;
  duckdb::vector<duckdb::LogicalType> types_;
  std::shared_ptr<FileBuffer> buffer_ = std::make_shared<FileBuffer>();
  FilePath path_;
  duckdb::CopyFunction function_;
  duckdb::unique_ptr<duckdb::FunctionData> bind_;
  duckdb::unique_ptr<duckdb::GlobalFunctionData> global_;
  duckdb::DataChunk stored_;
  duckdb::unique_ptr<duckdb::ColumnDataCollection> group_;
};

}  // namespace duckpond
