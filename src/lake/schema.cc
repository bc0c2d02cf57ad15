// SPDX-License-Identifier: MIT
#include "lake/schema.h"

#include <algorithm>

#include "base/check.h"

namespace duckpond {

std::string FoldName(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

const Column* TableDef::FindColumn(std::string_view column_name) const {
  const std::string folded = FoldName(column_name);
  const auto found = std::ranges::find_if(
      columns, [&](const Column& column) { return FoldName(column.name) == folded; });
  return found == columns.end() ? nullptr : &*found;
}

const Column* TableDef::FindColumn(uint32_t field_id) const {
  const auto found = std::ranges::find(columns, field_id, &Column::field_id);
  return found == columns.end() ? nullptr : &*found;
}

std::vector<size_t> TableDef::Keys() const {
  std::vector<size_t> keys;
  for (const auto kind : {Constraint::Kind::kPrimaryKey, Constraint::Kind::kUnique}) {
    for (size_t i = 0; i < constraints.size(); ++i) {
      if (constraints[i].kind == kind) keys.push_back(i);
    }
  }
  return keys;
}

std::vector<Type> TableDef::KeyTypes(size_t constraint) const {
  CHECK(constraint < constraints.size());
  std::vector<Type> types;
  for (const uint32_t field_id : constraints[constraint].field_ids) {
    const Column* column = FindColumn(field_id);
    CHECK(column != nullptr);
    types.push_back(column->type);
  }
  return types;
}

std::vector<ColumnBatch::FieldType> TableDef::FieldTypes() const {
  std::vector<ColumnBatch::FieldType> types;
  types.reserve(columns.size());
  for (const Column& column : columns) types.push_back({column.field_id, column.type});
  return types;
}

}  // namespace duckpond
