// SPDX-License-Identifier: MIT
//
// RowFilter: evaluates those filters of a scan that the Parquet reader cannot: on columns whose
// stored type is another one, and on what is no column of the file (rowid, filename).
//
// A scan takes all filters: where one says that it cannot, DuckDB 1.5.5 filters above it and gives
// the columns to its parent in places where that does not expect them.
//
// Threads:   one at a time: each worker of a scan has its own.
// Lifetime:  borrows the client and the ScanColumns.
// Errors:    DuckDB exceptions.
#pragma once

#include <memory>
#include <vector>

#include "sql/duckdb_api.h"
#include "sql/scan_columns.h"

namespace duckpond {

class RowFilter {
 public:
  RowFilter(duckdb::ClientContext& client, const ScanColumns& columns);
  ~RowFilter();

  // Leaves in `rows` (as ScanColumns::Emit takes them) those that pass.
  void Apply(duckdb::DataChunk& rows, const ScanColumns::Origin& origin);

 private:
  struct Rule;
  void Add(duckdb::ClientContext& client, const ScanColumns::OwnFilter& own,
           const duckdb::TableFilter& filter);

  const ScanColumns& columns_;
  std::vector<std::unique_ptr<Rule>> rules_;
};

}  // namespace duckpond
