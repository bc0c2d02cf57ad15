// SPDX-License-Identifier: MIT
#include "sql/scan_columns.h"

#include "duckdb/common/multi_file/multi_file_reader.hpp"
#include "sql/parquet_types.h"
#include "sql/scan_predicate.h"
#include "sql/types.h"

namespace duckpond {
namespace {

using duckdb::MultiFileReader;
using duckdb::Value;

}  // namespace

ScanColumns::ScanColumns(const TableDef& def, const duckdb::TableFunctionInitInput& input) {
  std::vector<Output> all;
  for (const auto& column : input.column_ids) all.push_back(Resolve(def, column));
  if (input.filters) {
    for (const auto& [place, filter] : input.filters->filters) {
      const Output& output = all[place];
      filters_change_ = filters_change_ || Changes(*filter);
      const bool is_column = output.kind == Output::Kind::kColumn;
      if (is_column && CanFilterStored(read_[output.read].type)) {
        filters_[output.read] = filter.get();
      } else {
        own_filters_.push_back({output, TypeOf(output), filter.get()});
      }
    }
  }
  if (!input.projection_ids.empty()) {
    for (const auto place : input.projection_ids) outputs_.push_back(all[place]);
  } else {
    outputs_ = std::move(all);
  }
}

ScanColumns::Output ScanColumns::Resolve(const TableDef& def, duckdb::column_t column) {
  using Kind = Output::Kind;
  if (column < def.columns.size()) {
    for (size_t i = 0; i < read_.size(); ++i) {
      if (read_[i].place == column) return {Kind::kColumn, i};
    }
    const duckdb::LogicalType type = ToDuckDb(def.columns[column].type);
    read_.push_back({column, type, StoredType(type)});
    return {Kind::kColumn, read_.size() - 1};
  }
  if (column == MultiFileReader::COLUMN_IDENTIFIER_FILENAME) return {Kind::kFileName};
  if (column == MultiFileReader::COLUMN_IDENTIFIER_FILE_INDEX) return {Kind::kFileIndex};
  if (column == MultiFileReader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER) {
    needs_row_numbers_ = true;
    return {Kind::kRowNumber};
  }
  if (column == duckdb::COLUMN_IDENTIFIER_ROW_ID) {
    needs_row_numbers_ = true;
    needs_row_ids_ = true;
    return {Kind::kRowId};
  }
  return {Kind::kNothing};
}

Predicate ScanColumns::FilterPredicate(const TableDef& def) const {
  Predicate all;
  all.kind = Predicate::Kind::kAnd;
  const auto add = [&](size_t read, const duckdb::TableFilter& filter) {
    all.children.push_back(ToPredicate(filter, def.columns[read_[read].place]));
  };
  for (const auto& [read, filter] : filters_) add(read, *filter);
  for (const OwnFilter& own : own_filters_) {
    if (own.column.kind == Output::Kind::kColumn) add(own.column.read, *own.filter);
  }
  return all;
}

duckdb::LogicalType ScanColumns::TypeOf(const Output& output) const {
  using Kind = Output::Kind;
  switch (output.kind) {
    case Kind::kColumn:
      return read_[output.read].type;
    case Kind::kFileName:
      return duckdb::LogicalType::VARCHAR;
    case Kind::kFileIndex:
      return duckdb::LogicalType::UBIGINT;
    case Kind::kNothing:
      return duckdb::LogicalType::BOOLEAN;
    default:
      return duckdb::LogicalType::BIGINT;
  }
}

void ScanColumns::Emit(duckdb::DataChunk& rows, const Origin& origin,
                       duckdb::DataChunk& output) const {
  output.SetCardinality(rows.size());
  for (size_t i = 0; i < outputs_.size(); ++i) Fill(outputs_[i], rows, origin, output.data[i]);
}

void ScanColumns::Fill(const Output& output, duckdb::DataChunk& rows, const Origin& origin,
                       duckdb::Vector& target) const {
  using Kind = Output::Kind;
  switch (output.kind) {
    case Kind::kColumn:
      target.Reference(rows.data[output.read]);
      break;
    case Kind::kFileName:
      target.Reference(origin.path.empty() ? Value(duckdb::LogicalType::VARCHAR)
                                           : Value(origin.path));
      break;
    case Kind::kFileIndex:
      target.Reference(Value::UBIGINT(origin.file_index));
      break;
    case Kind::kRowNumber:
      target.Reference(rows.data[read_.size()]);
      break;
    case Kind::kRowId:
      target.Reference(rows.data[read_.size() + 1]);
      break;
    case Kind::kNothing:
      target.Reference(Value(target.GetType()));
      break;
  }
}

}  // namespace duckpond
