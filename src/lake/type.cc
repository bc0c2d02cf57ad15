// SPDX-License-Identifier: MIT
#include "lake/type.h"

#include <utility>

#include "base/check.h"

namespace duckpond {
namespace {

Type Scalar(TypeId id) {
  Type type;
  type.id = id;
  return type;
}

Type ListOf(Type child) {
  Type type = Scalar(TypeId::kList);
  type.children.push_back(std::move(child));
  return type;
}

Type StructOf(std::vector<std::string> names, std::vector<Type> children) {
  Type type = Scalar(TypeId::kStruct);
  type.names = std::move(names);
  type.children = std::move(children);
  return type;
}

// The struct that DuckDB 1.5.5 holds a VARIANT in. Rows in the log have it: a version that holds it
// otherwise must convert.
std::vector<Type> VariantMembers() {
  const Type index = Scalar(TypeId::kUinteger);
  std::vector<Type> members;
  members.push_back(ListOf(Scalar(TypeId::kVarchar)));
  members.push_back(ListOf(StructOf({"keys_index", "values_index"}, {index, index})));
  members.push_back(
      ListOf(StructOf({"type_id", "byte_offset"}, {Scalar(TypeId::kUtinyint), index})));
  members.push_back(Scalar(TypeId::kBlob));
  return members;
}

}  // namespace

TypeLayout LayoutOf(const Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
    case TypeId::kTinyint:
    case TypeId::kUtinyint:
      return {Layout::kFixed, 1};
    case TypeId::kSmallint:
    case TypeId::kUsmallint:
      return {Layout::kFixed, 2};
    case TypeId::kInteger:
    case TypeId::kUinteger:
    case TypeId::kFloat:
    case TypeId::kDate:
    case TypeId::kEnum:
      return {Layout::kFixed, 4};
    case TypeId::kHugeint:
    case TypeId::kUhugeint:
    case TypeId::kUuid:
    case TypeId::kInterval:
      return {Layout::kFixed, 16};
    case TypeId::kDecimal:
      // By DuckDB's own steps of width.
      return {Layout::kFixed, type.width <= 4    ? 2u
                              : type.width <= 9  ? 4u
                              : type.width <= 18 ? 8u
                                                 : 16u};
    case TypeId::kVarchar:
    case TypeId::kJson:
    case TypeId::kBlob:
    case TypeId::kBit:
    case TypeId::kBignum:
    case TypeId::kGeometry:
      return {Layout::kVariable, 0};
    case TypeId::kList:
    case TypeId::kMap:
      return {Layout::kList, 0};
    case TypeId::kArray:
      return {Layout::kArray, 0};
    case TypeId::kStruct:
    case TypeId::kUnion:
    case TypeId::kVariant:
      return {Layout::kStruct, 0};
    default:
      return {Layout::kFixed, 8};
  }
}

std::vector<Type> LayoutChildren(const Type& type) {
  DCHECK(type.id != TypeId::kMap || type.children.size() == 2);
  switch (type.id) {
    case TypeId::kMap:
      return {StructOf({"key", "value"}, type.children)};
    case TypeId::kUnion: {
      std::vector<Type> children = {Scalar(TypeId::kUtinyint)};
      children.insert(children.end(), type.children.begin(), type.children.end());
      return children;
    }
    case TypeId::kVariant:
      return VariantMembers();
    default:
      return type.children;
  }
}

}  // namespace duckpond
