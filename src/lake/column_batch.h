// SPDX-License-Identifier: MIT
//
// ColumnBatch: a few rows, column by column, without DuckDB: what a small write carries into the
// log and what a reader takes out of it. The layout follows DuckDB's vectors, so that `sql` copies
// and does not convert: integers little-endian, DECIMAL by width (2, 4, 8 or 16 bytes), HUGEINT and
// UUID as DuckDB holds them (16 bytes), dates, times and timestamps as their counts, ENUM as its
// index in 4 bytes, INTERVAL as months, days, microseconds, BIT and BIGNUM as DuckDB's bytes. A
// VARIANT lies as the struct that DuckDB holds it in, a UNION as a struct whose first child is the
// tag (UTINYINT).
//
// Format:  docs/formats/inline-rows.md
// Errors:  Decode is kCorrupt for bytes that do not hold values of these types: text that is not
//          UTF-8, an ENUM index without a label, a list that ends behind its child. Nothing is
//          asserted. Limits: kBatchRowsMax, kBatchBytesMax.
// Threads: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/type.h"

namespace duckpond {

struct ColumnData {
  Type type;
  // One entry a row, 0 for NULL; empty when no row is NULL. NULL rows have a place in `fixed`
  // (zeros) and in `ends` (empty).
  std::vector<uint8_t> valid;
  std::string fixed;           // Of Layout::kFixed.
  std::vector<uint32_t> ends;  // Of kVariable: end of each value in `heap`; of kList: end of each
                               // value in the child. Starts are the ends before.
  std::string heap;            // Of kVariable.
  std::vector<ColumnData> children;  // Of kList, kArray, kStruct.

  bool IsNull(uint64_t row) const { return !valid.empty() && valid[row] == 0; }
  // The bytes of a value of kFixed or kVariable.
  std::string_view Value(uint64_t row) const;
};

struct ColumnBatch {
  uint64_t rows = 0;
  std::vector<uint32_t> field_ids;  // One a column.
  std::vector<ColumnData> columns;

  // Null if the batch has no such column.
  const ColumnData* Find(uint32_t field_id) const;
  // Memory that the values take, which is what kBatchBytesMax limits.
  uint64_t DecodedBytes() const;

  // REQUIRES: columns as described above, within the limits. Cost: linear in the content.
  std::string Encode() const;
  // `types` are those of the table's columns by field id, for the ids that the bytes name.
  struct FieldType {
    uint32_t field_id = 0;
    Type type;
  };
  static Result<ColumnBatch> Decode(std::string_view bytes, const std::vector<FieldType>& types);
};

}  // namespace duckpond
