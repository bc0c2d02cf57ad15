// SPDX-License-Identifier: MIT
#include "sql/duckdb_api.h"
// The line above comes first: it is the precompiled header.
#include "sql/result_json.h"
#include "sql/result_rows.h"

namespace duckpond {

using duckdb::FlatVector;
using duckdb::LogicalType;
using duckdb::Vector;

DuckdbChunk::DuckdbChunk(duckdb::ClientContext& context, duckdb::unique_ptr<duckdb::DataChunk> rows)
    : context_(context), rows_(std::move(rows)), texts_(rows_->ColumnCount()) {
  for (auto& column : rows_->data) FlattenDeep(column, rows_->size());
}

void DuckdbChunk::AppendJson(size_t column, size_t row, std::string& out) const {
  AppendJsonValue(rows_->data[column], row, out);
}

bool DuckdbChunk::AppendText(size_t column, size_t row, std::string& out) const {
  Vector& values = rows_->data[column];
  if (FlatVector::IsNull(values, row)) return false;
  Vector* text = &values;
  if (values.GetType().InternalType() != duckdb::PhysicalType::VARCHAR ||
      values.GetType().id() != duckdb::LogicalTypeId::VARCHAR) {
    if (!texts_[column]) {
      texts_[column] = duckdb::make_uniq<Vector>(LogicalType::VARCHAR, rows_->size());
      duckdb::VectorOperations::Cast(context_, values, *texts_[column], rows_->size());
      texts_[column]->Flatten(rows_->size());
    }
    text = texts_[column].get();
  }
  const auto& cell = FlatVector::GetData<duckdb::string_t>(*text)[row];
  out.append(cell.GetData(), cell.GetSize());
  return true;
}

}  // namespace duckpond
