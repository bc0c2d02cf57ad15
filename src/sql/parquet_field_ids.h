// SPDX-License-Identifier: MIT
//
// Field ids of a table's columns, nested ones included, as DuckDB's Parquet writer takes them.
//
// Format:   docs/formats/types.md
// Threads:  a free function.
#pragma once

#include "lake/schema.h"
#include "sql/duckdb_api.h"

namespace duckpond {

// The value of COPY's FIELD_IDS option.
duckdb::Value FieldIds(const TableDef& def);

}  // namespace duckpond
