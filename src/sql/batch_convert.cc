// SPDX-License-Identifier: MIT
#include "sql/batch_convert.h"

#include <cstring>

#include "base/check.h"
#include "sql/errors.h"
#include "sql/types.h"

namespace duckpond {
namespace {

using duckdb::FlatVector;
using duckdb::idx_t;
using duckdb::ListVector;
using duckdb::StructVector;
using duckdb::Vector;

using RowList = std::vector<idx_t>;

void AppendValues(Vector& vector, const RowList& rows, ColumnData& column, uint64_t rows_before);

void AppendValidity(Vector& vector, const RowList& rows, ColumnData& column, uint64_t rows_before) {
  CHECK(column.valid.empty() || column.valid.size() == rows_before);
  const auto& validity = FlatVector::Validity(vector);
  bool any_null = !column.valid.empty();
  for (size_t i = 0; i < rows.size() && !any_null; ++i) any_null = !validity.RowIsValid(rows[i]);
  if (!any_null) return;
  column.valid.resize(rows_before, 1);
  for (const idx_t row : rows) column.valid.push_back(validity.RowIsValid(row) ? 1 : 0);
}

// ENUM is four bytes in a batch whatever DuckDB holds it in.
uint32_t EnumIndex(const Vector& vector, idx_t row) {
  switch (vector.GetType().InternalType()) {
    case duckdb::PhysicalType::UINT8:
      return FlatVector::GetData<uint8_t>(vector)[row];
    case duckdb::PhysicalType::UINT16:
      return FlatVector::GetData<uint16_t>(vector)[row];
    default:
      return FlatVector::GetData<uint32_t>(vector)[row];
  }
}

void AppendFixed(Vector& vector, const RowList& rows, ColumnData& column, uint32_t bytes) {
  const auto& validity = FlatVector::Validity(vector);
  const auto* data = reinterpret_cast<const char*>(FlatVector::GetData(vector));
  for (const idx_t row : rows) {
    if (!validity.RowIsValid(row)) {
      column.fixed.append(bytes, '\0');
    } else if (column.type.id == TypeId::kEnum) {
      const uint32_t index = EnumIndex(vector, row);
      column.fixed.append(reinterpret_cast<const char*>(&index), sizeof(index));
    } else {
      column.fixed.append(data + row * bytes, bytes);
    }
  }
}

void AppendVariable(Vector& vector, const RowList& rows, ColumnData& column) {
  const auto& validity = FlatVector::Validity(vector);
  const auto* strings = FlatVector::GetData<duckdb::string_t>(vector);
  for (const idx_t row : rows) {
    if (validity.RowIsValid(row))
      column.heap.append(strings[row].GetData(), strings[row].GetSize());
    column.ends.push_back(static_cast<uint32_t>(column.heap.size()));
  }
  if (column.heap.size() > UINT32_MAX) {
    ThrowStatus(Status::Exhausted("values of more than 4 GiB in one batch of rows"));
  }
}

void AppendList(Vector& vector, const RowList& rows, ColumnData& column) {
  const auto& validity = FlatVector::Validity(vector);
  const auto* entries = FlatVector::GetData<duckdb::list_entry_t>(vector);
  const uint64_t children_before = column.ends.empty() ? 0 : column.ends.back();
  CHECK(column.children.size() == 1);
  RowList child_rows;
  for (const idx_t row : rows) {
    if (validity.RowIsValid(row)) {
      for (idx_t i = 0; i < entries[row].length; ++i) child_rows.push_back(entries[row].offset + i);
    }
    column.ends.push_back(static_cast<uint32_t>(children_before + child_rows.size()));
  }
  Vector& child = ListVector::GetEntry(vector);
  child.Flatten(ListVector::GetListSize(vector));
  AppendValues(child, child_rows, column.children[0], children_before);
}

void AppendArray(Vector& vector, const RowList& rows, ColumnData& column, uint64_t rows_before) {
  const idx_t size = column.type.array_size;
  CHECK(column.children.size() == 1 && size > 0);
  RowList child_rows;
  for (const idx_t row : rows) {
    for (idx_t i = 0; i < size; ++i) child_rows.push_back(row * size + i);
  }
  Vector& child = duckdb::ArrayVector::GetEntry(vector);
  idx_t last = 0;
  for (const idx_t row : rows) last = std::max(last, row + 1);
  child.Flatten(last * size);
  AppendValues(child, child_rows, column.children[0], rows_before * size);
}

// REQUIRES: `vector` is flat, as far as the rows go.
void AppendValues(Vector& vector, const RowList& rows, ColumnData& column, uint64_t rows_before) {
  AppendValidity(vector, rows, column, rows_before);
  const TypeLayout layout = LayoutOf(column.type);
  switch (layout.layout) {
    case Layout::kFixed:
      return AppendFixed(vector, rows, column, layout.fixed_bytes);
    case Layout::kVariable:
      return AppendVariable(vector, rows, column);
    case Layout::kList:
      return AppendList(vector, rows, column);
    case Layout::kArray:
      return AppendArray(vector, rows, column, rows_before);
    case Layout::kStruct:
      break;
  }
  auto& entries = StructVector::GetEntries(vector);
  CHECK(entries.size() == column.children.size());
  idx_t last = 0;
  for (const idx_t row : rows) last = std::max(last, row + 1);
  for (size_t i = 0; i < entries.size(); ++i) {
    entries[i]->Flatten(last);
    AppendValues(*entries[i], rows, column.children[i], rows_before);
  }
}

struct Target {
  Vector& vector;
  idx_t begin = 0;  // Where in the vector the first value goes.
};

void ReadInto(const ColumnData& column, RowSpan span, Target target);

void ReadFixed(const ColumnData& column, RowSpan span, Target target, uint32_t bytes) {
  // The batch was decoded, which checks it: what is read lies inside.
  CHECK((span.begin + span.rows) * bytes <= column.fixed.size());
  auto* data = reinterpret_cast<char*>(FlatVector::GetData(target.vector));
  if (column.type.id != TypeId::kEnum) {
    std::memcpy(data + target.begin * bytes, column.fixed.data() + span.begin * bytes,
                span.rows * bytes);
    return;
  }
  const uint64_t width = duckdb::GetTypeIdSize(target.vector.GetType().InternalType());
  for (uint64_t i = 0; i < span.rows; ++i) {
    // Little-endian: the low bytes come first, and the high ones are zero.
    std::memcpy(data + (target.begin + i) * width, column.fixed.data() + (span.begin + i) * bytes,
                width);
  }
}

void ReadVariable(const ColumnData& column, RowSpan span, Target target) {
  CHECK(span.begin + span.rows <= column.ends.size());
  auto* strings = FlatVector::GetData<duckdb::string_t>(target.vector);
  for (uint64_t i = 0; i < span.rows; ++i) {
    const uint64_t row = span.begin + i;
    const uint32_t start = row == 0 ? 0 : column.ends[row - 1];
    strings[target.begin + i] = duckdb::StringVector::AddStringOrBlob(
        target.vector, column.heap.data() + start, column.ends[row] - start);
  }
}

void ReadList(const ColumnData& column, RowSpan span, Target target) {
  CHECK(span.begin + span.rows <= column.ends.size());
  const uint32_t first = span.begin == 0 ? 0 : column.ends[span.begin - 1];
  const uint32_t last = span.rows == 0 ? first : column.ends[span.begin + span.rows - 1];
  const idx_t size_before = ListVector::GetListSize(target.vector);
  ListVector::Reserve(target.vector, size_before + (last - first));
  auto* entries = FlatVector::GetData<duckdb::list_entry_t>(target.vector);
  uint32_t start = first;
  for (uint64_t i = 0; i < span.rows; ++i) {
    const uint32_t end = column.ends[span.begin + i];
    entries[target.begin + i] = duckdb::list_entry_t(size_before + (start - first), end - start);
    start = end;
  }
  ListVector::SetListSize(target.vector, size_before + (last - first));
  ReadInto(column.children[0], {first, last - first},
           {ListVector::GetEntry(target.vector), size_before});
}

void ReadInto(const ColumnData& column, RowSpan span, Target target) {
  for (uint64_t i = 0; i < span.rows; ++i) {
    if (column.IsNull(span.begin + i)) FlatVector::SetNull(target.vector, target.begin + i, true);
  }
  const TypeLayout layout = LayoutOf(column.type);
  switch (layout.layout) {
    case Layout::kFixed:
      return ReadFixed(column, span, target, layout.fixed_bytes);
    case Layout::kVariable:
      return ReadVariable(column, span, target);
    case Layout::kList:
      return ReadList(column, span, target);
    case Layout::kArray: {
      const uint64_t size = column.type.array_size;
      return ReadInto(column.children[0], {span.begin * size, span.rows * size},
                      {duckdb::ArrayVector::GetEntry(target.vector), target.begin * size});
    }
    case Layout::kStruct:
      break;
  }
  auto& entries = StructVector::GetEntries(target.vector);
  CHECK(entries.size() == column.children.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    ReadInto(column.children[i], span, {*entries[i], target.begin});
  }
}

}  // namespace

ColumnData EmptyColumn(const Type& type) {
  ColumnData column;
  column.type = type;
  for (const Type& child : LayoutChildren(type)) column.children.push_back(EmptyColumn(child));
  return column;
}

void AppendVector(Vector& vector, idx_t rows, ColumnData& column, uint64_t rows_before) {
  vector.Flatten(rows);
  RowList all(rows);
  for (idx_t i = 0; i < rows; ++i) all[i] = i;
  AppendValues(vector, all, column, rows_before);
}

void AppendRows(duckdb::DataChunk& chunk, ColumnBatch& batch) {
  CHECK(batch.columns.size() == chunk.ColumnCount());
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    AppendVector(chunk.data[i], chunk.size(), batch.columns[i], batch.rows);
  }
  batch.rows += chunk.size();
}

void ReadRows(const ColumnData& column, RowSpan span, Vector& vector, idx_t at) {
  ReadInto(column, span, {vector, at});
}

}  // namespace duckpond
