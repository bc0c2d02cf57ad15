// SPDX-License-Identifier: MIT
//
// AppendJsonValue: one value of a DuckDB vector as JSON, by the rules of sql/result_chunk.h. All
// formats that write JSON share it.
#pragma once

#include <string>

#include "sql/duckdb_api.h"

namespace duckpond {

// Makes `vector` and every vector inside it flat, which AppendJsonValue requires.
void FlattenDeep(duckdb::Vector& vector, duckdb::idx_t count);

// Appends the value in `row`. REQUIRES: FlattenDeep was called.
void AppendJsonValue(duckdb::Vector& vector, duckdb::idx_t row, std::string& out);

}  // namespace duckpond
