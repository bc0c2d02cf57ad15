// SPDX-License-Identifier: MIT
//
// Types between DuckDB and the lake, both ways, and how a value of each lies in a Parquet file.
//
// Errors:   kUnsupported names a type that cannot be kept: one with a collation, a coordinate
//           system or unnamed members, or one that DuckDB does not store either.
// Format:   docs/formats/types.md
// Threads:  free functions.
#pragma once

#include "base/result.h"
#include "lake/type.h"
#include "sql/duckdb_api.h"

namespace duckpond {

Result<Type> FromDuckDb(const duckdb::LogicalType& type);

// REQUIRES: a type that FromDuckDb or Type::Parse made.
duckdb::LogicalType ToDuckDb(const Type& type);

}  // namespace duckpond
