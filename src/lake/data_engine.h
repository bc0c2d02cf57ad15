// SPDX-License-Identifier: MIT
//
// DataEngine: what the lake needs from whoever can read and write the rows of data files. `sql`
// implements it with DuckDB, the simulation with a few lines.
//
// Threads:  methods may be called concurrently, from tasks: they must not block the executor.
#pragma once

#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "lake/catalog.h"

namespace duckpond {

class DataEngine {
 public:
  virtual ~DataEngine() = default;

  // The keys of the constraint `def.constraints[constraint]` in `file` that lie in [min, max], in
  // any order. Cost: at most one read of each row group whose bounds overlap.
  struct KeyRange {
    uint32_t constraint = 0;
    std::string min;
    std::string max;
  };
  virtual Task<Result<std::vector<std::string>>> ReadKeys(Context context, TablePtr table,
                                                          DataFilePtr file, KeyRange range) = 0;

  // Writes rows into one data file of the table, sorted by its key, and says what is in it. The
  // object is durable when this returns, and not data until a commit names it.
  virtual Task<Result<DataFile>> WriteFile(Context context, TablePtr table,
                                           std::vector<ColumnBatch> batches) = 0;
};

}  // namespace duckpond
