// SPDX-License-Identifier: MIT
#include "lake/column_batch.h"

#include "base/check.h"

namespace duckpond {
namespace {

uint64_t BytesOf(const ColumnData& column) {
  uint64_t bytes = column.valid.size() + column.fixed.size() + column.heap.size() +
                   column.ends.size() * sizeof(uint32_t);
  for (const ColumnData& child : column.children) bytes += BytesOf(child);
  return bytes;
}

}  // namespace

std::string_view ColumnData::Value(uint64_t row) const {
  const TypeLayout layout = LayoutOf(type);
  if (layout.layout == Layout::kFixed) {
    DCHECK((row + 1) * layout.fixed_bytes <= fixed.size());
    return std::string_view(fixed).substr(row * layout.fixed_bytes, layout.fixed_bytes);
  }
  DCHECK(layout.layout == Layout::kVariable && row < ends.size());
  const uint32_t start = row == 0 ? 0 : ends[row - 1];
  DCHECK(start <= ends[row] && ends[row] <= heap.size());
  return std::string_view(heap).substr(start, ends[row] - start);
}

const ColumnData* ColumnBatch::Find(uint32_t field_id) const {
  DCHECK(field_ids.size() == columns.size());
  for (size_t i = 0; i < field_ids.size(); ++i) {
    if (field_ids[i] == field_id) return &columns[i];
  }
  return nullptr;
}

uint64_t ColumnBatch::DecodedBytes() const {
  uint64_t bytes = 0;
  for (const ColumnData& column : columns) bytes += BytesOf(column);
  return bytes;
}

}  // namespace duckpond
