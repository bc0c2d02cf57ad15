// SPDX-License-Identifier: MIT
#include "lake/key.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "lake/byte_stream.h"

namespace duckpond {
namespace {

// How the bytes of a value become bytes in order.
enum class Order : uint8_t { kSigned, kUnsigned, kFloat, kText, kTimeTz, kInterval, kNone };

Order OrderOf(const Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
    case TypeId::kUtinyint:
    case TypeId::kUsmallint:
    case TypeId::kUinteger:
    case TypeId::kUbigint:
    case TypeId::kUhugeint:
    case TypeId::kEnum:
      return Order::kUnsigned;
    case TypeId::kFloat:
    case TypeId::kDouble:
      return Order::kFloat;
    case TypeId::kVarchar:
    case TypeId::kJson:
    case TypeId::kBlob:
      return Order::kText;
    case TypeId::kTimeTz:
      return Order::kTimeTz;
    case TypeId::kInterval:
      return Order::kInterval;
    case TypeId::kBit:
    case TypeId::kBignum:
    case TypeId::kGeometry:
    case TypeId::kVariant:
      return Order::kNone;
    default:
      // UUID too: DuckDB holds it as a HUGEINT whose top bit is flipped, so that it sorts as text.
      return LayoutOf(type).layout == Layout::kFixed ? Order::kSigned : Order::kNone;
  }
}

Uint128 FromLittle(std::string_view bytes) { return ByteReader(bytes).Little(bytes.size()); }

std::string ToLittle(Uint128 value, uint32_t bytes) {
  ByteWriter out;
  out.Little(value, bytes);
  return out.Take();
}

void AppendBig(Uint128 value, uint32_t bytes, std::string& key) {
  for (uint32_t i = bytes; i-- > 0;)
    key += static_cast<char>(static_cast<uint8_t>(value >> (8 * i)));
}

Uint128 FromBig(std::string_view bytes) {
  Uint128 value = 0;
  for (const char c : bytes) value = (value << 8) | static_cast<uint8_t>(c);
  return value;
}

constexpr Uint128 TopBit(uint32_t bytes) { return Uint128{1} << (8 * bytes - 1); }
constexpr Uint128 AllBits(uint32_t bytes) { return (TopBit(bytes) - 1) | TopBit(bytes); }

// Positive numbers get their sign bit set, negative ones all bits flipped.
Uint128 OrderedFloat(Uint128 bits, uint32_t bytes) {
  return (bits & TopBit(bytes)) != 0 ? ~bits & AllBits(bytes) : bits | TopBit(bytes);
}
Uint128 UnorderedFloat(Uint128 bits, uint32_t bytes) {
  return (bits & TopBit(bytes)) != 0 ? bits ^ TopBit(bytes) : ~bits & AllBits(bytes);
}

// All NaNs are one, and so are both zeros.
Uint128 CanonicalFloat(Uint128 bits, uint32_t bytes) {
  DCHECK(bytes == sizeof(float) || bytes == sizeof(double));
  if (bytes == sizeof(float)) {
    const auto value = std::bit_cast<float>(static_cast<uint32_t>(bits));
    if (std::isnan(value)) return 0x7fc0'0000;
    return value == 0 ? 0 : bits;
  }
  const auto value = std::bit_cast<double>(static_cast<uint64_t>(bits));
  if (std::isnan(value)) return 0x7ff8'0000'0000'0000;
  return value == 0 ? 0 : bits;
}

// The end of a text; a zero byte inside is followed by 0xff, which is above it.
constexpr std::string_view kTextEnd("\0\0", 2);
constexpr char kEscaped = '\xff';

void AppendText(std::string_view text, std::string& key) {
  for (const char c : text) {
    key += c;
    if (c == '\0') key += kEscaped;
  }
  key += kTextEnd;
}

// TIME WITH TIME ZONE: DuckDB orders by the time in UTC, then by the offset; the low 24 bits hold
// what the offset is below the largest one, in seconds.
constexpr int kOffsetBits = 24;
constexpr uint64_t kOffsetMask = (uint64_t{1} << kOffsetBits) - 1;
constexpr uint64_t kSecondUs = 1'000'000;

uint64_t OffsetShift(uint64_t bits) { return ((bits & kOffsetMask) * kSecondUs) << kOffsetBits; }

// INTERVAL: DuckDB compares months of 30 days, then days, then microseconds, each with the sign of
// what it came from.
constexpr uint32_t kIntervalBytes = 8 + 4 + 8;
constexpr int64_t kDayUs = int64_t{86'400} * 1'000'000;
constexpr int64_t kMonthDays = 30;

struct Interval {
  int32_t months = 0;
  int32_t days = 0;
  int64_t us = 0;
};

void AppendInterval(std::string_view value, std::string& key) {
  static_assert(sizeof(Interval) == 16);
  DCHECK(value.size() == sizeof(Interval));
  Interval interval;
  std::memcpy(&interval, value.data(), sizeof(interval));
  const int64_t us = interval.us % kDayUs;
  int64_t days = interval.days + interval.us / kDayUs;
  const int64_t months = interval.months + days / kMonthDays;
  days %= kMonthDays;
  AppendBig(static_cast<uint64_t>(months) ^ static_cast<uint64_t>(TopBit(8)), 8, key);
  AppendBig(static_cast<uint32_t>(days) ^ static_cast<uint32_t>(TopBit(4)), 4, key);
  AppendBig(static_cast<uint64_t>(us) ^ static_cast<uint64_t>(TopBit(8)), 8, key);
}

Result<std::string> DecodeInterval(std::string_view key) {
  DCHECK(key.size() == kIntervalBytes);
  auto months = static_cast<int64_t>(FromBig(key.substr(0, 8)) ^ TopBit(8));
  int64_t days = static_cast<int32_t>(FromBig(key.substr(8, 4)) ^ TopBit(4));
  const auto us = static_cast<int64_t>(FromBig(key.substr(12, 8)) ^ TopBit(8));
  // More months than fit became months by carrying days: those go back.
  int32_t whole = static_cast<int32_t>(std::clamp<int64_t>(months, INT32_MIN, INT32_MAX));
  const int64_t carried = months - whole;
  constexpr int64_t kCarriedMax = INT32_MAX;
  const bool in_range = days > -kMonthDays && days < kMonthDays && us > -kDayUs && us < kDayUs &&
                        carried >= -kCarriedMax && carried <= kCarriedMax;
  if (!in_range) {
    return Status::Corrupt("the key of an interval is out of range");
  }
  days += carried * kMonthDays;
  const auto days32 = static_cast<int32_t>(std::clamp<int64_t>(days, INT32_MIN, INT32_MAX));
  Int128 all_us = static_cast<Int128>(us) + static_cast<Int128>(days - days32) * kDayUs;
  if (all_us != static_cast<int64_t>(all_us)) {
    return Status::Corrupt("the key of an interval is out of range");
  }
  const Interval interval{whole, days32, static_cast<int64_t>(all_us)};
  return std::string(reinterpret_cast<const char*>(&interval), sizeof(interval));
}

Result<std::string> DecodeFixed(const Type& type, Order order, std::string_view key) {
  const uint32_t bytes = LayoutOf(type).fixed_bytes;
  const Uint128 bits = FromBig(key);
  switch (order) {
    case Order::kSigned:
      return ToLittle(bits ^ TopBit(bytes), bytes);
    case Order::kFloat:
      return ToLittle(UnorderedFloat(bits, bytes), bytes);
    case Order::kTimeTz: {
      const auto sorted = static_cast<uint64_t>(bits);
      if (OffsetShift(sorted) > sorted) return Status::Corrupt("the key of a time is out of range");
      return ToLittle(sorted - OffsetShift(sorted), bytes);
    }
    case Order::kInterval:
      return DecodeInterval(key);
    default:
      return ToLittle(bits, bytes);
  }
}

std::string DecodeText(std::string_view key) {
  std::string text;
  for (size_t i = 0; i < key.size(); ++i) {
    text += key[i];
    if (key[i] == '\0') ++i;
  }
  return text;
}

}  // namespace

bool HasKeyOrder(const Type& type) { return OrderOf(type) != Order::kNone; }

void AppendKey(const Type& type, std::string_view value, std::string& key) {
  DCHECK(OrderOf(type) == Order::kText || value.size() == LayoutOf(type).fixed_bytes);
  const auto bytes = static_cast<uint32_t>(value.size());
  switch (OrderOf(type)) {
    case Order::kSigned:
      return AppendBig(FromLittle(value) ^ TopBit(bytes), bytes, key);
    case Order::kUnsigned:
      return AppendBig(FromLittle(value), bytes, key);
    case Order::kFloat:
      return AppendBig(OrderedFloat(CanonicalFloat(FromLittle(value), bytes), bytes), bytes, key);
    case Order::kText:
      return AppendText(value, key);
    case Order::kTimeTz: {
      const auto bits = static_cast<uint64_t>(FromLittle(value));
      return AppendBig(bits + OffsetShift(bits), bytes, key);
    }
    case Order::kInterval:
      return AppendInterval(value, key);
    case Order::kNone:
      CHECK(false);  // HasKeyOrder keeps such columns out of keys and bounds.
  }
}

std::optional<std::string> RowKey(const std::vector<const ColumnData*>& columns, uint64_t row) {
  std::string key;
  for (const ColumnData* column : columns) {
    if (column->IsNull(row)) return std::nullopt;
    AppendKey(column->type, column->Value(row), key);
  }
  return key;
}

Result<size_t> KeyValueBytes(const Type& type, std::string_view key) {
  const Order order = OrderOf(type);
  if (order == Order::kNone) return Status::Corrupt("a key of a type that has none");
  if (order == Order::kText) {
    for (size_t i = 0; i + 1 < key.size(); ++i) {
      if (key[i] != '\0') continue;
      if (key[i + 1] == '\0') return i + kTextEnd.size();
      if (key[i + 1] != kEscaped) break;
      ++i;
    }
    return Status::Corrupt("a key's text has no end");
  }
  const size_t bytes = order == Order::kInterval ? kIntervalBytes : LayoutOf(type).fixed_bytes;
  if (key.size() < bytes) return Status::Corrupt("a key is too short for its type");
  return bytes;
}

Result<std::string> DecodeKey(const Type& type, std::string_view key) {
  ASSIGN_OR_RETURN(const size_t bytes, KeyValueBytes(type, key));
  if (bytes != key.size()) return Status::Corrupt("a key is too long for its type");
  const Order order = OrderOf(type);
  if (order == Order::kText) return DecodeText(key.substr(0, bytes - kTextEnd.size()));
  return DecodeFixed(type, order, key);
}

Result<std::vector<std::string>> SplitKey(const std::vector<Type>& types, std::string_view key) {
  std::vector<std::string> values;
  for (const Type& type : types) {
    ASSIGN_OR_RETURN(const size_t bytes, KeyValueBytes(type, key));
    ASSIGN_OR_RETURN(std::string value, DecodeKey(type, key.substr(0, bytes)));
    values.push_back(std::move(value));
    key.remove_prefix(bytes);
  }
  if (!key.empty()) return Status::Corrupt("a key is too long for its types");
  return values;
}

std::optional<std::string> KeyUpperBound(std::string_view key, size_t bytes_max) {
  if (key.size() <= bytes_max) return std::string(key);
  std::string bound(key.substr(0, bytes_max));
  while (!bound.empty() && bound.back() == '\xff') bound.pop_back();
  if (bound.empty()) return std::nullopt;
  bound.back() = static_cast<char>(static_cast<uint8_t>(bound.back()) + 1);
  DCHECK(bound > key);
  return bound;
}

}  // namespace duckpond
