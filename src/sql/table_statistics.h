// SPDX-License-Identifier: MIT
//
// What the log knows of a table's values, in the form that DuckDB's optimizer takes: bounds, NULLs
// and keys. Plans become better, and min(), max() and count(*) need no read.
//
// Trust:    a plan that was made with these is made anew when the pond's version changes
//           (Catalog::GetCatalogVersion): bounds need not hold for rows that come later.
// Cost:     no request; linear in the table's files.
// Threads:  free functions over immutable values.
#pragma once

#include "lake/catalog.h"
#include "sql/duckdb_api.h"

namespace duckpond {

// Of the column at `place`; null where nothing is known.
duckdb::unique_ptr<duckdb::BaseStatistics> StatisticsOf(const Table& table, size_t place);

// All of the table as one partition, whose count is exact.
duckdb::PartitionStatistics PartitionOf(const TablePtr& table);

}  // namespace duckpond
