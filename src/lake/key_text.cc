// SPDX-License-Identifier: MIT
#include "lake/key_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/encoding.h"
#include "lake/byte_stream.h"
#include "lake/key.h"

namespace duckpond {
namespace {

Uint128 Unsigned(std::string_view value) { return ByteReader(value).Little(value.size()); }

Int128 Signed(std::string_view value) {
  const int unused_bits = 128 - 8 * static_cast<int>(value.size());
  return static_cast<Int128>(Unsigned(value) << unused_bits) >> unused_bits;
}

std::string DecimalText(Int128 value, int scale) {
  std::string digits = fmt::format("{}", value < 0 ? -value : value);
  if (scale > 0) {
    const auto places = static_cast<size_t>(scale);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, ".");
  }
  return (value < 0 ? "-" : "") + digits;
}

// The civil date of a day since 1970-01-01, by eras of 400 years that start in March.
std::string DateText(int64_t day) {
  constexpr int64_t kDaysToEpoch = 719'468;  // From 0000-03-01.
  constexpr int64_t kEraDays = 146'097;
  const int64_t shifted = day + kDaysToEpoch;
  const int64_t era = (shifted >= 0 ? shifted : shifted - (kEraDays - 1)) / kEraDays;
  const int64_t in_era = shifted - era * kEraDays;
  const int64_t year_in_era =
      (in_era - in_era / 1460 + in_era / 36'524 - in_era / (kEraDays - 1)) / 365;
  const int64_t in_year = in_era - (365 * year_in_era + year_in_era / 4 - year_in_era / 100);
  const int64_t march_month = (5 * in_year + 2) / 153;
  const int64_t day_of_month = in_year - (153 * march_month + 2) / 5 + 1;
  const int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  const int64_t year = year_in_era + era * 400 + (month <= 2 ? 1 : 0);
  DCHECK(month >= 1 && month <= 12 && day_of_month >= 1 && day_of_month <= 31);
  return fmt::format("{:04}-{:02}-{:02}", year, month, day_of_month);
}

std::string ClockText(int64_t units, int64_t per_second, int places) {
  const int64_t seconds = units / per_second;
  std::string text =
      fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (units % per_second == 0) return text;
  text += fmt::format(".{:0{}}", units % per_second, places);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

std::string TimestampText(int64_t units, int64_t per_second, int places) {
  if (units == INT64_MAX || units == -INT64_MAX) return units > 0 ? "infinity" : "-infinity";
  const int64_t per_day = per_second * 86'400;
  int64_t day = units / per_day;
  if (units % per_day < 0) --day;
  return DateText(day) + " " + ClockText(units - day * per_day, per_second, places);
}

template <class T>
T As(std::string_view value) {
  DCHECK(value.size() == sizeof(T));
  T result;
  std::memcpy(&result, value.data(), sizeof(result));
  return result;
}

std::string FixedText(const Type& type, std::string_view value) {
  switch (type.id) {
    case TypeId::kBoolean:
      return value[0] != 0 ? "true" : "false";
    case TypeId::kUtinyint:
    case TypeId::kUsmallint:
    case TypeId::kUinteger:
    case TypeId::kUbigint:
    case TypeId::kUhugeint:
      return fmt::format("{}", Unsigned(value));
    case TypeId::kFloat:
      return fmt::format("{}", As<float>(value));
    case TypeId::kDouble:
      return fmt::format("{}", As<double>(value));
    case TypeId::kDecimal:
      return DecimalText(Signed(value), type.scale);
    case TypeId::kEnum: {
      const auto index = static_cast<size_t>(Unsigned(value));
      return index < type.names.size() ? type.names[index] : fmt::format("label {}", index);
    }
    case TypeId::kUuid: {
      // DuckDB's bytes are little-endian, with the top bit flipped.
      Uuid uuid;
      std::ranges::copy(value, uuid.bytes.rbegin());
      uuid.bytes[0] ^= 0x80;
      return uuid.ToString();
    }
    case TypeId::kDate:
      return DateText(As<int32_t>(value));
    case TypeId::kTime:
      return ClockText(As<int64_t>(value), 1'000'000, 6);
    case TypeId::kTimeNs:
      return ClockText(As<int64_t>(value), 1'000'000'000, 9);
    case TypeId::kTimestamp:
      return TimestampText(As<int64_t>(value), 1'000'000, 6);
    case TypeId::kTimestampTz:
      return TimestampText(As<int64_t>(value), 1'000'000, 6) + "+00";
    case TypeId::kTimestampS:
      return TimestampText(As<int64_t>(value), 1, 0);
    case TypeId::kTimestampMs:
      return TimestampText(As<int64_t>(value), 1000, 3);
    case TypeId::kTimestampNs:
      return TimestampText(As<int64_t>(value), 1'000'000'000, 9);
    case TypeId::kTimeTz:
    case TypeId::kInterval:
      return HexEncode(value);
    default:
      return fmt::format("{}", Signed(value));
  }
}

}  // namespace

std::string ValueText(const Type& type, std::string_view value) {
  if (type.id == TypeId::kVarchar || type.id == TypeId::kJson) return std::string(value);
  const TypeLayout layout = LayoutOf(type);
  if (layout.layout != Layout::kFixed || layout.fixed_bytes != value.size()) {
    return HexEncode(value);
  }
  return FixedText(type, value);
}

std::string KeyText(const TableDef& def, size_t constraint, std::string_view key) {
  const std::vector<Type> types = def.KeyTypes(constraint);
  const auto values = SplitKey(types, key);
  if (!values.ok()) return HexEncode(key);
  CHECK(values->size() == types.size());
  std::string text;
  for (size_t i = 0; i < types.size(); ++i) {
    if (i > 0) text += ", ";
    const Column* column = def.FindColumn(def.constraints[constraint].field_ids[i]);
    CHECK(column != nullptr);  // KeyTypes has found it.
    text += column->name + ": " + ValueText(types[i], (*values)[i]);
  }
  return text;
}

std::string DuplicateText(const TableDef& def, size_t constraint, std::string_view key) {
  const bool primary = def.constraints[constraint].kind == Constraint::Kind::kPrimaryKey;
  return fmt::format("Duplicate key \"{}\" violates {} constraint of table \"{}\"",
                     KeyText(def, constraint, key), primary ? "primary key" : "unique", def.name);
}

}  // namespace duckpond
