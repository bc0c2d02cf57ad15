// SPDX-License-Identifier: MIT
//
// TestRows: batches of rows for tests of the lake, written as C++ values. A table has columns `id`
// BIGINT and `name` VARCHAR, with field ids 1 and 2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lake/column_batch.h"

namespace duckpond {

inline Type ScalarType(TypeId id) {
  Type type;
  type.id = id;
  return type;
}

struct TestRow {
  std::optional<int64_t> id;
  std::optional<std::string> name;
  bool operator==(const TestRow&) const = default;
};
using TestRows = std::vector<TestRow>;

inline ColumnBatch MakeBatch(const TestRows& rows) {
  ColumnBatch batch;
  batch.rows = rows.size();
  batch.field_ids = {1, 2};
  batch.columns.resize(2);
  ColumnData& ids = batch.columns[0];
  ColumnData& names = batch.columns[1];
  ids.type = ScalarType(TypeId::kBigint);
  names.type = ScalarType(TypeId::kVarchar);
  for (const TestRow& row : rows) {
    const int64_t id = row.id.value_or(0);
    ids.fixed.append(reinterpret_cast<const char*>(&id), sizeof(id));
    ids.valid.push_back(row.id ? 1 : 0);
    names.heap += row.name.value_or("");
    names.ends.push_back(static_cast<uint32_t>(names.heap.size()));
    names.valid.push_back(row.name ? 1 : 0);
  }
  return batch;
}

inline TestRows RowsOf(const ColumnBatch& batch) {
  const ColumnData* ids = batch.Find(1);
  const ColumnData* names = batch.Find(2);
  TestRows rows(batch.rows);
  for (uint64_t i = 0; i < batch.rows; ++i) {
    if (!ids->IsNull(i)) {
      int64_t id = 0;
      ids->Value(i).copy(reinterpret_cast<char*>(&id), sizeof(id));
      rows[i].id = id;
    }
    if (!names->IsNull(i)) rows[i].name = std::string(names->Value(i));
  }
  return rows;
}

}  // namespace duckpond
