// SPDX-License-Identifier: MIT
//
// ScanColumns: from what DuckDB asks a scan for (columns by place, virtual columns, filters, the
// columns that leave the scan) to what is read of files and inline rows, and back to its output.
//
// Threads:   immutable once made; Emit may be called concurrently for different chunks.
// Errors:    DuckDB exceptions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lake/predicate.h"
#include "lake/schema.h"
#include "sql/duckdb_api.h"
#include "sql/parquet_file.h"

namespace duckpond {

class ScanColumns {
 public:
  // `filters` are borrowed for as long as the scan runs.
  ScanColumns(const TableDef& def, const duckdb::TableFunctionInitInput& input);

  // A column of the table that is read: by which filters, and stored how.
  struct ReadColumn {
    size_t place = 0;  // In def.columns.
    duckdb::LogicalType type;
    duckdb::LogicalType stored;
  };
  const std::vector<ReadColumn>& read() const { return read_; }
  // Places in their files are read too; row ids come after them.
  bool needs_row_numbers() const { return needs_row_numbers_; }
  bool needs_row_ids() const { return needs_row_ids_; }
  // Nothing but the number of rows is asked for.
  bool only_counts() const { return read_.empty() && !needs_row_numbers_; }

  // Filters that a Parquet reader takes, by place in read().
  const std::map<size_t, const duckdb::TableFilter*>& filters() const { return filters_; }

  // Something that the scan can give.
  struct Output {
    enum class Kind : unsigned char {
      kColumn,
      kRowId,
      kFileName,
      kFileIndex,
      kRowNumber,
      kNothing,
    } kind = Kind::kColumn;
    size_t read = 0;  // Of kColumn.
  };
  duckdb::LogicalType TypeOf(const Output& output) const;

  // Filters that a Parquet reader does not take: on columns that are stored as another type, and on
  // what is no column of the file (see RowFilter).
  struct OwnFilter {
    Output column;
    duckdb::LogicalType type;
    const duckdb::TableFilter* filter = nullptr;
  };
  const std::vector<OwnFilter>& own_filters() const { return own_filters_; }
  // What all filters say, for pruning; now, where they change while the query runs.
  Predicate FilterPredicate(const TableDef& def) const;
  bool filters_change() const { return filters_change_; }

  // Where the rows of a chunk are from.
  struct Origin {
    uint64_t file_index = 0;
    std::string path;
  };
  // Fills `output` from `rows`: the columns of read(), in their own types, then the row numbers and
  // the row ids if they are needed.
  void Emit(duckdb::DataChunk& rows, const Origin& origin, duckdb::DataChunk& output) const;
  // Makes `target` one of the things that Emit gives.
  void Fill(const Output& output, duckdb::DataChunk& rows, const Origin& origin,
            duckdb::Vector& target) const;

 private:
  Output Resolve(const TableDef& def, duckdb::column_t column);

  std::vector<ReadColumn> read_;
  std::vector<Output> outputs_;
  bool needs_row_numbers_ = false;
  bool needs_row_ids_ = false;
  std::map<size_t, const duckdb::TableFilter*> filters_;
  std::vector<OwnFilter> own_filters_;
  bool filters_change_ = false;
};

}  // namespace duckpond
