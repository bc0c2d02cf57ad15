// SPDX-License-Identifier: MIT
#include "sql/types.h"

#include <array>
#include <optional>

namespace duckpond {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;

struct ScalarType {
  LogicalTypeId duckdb;
  TypeId lake;
};

// Types without parameters, which map one to one.
constexpr std::array kScalars = {
    ScalarType{LogicalTypeId::BOOLEAN, TypeId::kBoolean},
    ScalarType{LogicalTypeId::TINYINT, TypeId::kTinyint},
    ScalarType{LogicalTypeId::SMALLINT, TypeId::kSmallint},
    ScalarType{LogicalTypeId::INTEGER, TypeId::kInteger},
    ScalarType{LogicalTypeId::BIGINT, TypeId::kBigint},
    ScalarType{LogicalTypeId::HUGEINT, TypeId::kHugeint},
    ScalarType{LogicalTypeId::UTINYINT, TypeId::kUtinyint},
    ScalarType{LogicalTypeId::USMALLINT, TypeId::kUsmallint},
    ScalarType{LogicalTypeId::UINTEGER, TypeId::kUinteger},
    ScalarType{LogicalTypeId::UBIGINT, TypeId::kUbigint},
    ScalarType{LogicalTypeId::UHUGEINT, TypeId::kUhugeint},
    ScalarType{LogicalTypeId::FLOAT, TypeId::kFloat},
    ScalarType{LogicalTypeId::DOUBLE, TypeId::kDouble},
    ScalarType{LogicalTypeId::VARCHAR, TypeId::kVarchar},
    ScalarType{LogicalTypeId::BLOB, TypeId::kBlob},
    ScalarType{LogicalTypeId::BIT, TypeId::kBit},
    ScalarType{LogicalTypeId::BIGNUM, TypeId::kBignum},
    ScalarType{LogicalTypeId::UUID, TypeId::kUuid},
    ScalarType{LogicalTypeId::DATE, TypeId::kDate},
    ScalarType{LogicalTypeId::TIME, TypeId::kTime},
    ScalarType{LogicalTypeId::TIME_NS, TypeId::kTimeNs},
    ScalarType{LogicalTypeId::TIME_TZ, TypeId::kTimeTz},
    ScalarType{LogicalTypeId::TIMESTAMP, TypeId::kTimestamp},
    ScalarType{LogicalTypeId::TIMESTAMP_SEC, TypeId::kTimestampS},
    ScalarType{LogicalTypeId::TIMESTAMP_MS, TypeId::kTimestampMs},
    ScalarType{LogicalTypeId::TIMESTAMP_NS, TypeId::kTimestampNs},
    ScalarType{LogicalTypeId::TIMESTAMP_TZ, TypeId::kTimestampTz},
    ScalarType{LogicalTypeId::INTERVAL, TypeId::kInterval},
    ScalarType{LogicalTypeId::GEOMETRY, TypeId::kGeometry},
    ScalarType{LogicalTypeId::VARIANT, TypeId::kVariant},
};

Type Scalar(TypeId id) {
  Type type;
  type.id = id;
  return type;
}

Result<Type> Refused(const LogicalType& type, const std::string& why) {
  return Status::Unsupported("type " + type.ToString() + " cannot be stored: " + why);
}

Result<Type> FromScalar(const LogicalType& type) {
  if (type.IsJSONType()) return Scalar(TypeId::kJson);
  if (type.id() == LogicalTypeId::VARCHAR && !duckdb::StringType::GetCollation(type).empty()) {
    return Refused(type, "collations are not kept");
  }
  if (type.id() == LogicalTypeId::GEOMETRY && duckdb::GeoType::HasCRS(type)) {
    return Refused(type, "coordinate systems are not kept");
  }
  for (const ScalarType& scalar : kScalars) {
    if (scalar.duckdb == type.id()) return Scalar(scalar.lake);
  }
  return Refused(type, "it has no stored form");
}

Result<Type> FromDecimal(const LogicalType& type) {
  Type result = Scalar(TypeId::kDecimal);
  result.width = duckdb::DecimalType::GetWidth(type);
  result.scale = duckdb::DecimalType::GetScale(type);
  return result;
}

Result<Type> FromEnum(const LogicalType& type) {
  Type result = Scalar(TypeId::kEnum);
  const auto& labels = duckdb::EnumType::GetValuesInsertOrder(type);
  const auto* values = duckdb::FlatVector::GetData<duckdb::string_t>(labels);
  for (duckdb::idx_t i = 0; i < duckdb::EnumType::GetSize(type); ++i) {
    result.names.push_back(values[i].GetString());
  }
  return result;
}

Result<Type> WithMembers(TypeId id, const LogicalType& type,
                         const duckdb::child_list_t<LogicalType>& members) {
  Type result = Scalar(id);
  for (const auto& [name, member] : members) {
    if (name.empty()) return Refused(type, "its members have no names");
    ASSIGN_OR_RETURN(Type child, FromDuckDb(member));
    result.names.push_back(name);
    result.children.push_back(std::move(child));
  }
  return result;
}

duckdb::child_list_t<LogicalType> Members(const Type& type) {
  duckdb::child_list_t<LogicalType> members;
  for (size_t i = 0; i < type.children.size(); ++i) {
    members.emplace_back(type.names[i], ToDuckDb(type.children[i]));
  }
  return members;
}

LogicalType ToEnum(const Type& type) {
  duckdb::Vector labels(LogicalType::VARCHAR, type.names.size());
  auto* values = duckdb::FlatVector::GetData<duckdb::string_t>(labels);
  for (size_t i = 0; i < type.names.size(); ++i) {
    values[i] = duckdb::StringVector::AddStringOrBlob(labels, type.names[i]);
  }
  return LogicalType::ENUM(labels, type.names.size());
}

}  // namespace

Result<Type> FromDuckDb(const LogicalType& type) {
  // The labels of an ENUM are all there is to it, whatever it is called.
  if (type.HasAlias() && !type.IsJSONType() && type.id() != LogicalTypeId::ENUM) {
    return Refused(type, "types with names of their own are not kept");
  }
  switch (type.id()) {
    case LogicalTypeId::DECIMAL:
      return FromDecimal(type);
    case LogicalTypeId::ENUM:
      return FromEnum(type);
    case LogicalTypeId::LIST:
    case LogicalTypeId::ARRAY: {
      const bool is_list = type.id() == LogicalTypeId::LIST;
      Type result = Scalar(is_list ? TypeId::kList : TypeId::kArray);
      ASSIGN_OR_RETURN(Type child, FromDuckDb(is_list ? duckdb::ListType::GetChildType(type)
                                                      : duckdb::ArrayType::GetChildType(type)));
      if (!is_list) {
        result.array_size = static_cast<uint32_t>(duckdb::ArrayType::GetSize(type));
      }
      result.children.push_back(std::move(child));
      return result;
    }
    case LogicalTypeId::MAP: {
      Type result = Scalar(TypeId::kMap);
      ASSIGN_OR_RETURN(Type key, FromDuckDb(duckdb::MapType::KeyType(type)));
      ASSIGN_OR_RETURN(Type value, FromDuckDb(duckdb::MapType::ValueType(type)));
      result.children = {std::move(key), std::move(value)};
      return result;
    }
    case LogicalTypeId::STRUCT:
      return WithMembers(TypeId::kStruct, type, duckdb::StructType::GetChildTypes(type));
    case LogicalTypeId::UNION:
      return WithMembers(TypeId::kUnion, type, duckdb::UnionType::CopyMemberTypes(type));
    default:
      return FromScalar(type);
  }
}

LogicalType ToDuckDb(const Type& type) {
  switch (type.id) {
    case TypeId::kDecimal:
      return LogicalType::DECIMAL(type.width, type.scale);
    case TypeId::kJson:
      return LogicalType::JSON();
    case TypeId::kGeometry:
      return LogicalType::GEOMETRY();
    case TypeId::kVariant:
      return LogicalType::VARIANT();
    case TypeId::kEnum:
      return ToEnum(type);
    case TypeId::kList:
      return LogicalType::LIST(ToDuckDb(type.children[0]));
    case TypeId::kArray:
      return LogicalType::ARRAY(ToDuckDb(type.children[0]), type.array_size);
    case TypeId::kMap:
      return LogicalType::MAP(ToDuckDb(type.children[0]), ToDuckDb(type.children[1]));
    case TypeId::kStruct:
      return LogicalType::STRUCT(Members(type));
    case TypeId::kUnion:
      return LogicalType::UNION(Members(type));
    default:
      break;
  }
  for (const ScalarType& scalar : kScalars) {
    if (scalar.lake == type.id) return LogicalType(scalar.duckdb);
  }
  return LogicalType(LogicalTypeId::INVALID);
}

}  // namespace duckpond
