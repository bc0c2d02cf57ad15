// SPDX-License-Identifier: MIT
//
// RowChecks: NOT NULL and CHECK, which DuckDB binds for a foreign catalog and leaves to it.
//
// Threads:   one at a time. Lifetime: borrows the bound constraints.
// Errors:    ConstraintException naming table and column or expression.
#pragma once

#include <vector>

#include "lake/schema.h"
#include "sql/duckdb_api.h"

namespace duckpond {

class RowChecks {
 public:
  RowChecks(duckdb::ClientContext& client, const TableDef& def,
            const duckdb::vector<duckdb::unique_ptr<duckdb::BoundConstraint>>& constraints);

  // REQUIRES: `chunk` has all of the table's columns.
  void Check(duckdb::DataChunk& chunk);

 private:
  const TableDef& def_;
  std::vector<size_t> not_null_;  // Places of columns.
  struct Rule {
    duckdb::unique_ptr<duckdb::ExpressionExecutor> executor;
    std::string text;
  };
  std::vector<Rule> rules_;
};

}  // namespace duckpond
