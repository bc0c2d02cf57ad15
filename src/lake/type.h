// SPDX-License-Identifier: MIT
//
// Type: a column's type, as DuckDB's SQL writes it, without DuckDB. The lake keeps types to print
// them, to lay out inline rows and to order keys; what a value means stays with the layer above.
//
// Format:  types are stored as their SQL text, such as DECIMAL(18,3) or STRUCT(a INTEGER, b
// VARCHAR[]),
//          see docs/formats/types.md.
// Errors:  Parse is kInvalid for text that is no type, kUnsupported for one that this program does
// not
//          know; it accepts what ToString writes and what DuckDB's LogicalType::ToString writes.
// Limits:  kTypeDepthMax levels of nesting, kTypeTextBytesMax of text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace duckpond {

inline constexpr int kTypeDepthMax = 64;
inline constexpr size_t kTypeTextBytesMax = size_t{1} << 20;
inline constexpr uint32_t kArraySizeMax = 100'000;  // DuckDB's own.

enum class TypeId : uint8_t {
  kBoolean,
  kTinyint,
  kSmallint,
  kInteger,
  kBigint,
  kHugeint,
  kUtinyint,
  kUsmallint,
  kUinteger,
  kUbigint,
  kUhugeint,
  kFloat,
  kDouble,
  kDecimal,
  kVarchar,
  kJson,
  kBlob,
  kBit,
  kBignum,
  kUuid,
  kDate,
  kTime,
  kTimeNs,
  kTimeTz,
  kTimestamp,
  kTimestampS,
  kTimestampMs,
  kTimestampNs,
  kTimestampTz,
  kInterval,
  kEnum,
  kGeometry,
  kVariant,
  kList,
  kArray,
  kStruct,
  kMap,
  kUnion,
};

struct Type {
  TypeId id = TypeId::kInteger;
  uint8_t width = 0;               // Of kDecimal.
  uint8_t scale = 0;               // Of kDecimal.
  uint32_t array_size = 0;         // Of kArray.
  std::vector<std::string> names;  // Members of kStruct and kUnion, labels of kEnum; of kGeometry
                                   // its coordinate system, if it has one.
  std::vector<Type> children;      // Of kList and kArray one, of kMap key and value, of kStruct and
                                   // kUnion one a member.

  static Result<Type> Parse(std::string_view text);
  std::string ToString() const;
  bool operator==(const Type&) const = default;
};

// How values of a type lie in memory and in inline rows (lake/column_batch.h).
enum class Layout : uint8_t {
  kFixed,     // `fixed_bytes` little-endian bytes a value.
  kVariable,  // Any number of bytes a value.
  kList,      // Any number of values of the child: lists, and maps as lists of key-value structs.
  kArray,     // array_size values of the child.
  kStruct,    // One value of each child: structs, and unions behind their tag.
};
struct TypeLayout {
  Layout layout = Layout::kFixed;
  uint32_t fixed_bytes = 0;
};
TypeLayout LayoutOf(const Type& type);

// The types of a value's children as they lie in memory: those of `type` for lists, arrays and
// structs, the key-value struct of a MAP, tag and members of a UNION, and for VARIANT the members
// of the struct that DuckDB holds it in.
std::vector<Type> LayoutChildren(const Type& type);

}  // namespace duckpond
