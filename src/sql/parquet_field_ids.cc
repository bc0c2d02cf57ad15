// SPDX-License-Identifier: MIT
#include "sql/parquet_field_ids.h"

namespace duckpond {
namespace {

using duckdb::Value;

// Hands out a column's nested ids in preorder.
class NestedIds {
 public:
  explicit NestedIds(const std::vector<uint32_t>& ids) : ids_(ids) {}
  bool done() const { return next_ >= ids_.size(); }
  uint32_t Take() { return ids_[next_++]; }

 private:
  const std::vector<uint32_t>& ids_;
  size_t next_ = 0;
};

// Names of a type's children in a Parquet file; none for types that lie there in another shape.
std::vector<std::string> ChildNames(const Type& type) {
  switch (type.id) {
    case TypeId::kList:
    case TypeId::kArray:
      return {"element"};
    case TypeId::kMap:
      return {"key", "value"};
    case TypeId::kStruct:
    case TypeId::kUnion:
      return type.names;
    default:
      return {};
  }
}

Value IdOf(uint32_t id, const Type& type, NestedIds& nested) {
  duckdb::child_list_t<Value> members;
  members.emplace_back("__duckdb_field_id", Value::INTEGER(static_cast<int32_t>(id)));
  const auto names = ChildNames(type);
  for (size_t i = 0; i < names.size() && !nested.done(); ++i) {
    const uint32_t child = nested.Take();
    members.emplace_back(names[i], IdOf(child, type.children[i], nested));
  }
  if (members.size() == 1) return members[0].second;
  return Value::STRUCT(std::move(members));
}

}  // namespace

Value FieldIds(const TableDef& def) {
  duckdb::child_list_t<Value> members;
  for (const Column& column : def.columns) {
    NestedIds nested(column.nested_ids);
    members.emplace_back(column.name, IdOf(column.field_id, column.type, nested));
  }
  return Value::STRUCT(std::move(members));
}

}  // namespace duckpond
