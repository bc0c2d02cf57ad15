// SPDX-License-Identifier: MIT
//
// RandomColumn: a column of any type with values that the type has, for round trips.
//
// Threads:  free functions; a SeededRandom is used by one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "lake/byte_stream.h"
#include "lake/column_batch.h"

namespace duckpond {

inline std::vector<std::string> AllTypeTexts() {
  return {"BOOLEAN",
          "TINYINT",
          "SMALLINT",
          "INTEGER",
          "BIGINT",
          "HUGEINT",
          "UTINYINT",
          "USMALLINT",
          "UINTEGER",
          "UBIGINT",
          "UHUGEINT",
          "FLOAT",
          "DOUBLE",
          "DECIMAL(4,1)",
          "DECIMAL(9,2)",
          "DECIMAL(18,3)",
          "DECIMAL(38,10)",
          "VARCHAR",
          "JSON",
          "BLOB",
          "BIT",
          "BIGNUM",
          "UUID",
          "DATE",
          "TIME",
          "TIME_NS",
          "TIME WITH TIME ZONE",
          "TIMESTAMP",
          "TIMESTAMP_S",
          "TIMESTAMP_MS",
          "TIMESTAMP_NS",
          "TIMESTAMP WITH TIME ZONE",
          "INTERVAL",
          "ENUM('a', 'b', 'c')",
          "GEOMETRY",
          "VARIANT",
          "VARCHAR[]",
          "INTEGER[][]",
          "DOUBLE[3]",
          "STRUCT(a INTEGER, b VARCHAR[])",
          "MAP(VARCHAR, STRUCT(x DATE)[])",
          "UNION(num INTEGER, str VARCHAR)",
          "STRUCT(v UNION(a BIGINT[2], b ENUM('x'))[], w MAP(INTEGER, BLOB))"};
}

inline std::string RandomFixed(const Type& type, uint32_t bytes, SeededRandom& random) {
  ByteWriter out;
  constexpr uint64_t kDayUs = uint64_t{86'400} * 1'000'000;
  switch (type.id) {
    case TypeId::kBoolean:
      out.Little(random.Below(2), bytes);
      break;
    case TypeId::kEnum:
      out.Little(random.Below(type.names.size()), bytes);
      break;
    case TypeId::kDecimal:
      out.Little(static_cast<Uint128>(static_cast<Int128>(random.Below(999)) - 499), bytes);
      break;
    case TypeId::kTime:
      out.Little(random.Below(kDayUs), bytes);
      break;
    case TypeId::kTimeNs:
      out.Little(random.Below(kDayUs * 1000), bytes);
      break;
    case TypeId::kTimeTz:
      out.Little(random.Below(kDayUs) << 24 | random.Below(115'198), bytes);
      break;
    default: {
      const Uint128 bits = static_cast<Uint128>(random.Next()) << 64 | random.Next();
      out.Little(bits >> random.Below(128), bytes);
      break;
    }
  }
  return out.Take();
}

inline std::string RandomVariable(const Type& type, SeededRandom& random) {
  std::string value;
  if (type.id == TypeId::kBit) value = "\x03";
  if (type.id == TypeId::kBignum) value = std::string("\x80\x00\x01", 3);
  const bool text = type.id == TypeId::kVarchar || type.id == TypeId::kJson;
  const uint64_t least = text || type.id == TypeId::kBlob || type.id == TypeId::kGeometry ? 0 : 1;
  for (uint64_t n = least + random.Below(12); n > 0; --n) {
    if (text) {
      value += random.Below(8) == 0 ? "\u00e4" : "q";
    } else {
      value += static_cast<char>(random.Next());
    }
  }
  return value;
}

inline ColumnData RandomColumn(const Type& type, uint64_t rows, SeededRandom& random);

// One key, one value a row, as DuckDB would hold {"k": <something of type 16>}.
inline ColumnData RandomVariant(const Type& type, uint64_t rows, SeededRandom& random) {
  ColumnData column;
  column.type = type;
  for (const Type& child : LayoutChildren(type)) {
    ColumnData one;
    one.type = child;
    for (uint64_t row = 0; row < rows; ++row) one.ends.push_back(static_cast<uint32_t>(row + 1));
    if (child.id == TypeId::kBlob) {
      for (uint64_t row = 0; row < rows; ++row) one.heap += static_cast<char>(random.Next());
    } else {
      ColumnData items;
      items.type = child.children[0];
      if (items.type.id == TypeId::kVarchar) {
        items.heap.assign(rows, 'k');
        items.ends = one.ends;
      } else {
        for (const Type& member : items.type.children) {
          ColumnData zeros;
          zeros.type = member;
          zeros.fixed.assign(rows * LayoutOf(member).fixed_bytes, '\0');
          items.children.push_back(std::move(zeros));
        }
      }
      one.children.push_back(std::move(items));
    }
    column.children.push_back(std::move(one));
  }
  return column;
}

inline ColumnData RandomColumn(const Type& type, uint64_t rows, SeededRandom& random) {
  if (type.id == TypeId::kVariant) return RandomVariant(type, rows, random);
  ColumnData column;
  column.type = type;
  const uint64_t nulls = random.Below(4);  // Of four: no row, some rows, all rows.
  for (uint64_t row = 0; nulls > 1 && row < rows; ++row) {
    column.valid.push_back(nulls == 3 ? 0 : static_cast<uint8_t>(random.Below(2)));
  }
  const TypeLayout layout = LayoutOf(type);
  uint32_t end = 0;
  for (uint64_t row = 0; row < rows; ++row) {
    const bool null = column.IsNull(row);
    if (layout.layout == Layout::kFixed) {
      column.fixed += null ? std::string(layout.fixed_bytes, '\0')
                           : RandomFixed(type, layout.fixed_bytes, random);
    } else if (layout.layout == Layout::kVariable) {
      if (!null) column.heap += RandomVariable(type, random);
      column.ends.push_back(static_cast<uint32_t>(column.heap.size()));
    } else if (layout.layout == Layout::kList) {
      if (!null) end += static_cast<uint32_t>(random.Below(4));
      column.ends.push_back(end);
    }
  }
  const uint64_t child_rows = layout.layout == Layout::kList    ? end
                              : layout.layout == Layout::kArray ? rows * type.array_size
                                                                : rows;
  for (const Type& child : LayoutChildren(type)) {
    column.children.push_back(RandomColumn(child, child_rows, random));
  }
  if (type.id == TypeId::kUnion) {
    ColumnData& tags = column.children[0];
    tags.valid = column.valid;
    for (char& tag : tags.fixed) tag = static_cast<char>(random.Below(type.children.size()));
  }
  return column;
}

}  // namespace duckpond
