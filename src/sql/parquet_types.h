// SPDX-License-Identifier: MIT
//
// Stored types: how each column type lies in a Parquet file, so that it comes back exactly. What
// Parquet (as DuckDB writes and reads it) keeps is stored as it is; what it would bend is stored in
// an encoding that keeps the order of the values where there is one.
//
//   HUGEINT, UHUGEINT   BLOB, 16 bytes, big-endian, HUGEINT with its sign bit flipped: ordered
//   BIGNUM              BLOB, DuckDB's bytes: ordered
//   TIME_NS, TIMESTAMP_S, TIMESTAMP_MS   BIGINT, the count: ordered
//   TIMETZ, INTERVAL, BIT, GEOMETRY      UBIGINT or BLOB, DuckDB's bytes (GEOMETRY: WKB)
//   ENUM                VARCHAR, the label
//   ARRAY               LIST
//   UNION               STRUCT("$tag" UTINYINT, members…)
//   VARIANT             STRUCT(keys, children, values, data), as DuckDB holds it
//
// The same holds for what is nested in another type.
//
// Format:   docs/formats/types.md
// Threads:  free functions; a StoredColumn is used by one thread at a time.
#pragma once

#include "sql/duckdb_api.h"

namespace duckpond {

// The type that a column of `type` has in a file; `type` itself where nothing is bent.
duckdb::LogicalType StoredType(const duckdb::LogicalType& type);

// Whether DuckDB's Parquet reader may be asked to filter a column of this type: not where values
// are stored as something else, nor BLOB, whose bloom filters DuckDB 1.5.5 asks for the value's
// text.
bool CanFilterStored(const duckdb::LogicalType& type);

inline bool IsBent(const duckdb::LogicalType& type) { return StoredType(type) != type; }

// Writes `rows` values of `source`, of any type, to `target`, of its StoredType. Flattens `source`.
void Store(duckdb::Vector& source, duckdb::Vector& target, duckdb::idx_t rows);

// The way back: `source` has the StoredType of `target`'s type. Flattens `source`.
// Errors: throws IOException for bytes that Store would not have written.
void Unstore(duckdb::Vector& source, duckdb::Vector& target, duckdb::idx_t rows);

}  // namespace duckpond
