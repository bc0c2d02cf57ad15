// SPDX-License-Identifier: MIT
#include "sql/column_bounds.h"

#include <cstring>
#include <optional>

#include "duckdb/common/operator/comparison_operators.hpp"
#include "lake/key.h"
#include "sql/batch_convert.h"
#include "sql/types.h"

namespace duckpond {
namespace {

using duckdb::FlatVector;
using duckdb::idx_t;
using duckdb::PhysicalType;

uint64_t CountNulls(const duckdb::Vector& vector, idx_t rows) {
  const auto& validity = FlatVector::Validity(vector);
  return rows - validity.CountValid(rows);
}

// Statistics from a column's least and greatest keys, cut to what is kept.
ColumnStatistics Cut(uint32_t field_id, uint64_t nulls, const std::string* min,
                     const std::string* max) {
  ColumnStatistics statistics;
  statistics.field_id = field_id;
  statistics.nulls = nulls;
  if (!min || !max) return statistics;
  statistics.exact = min->size() <= kStatisticsBytesMax && max->size() <= kStatisticsBytesMax;
  statistics.min = min->substr(0, kStatisticsBytesMax);
  statistics.max =
      max->size() <= kStatisticsBytesMax ? *max : KeyUpperBound(*max, kStatisticsBytesMax);
  return statistics;
}

std::string KeyOfBytes(const Type& type, std::string_view bytes) {
  std::string key;
  AppendKey(type, bytes, key);
  return key;
}

// Values whose order in DuckDB is that of `T`.
template <class T>
class FixedBounds final : public ColumnBounds {
 public:
  explicit FixedBounds(const Column& column) : field_id_(column.field_id), type_(column.type) {}

  void Add(duckdb::Vector& vector, idx_t rows) override {
    vector.Flatten(rows);
    nulls_ += CountNulls(vector, rows);
    const auto& validity = FlatVector::Validity(vector);
    const T* values = FlatVector::GetData<T>(vector);
    for (idx_t i = 0; i < rows; ++i) {
      if (validity.RowIsValid(i)) Add(values[i]);
    }
  }

  ColumnStatistics Finish() const override {
    if (!any_) return Cut(field_id_, nulls_, nullptr, nullptr);
    const std::string min = Key(min_);
    const std::string max = Key(max_);
    return Cut(field_id_, nulls_, &min, &max);
  }

 private:
  void Add(const T& value) {
    if (!any_) {
      min_ = max_ = value;
      any_ = true;
    } else if (duckdb::GreaterThan::Operation(value, max_)) {
      max_ = value;
    } else if (duckdb::GreaterThan::Operation(min_, value)) {
      min_ = value;
    }
  }

  std::string Key(const T& value) const {
    // An ENUM's index has four bytes in a batch, and fewer in DuckDB.
    char bytes[sizeof(T) > 4 ? sizeof(T) : 4] = {};
    std::memcpy(bytes, &value, sizeof(T));
    const size_t size = type_.id == TypeId::kEnum ? 4 : sizeof(T);
    return KeyOfBytes(type_, std::string_view(bytes, size));
  }

  uint32_t field_id_;
  Type type_;
  uint64_t nulls_ = 0;
  bool any_ = false;
  T min_{};
  T max_{};
};

class TextBounds final : public ColumnBounds {
 public:
  explicit TextBounds(const Column& column) : field_id_(column.field_id), type_(column.type) {}

  void Add(duckdb::Vector& vector, idx_t rows) override {
    vector.Flatten(rows);
    nulls_ += CountNulls(vector, rows);
    const auto& validity = FlatVector::Validity(vector);
    const auto* values = FlatVector::GetData<duckdb::string_t>(vector);
    for (idx_t i = 0; i < rows; ++i) {
      if (!validity.RowIsValid(i)) continue;
      const std::string_view value(values[i].GetData(), values[i].GetSize());
      if (!any_ || value < min_) min_ = value;
      if (!any_ || value > max_) max_ = value;
      any_ = true;
    }
  }

  ColumnStatistics Finish() const override {
    if (!any_) return Cut(field_id_, nulls_, nullptr, nullptr);
    const std::string min = KeyOfBytes(type_, min_);
    const std::string max = KeyOfBytes(type_, max_);
    return Cut(field_id_, nulls_, &min, &max);
  }

 private:
  uint32_t field_id_;
  Type type_;
  uint64_t nulls_ = 0;
  bool any_ = false;
  std::string min_;
  std::string max_;
};

// Types whose order is only known to the key encoding: rare, so each value is encoded.
class KeyBounds final : public ColumnBounds {
 public:
  explicit KeyBounds(const Column& column) : field_id_(column.field_id), type_(column.type) {}

  void Add(duckdb::Vector& vector, idx_t rows) override {
    vector.Flatten(rows);
    nulls_ += CountNulls(vector, rows);
    ColumnData column = EmptyColumn(type_);
    AppendVector(vector, rows, column, 0);
    for (idx_t i = 0; i < rows; ++i) {
      auto key = RowKey({&column}, i);
      if (!key) continue;
      if (!max_ || *key > *max_) max_ = *key;
      if (!min_ || *key < *min_) min_ = *std::move(key);
    }
  }

  ColumnStatistics Finish() const override {
    return Cut(field_id_, nulls_, min_ ? &*min_ : nullptr, max_ ? &*max_ : nullptr);
  }

 private:
  uint32_t field_id_;
  Type type_;
  uint64_t nulls_ = 0;
  std::optional<std::string> min_;
  std::optional<std::string> max_;
};

class NullCount final : public ColumnBounds {
 public:
  explicit NullCount(const Column& column) : field_id_(column.field_id) {}
  void Add(duckdb::Vector& vector, idx_t rows) override {
    vector.Flatten(rows);
    nulls_ += CountNulls(vector, rows);
  }
  ColumnStatistics Finish() const override { return Cut(field_id_, nulls_, nullptr, nullptr); }

 private:
  uint32_t field_id_;
  uint64_t nulls_ = 0;
};

std::unique_ptr<ColumnBounds> ForPhysical(PhysicalType physical, const Column& column) {
  switch (physical) {
    case PhysicalType::INT8:
      return std::make_unique<FixedBounds<int8_t>>(column);
    case PhysicalType::INT16:
      return std::make_unique<FixedBounds<int16_t>>(column);
    case PhysicalType::INT32:
      return std::make_unique<FixedBounds<int32_t>>(column);
    case PhysicalType::INT64:
      return std::make_unique<FixedBounds<int64_t>>(column);
    case PhysicalType::INT128:
      return std::make_unique<FixedBounds<duckdb::hugeint_t>>(column);
    case PhysicalType::BOOL:
    case PhysicalType::UINT8:
      return std::make_unique<FixedBounds<uint8_t>>(column);
    case PhysicalType::UINT16:
      return std::make_unique<FixedBounds<uint16_t>>(column);
    case PhysicalType::UINT32:
      return std::make_unique<FixedBounds<uint32_t>>(column);
    case PhysicalType::UINT64:
      return std::make_unique<FixedBounds<uint64_t>>(column);
    case PhysicalType::UINT128:
      return std::make_unique<FixedBounds<duckdb::uhugeint_t>>(column);
    case PhysicalType::FLOAT:
      return std::make_unique<FixedBounds<float>>(column);
    case PhysicalType::DOUBLE:
      return std::make_unique<FixedBounds<double>>(column);
    case PhysicalType::VARCHAR:
      return std::make_unique<TextBounds>(column);
    default:
      return std::make_unique<KeyBounds>(column);
  }
}

}  // namespace

std::unique_ptr<ColumnBounds> ColumnBounds::For(const Column& column) {
  if (!HasKeyOrder(column.type)) return std::make_unique<NullCount>(column);
  switch (column.type.id) {
    // Their numbers do not order as their values do.
    case TypeId::kTimeTz:
    case TypeId::kInterval:
      return std::make_unique<KeyBounds>(column);
    default:
      return ForPhysical(ToDuckDb(column.type).InternalType(), column);
  }
}

}  // namespace duckpond
