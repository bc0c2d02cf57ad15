// SPDX-License-Identifier: MIT
//
// The order of a table's rows by its first key, as DuckDB sorts them: the same as that of the bytes
// of lake/key.h, NULLs last.
//
// Threads:   free functions. Errors: DuckDB exceptions.
// Memory:    DuckDB's buffers, which memory_limit bounds and which move to its temporary files.
#pragma once

#include "lake/schema.h"
#include "sql/duckdb_api.h"

namespace duckpond {

// REQUIRES: the table has a key; `types` are those of its columns.
duckdb::vector<duckdb::BoundOrderByNode> KeyOrders(
    duckdb::ClientContext& client, const TableDef& def,
    const duckdb::vector<duckdb::LogicalType>& types);

// `rows`, sorted. REQUIRES: as for KeyOrders.
duckdb::unique_ptr<duckdb::ColumnDataCollection> SortedByKey(duckdb::ClientContext& client,
                                                             const TableDef& def,
                                                             duckdb::ColumnDataCollection& rows);

}  // namespace duckpond
