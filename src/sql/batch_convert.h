// SPDX-License-Identifier: MIT
//
// Rows between DuckDB's vectors and the lake's ColumnBatch. The layouts agree, so that values are
// copied and never interpreted.
//
// Threads:  free functions over values.
// Errors:   AppendRows throws for texts of more than 4 GiB, whose ends a batch cannot say; ReadRows
// trusts that Decode has
//           checked the batch against its types.
#pragma once

#include "lake/column_batch.h"
#include "sql/duckdb_api.h"

namespace duckpond {

// An empty column of `type`, with empty children where its layout has them.
ColumnData EmptyColumn(const Type& type);

// Appends the first `rows` values of `vector` (flattened on the way) to `column`, which holds
// `rows_before` values.
void AppendVector(duckdb::Vector& vector, duckdb::idx_t rows, ColumnData& column,
                  uint64_t rows_before);

// Appends `chunk` to `batch`. REQUIRES: batch.columns are EmptyColumns of the chunk's types.
void AppendRows(duckdb::DataChunk& chunk, ColumnBatch& batch);

// Writes values [begin, begin + rows) of `column` to `vector`, of the same type, from place `at`
// on.
struct RowSpan {
  uint64_t begin = 0;
  uint64_t rows = 0;
};
void ReadRows(const ColumnData& column, RowSpan span, duckdb::Vector& vector, duckdb::idx_t at = 0);

}  // namespace duckpond
