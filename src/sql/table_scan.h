// SPDX-License-Identifier: MIT
//
// The scan of a pond's table: which files, row groups and inline rows a query has to look at, and
// reading them.
//
// What is scanned is decided when the scan starts, not when it is planned: from the transaction's
// view, or from the version that an AT clause named. The plan keeps the filters that can prune, so
// that a prepared statement prunes by the values it is executed with.
//
// Threads:   as DuckDB's table functions: one global state, a local one a thread.
// Cost:      a file of at most kWholeFileBytes is one GET; else one for the footer (unless it lay
//            in the log or in DuckDB's object cache) and one a row group, all independent; or,
//            where that pays, the footers and then the column chunks that are needed (see
//            lake/read_plan.h). Many files whose bounds hold a key that is looked for are asked for
//            its hash first (lake/key_probe.h). Column chunks that are kept from an earlier read
//            cost nothing (see kept_chunks.h).
#pragma once

#include "lake/catalog.h"
#include "sql/duckdb_api.h"

namespace duckpond {

class PondTableEntry;

inline constexpr const char* kTableScanName = "duckpond_scan";

// The function that scans `table`, and its bind data. `past` is null for the transaction's view.
duckdb::TableFunction MakeTableScan(duckdb::ClientContext& client, PondTableEntry& table,
                                    CatalogPtr past,
                                    duckdb::unique_ptr<duckdb::FunctionData>& bind_data);

// Makes the function known by name, which DuckDB looks for when it verifies plans. It refuses
// calls.
void RegisterTableScan(duckdb::ExtensionLoader& loader);

// rowid, filename, file_index, file_row_number.
duckdb::virtual_column_map_t TableScanVirtualColumns();

}  // namespace duckpond
