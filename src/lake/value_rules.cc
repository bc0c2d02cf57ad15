// SPDX-License-Identifier: MIT
#include "lake/value_rules.h"

#include <cstring>

#include "base/check.h"
#include "lake/byte_stream.h"
#include "log/lines.h"

namespace duckpond {
namespace {

constexpr int64_t kDayUs = int64_t{86'400} * 1'000'000;
constexpr int64_t kDayNs = kDayUs * 1000;
constexpr int kOffsetBits = 24;  // Of TIME WITH TIME ZONE: seconds below the largest offset.
constexpr uint64_t kOffsetMax = 2 * (16 * 60 * 60 - 1);
constexpr uint8_t kVariantTypes = 34;

template <class T>
T As(std::string_view bytes) {
  DCHECK(bytes.size() == sizeof(T));
  T value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

Int128 PowerOfTen(int exponent) {
  DCHECK(exponent >= 0 && exponent <= 38);  // 10^38 is the last that fits.
  Int128 power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

Int128 DecimalValue(std::string_view bytes) {
  switch (bytes.size()) {
    case 2:
      return As<int16_t>(bytes);
    case 4:
      return As<int32_t>(bytes);
    case 8:
      return As<int64_t>(bytes);
    default:
      return As<Int128>(bytes);
  }
}

// Calls `fits` with each value that is not NULL.
template <class Fits>
bool AllFit(const ColumnData& column, uint64_t rows, Fits fits) {
  for (uint64_t row = 0; row < rows; ++row) {
    if (!column.IsNull(row) && !fits(column.Value(row))) return false;
  }
  return true;
}

const char* WrongText(const ColumnData& column, uint64_t rows) {
  if (!IsUtf8(column.heap)) return "text that is not UTF-8";
  // The whole is valid, so a value is if it does not start inside of a character.
  uint32_t start = 0;
  for (uint64_t row = 0; row < rows; ++row) {
    if (start < column.heap.size() && (static_cast<uint8_t>(column.heap[start]) & 0xc0) == 0x80) {
      return "text that is cut inside of a character";
    }
    start = column.ends[row];
  }
  return nullptr;
}

bool TimeTzFits(std::string_view value) {
  const auto bits = As<uint64_t>(value);
  return (bits >> kOffsetBits) <= static_cast<uint64_t>(kDayUs) &&
         (bits & ((uint64_t{1} << kOffsetBits) - 1)) <= kOffsetMax;
}

// DuckDB takes the member by its tag without a look at how many there are.
const char* WrongUnion(const ColumnData& column, uint64_t rows) {
  const ColumnData& tags = column.children[0];
  for (uint64_t row = 0; row < rows; ++row) {
    if (column.IsNull(row)) continue;
    if (tags.IsNull(row)) return "a union without a tag";
    const auto tag = static_cast<uint8_t>(tags.fixed[row]);
    if (tag >= column.type.children.size()) return "a union's tag that no member has";
  }
  return nullptr;
}

struct Span {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t size() const { return end - begin; }
};
Span SpanOf(const ColumnData& column, uint64_t row) {
  DCHECK(row < column.ends.size());
  return {row == 0 ? 0 : column.ends[row - 1], column.ends[row]};
}

uint32_t Index(const ColumnData& column, uint32_t row) { return As<uint32_t>(column.Value(row)); }

// The members refer to each other by index. What the indexes lead to is DuckDB's to know.
bool VariantFits(const ColumnData& variant, uint64_t row) {
  const ColumnData& keys = variant.children[0];
  const ColumnData& children = variant.children[1];
  const ColumnData& values = variant.children[2];
  const ColumnData& data = variant.children[3];
  if (keys.IsNull(row) || children.IsNull(row) || values.IsNull(row) || data.IsNull(row)) {
    return false;
  }
  const Span value_span = SpanOf(values, row);
  if (value_span.size() == 0) return false;
  const ColumnData& entries = children.children[0];
  for (uint32_t i = SpanOf(children, row).begin; i < SpanOf(children, row).end; ++i) {
    const ColumnData& key = entries.children[0];
    const ColumnData& value = entries.children[1];
    if (entries.IsNull(i) || value.IsNull(i)) return false;
    if (!key.IsNull(i) && Index(key, i) >= SpanOf(keys, row).size()) return false;
    if (Index(value, i) >= value_span.size()) return false;
  }
  const ColumnData& places = values.children[0];
  for (uint32_t i = value_span.begin; i < value_span.end; ++i) {
    const ColumnData& id = places.children[0];
    const ColumnData& offset = places.children[1];
    if (places.IsNull(i) || id.IsNull(i) || offset.IsNull(i)) return false;
    if (static_cast<uint8_t>(id.fixed[i]) >= kVariantTypes) return false;
    if (Index(offset, i) > data.Value(row).size()) return false;
  }
  return true;
}

const char* WrongVariant(const ColumnData& column, uint64_t rows) {
  for (uint64_t row = 0; row < rows; ++row) {
    if (!column.IsNull(row) && !VariantFits(column, row)) return "a variant that is broken";
  }
  return nullptr;
}

bool FixedFits(const ColumnData& column, uint64_t rows) {
  switch (column.type.id) {
    case TypeId::kBoolean:
      return AllFit(column, rows, [](std::string_view v) { return As<uint8_t>(v) <= 1; });
    case TypeId::kEnum:
      return AllFit(column, rows, [labels = column.type.names.size()](std::string_view v) {
        return As<uint32_t>(v) < labels;
      });
    case TypeId::kDecimal:
      return AllFit(column, rows, [limit = PowerOfTen(column.type.width)](std::string_view v) {
        return DecimalValue(v) < limit && DecimalValue(v) > -limit;
      });
    case TypeId::kTime:
      return AllFit(column, rows, [](std::string_view v) {
        return As<int64_t>(v) >= 0 && As<int64_t>(v) <= kDayUs;
      });
    case TypeId::kTimeNs:
      return AllFit(column, rows, [](std::string_view v) {
        return As<int64_t>(v) >= 0 && As<int64_t>(v) <= kDayNs;
      });
    case TypeId::kTimeTz:
      return AllFit(column, rows, TimeTzFits);
    default:
      return true;
  }
}

}  // namespace

const char* WrongValues(const ColumnData& column, uint64_t rows) {
  DCHECK(column.valid.empty() || column.valid.size() == rows);
  switch (column.type.id) {
    case TypeId::kVarchar:
    case TypeId::kJson:
      return WrongText(column, rows);
    case TypeId::kBit: {
      // One byte says how many bits of the next are padding.
      const auto fits = [](std::string_view v) { return v.size() > 1 && v[0] >= 0 && v[0] < 8; };
      return AllFit(column, rows, fits) ? nullptr : "a bit string that is broken";
    }
    case TypeId::kBignum: {
      constexpr size_t kHeaderBytes = 3;
      const auto fits = [](std::string_view v) { return v.size() > kHeaderBytes; };
      return AllFit(column, rows, fits) ? nullptr : "a big number that is broken";
    }
    case TypeId::kUnion:
      return WrongUnion(column, rows);
    case TypeId::kVariant:
      return WrongVariant(column, rows);
    default:
      return FixedFits(column, rows) ? nullptr : "a value that its type does not have";
  }
}

}  // namespace duckpond
