// SPDX-License-Identifier: MIT
//
// ColumnBounds: the least and greatest value of a column and its count of NULLs, gathered chunk by
// chunk while a file is written.
//
// Order:    that of the key encoding (lake/key.h). Types without one get a count of NULLs only.
// Threads:  one at a time.
#pragma once

#include <memory>

#include "lake/data_file.h"
#include "lake/schema.h"
#include "sql/duckdb_api.h"

namespace duckpond {

class ColumnBounds {
 public:
  virtual ~ColumnBounds() = default;
  static std::unique_ptr<ColumnBounds> For(const Column& column);

  // `vector` has the column's type. Flattens it.
  virtual void Add(duckdb::Vector& vector, duckdb::idx_t rows) = 0;
  virtual ColumnStatistics Finish() const = 0;
};

}  // namespace duckpond
