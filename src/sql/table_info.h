// SPDX-License-Identifier: MIT
//
// Definitions between DuckDB's CREATE statements and the lake's TableDef and ViewDef. Expressions
// travel as SQL text.
//
// Errors:   kUnsupported names what cannot be kept; kInvalid for stored text that does not parse.
// Threads:  free functions.
#pragma once

#include "base/result.h"
#include "lake/schema.h"
#include "sql/duckdb_api.h"

namespace duckpond {

// A definition without ids, to be handed to Transaction::CreateTable. A UUID PRIMARY KEY of one
// column that has no default gets uuidv7().
Result<TableDef> ToTableDef(const duckdb::CreateTableInfo& info, const std::string& schema);

// What DuckDB would have parsed to make the table.
Result<duckdb::unique_ptr<duckdb::CreateTableInfo>> ToCreateInfo(const TableDef& def);

Result<ViewDef> ToViewDef(const duckdb::CreateViewInfo& info, const std::string& schema);
Result<duckdb::unique_ptr<duckdb::CreateViewInfo>> ToCreateInfo(const ViewDef& def);

}  // namespace duckpond
