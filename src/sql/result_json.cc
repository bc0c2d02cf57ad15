// SPDX-License-Identifier: MIT
#include "sql/duckdb_api.h"
// The line above comes first: it is the precompiled header.
#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "base/json_writer.h"
#include "duckdb/common/types/date.hpp"
#include "duckdb/common/types/decimal.hpp"
#include "duckdb/common/types/hugeint.hpp"
#include "duckdb/common/types/timestamp.hpp"
#include "sql/result_json.h"
#include "yyjson.hpp"

namespace duckpond {
namespace {

using duckdb::ArrayVector;
using duckdb::FlatVector;
using duckdb::idx_t;
using duckdb::ListVector;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::PhysicalType;
using duckdb::StructVector;
using duckdb::Vector;

// The widest DECIMAL that is written as a number: its digits fit 64 bits, as a BIGINT's do.
constexpr uint8_t kNumberDigitsMax = 18;

template <class T>
const T& At(Vector& vector, idx_t row) {
  return FlatVector::GetData<T>(vector)[row];
}

template <class T>
void AppendNumber(Vector& vector, idx_t row, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{}", At<T>(vector, row));
}

template <class T>
void AppendFloating(Vector& vector, idx_t row, std::string& out) {
  const T value = At<T>(vector, row);
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
}

std::string DecimalText(Vector& vector, idx_t row) {
  const auto width = duckdb::DecimalType::GetWidth(vector.GetType());
  const auto scale = duckdb::DecimalType::GetScale(vector.GetType());
  switch (vector.GetType().InternalType()) {
    case PhysicalType::INT16:
      return duckdb::Decimal::ToString(At<int16_t>(vector, row), width, scale);
    case PhysicalType::INT32:
      return duckdb::Decimal::ToString(At<int32_t>(vector, row), width, scale);
    case PhysicalType::INT64:
      return duckdb::Decimal::ToString(At<int64_t>(vector, row), width, scale);
    default:
      return duckdb::Decimal::ToString(At<duckdb::hugeint_t>(vector, row), width, scale);
  }
}

void AppendDecimal(Vector& vector, idx_t row, std::string& out) {
  const std::string text = DecimalText(vector, row);
  const bool number = duckdb::DecimalType::GetWidth(vector.GetType()) <= kNumberDigitsMax;
  out += number ? text : JsonQuote(text);
}

// A JSON value goes in as it is, on one line. DuckDB's JSON admits more than the standard does
// (NaN, trailing commas): such a text goes in as a string.
void AppendJsonText(std::string_view text, std::string& out) {
  using namespace duckdb_yyjson;  // NOLINT: its names carry their own prefix.
  yyjson_doc* document = yyjson_read(text.data(), text.size(), YYJSON_READ_NUMBER_AS_RAW);
  size_t size = 0;
  char* minified = document ? yyjson_write(document, YYJSON_WRITE_NOFLAG, &size) : nullptr;
  if (minified) {
    out.append(minified, size);
  } else {
    out += JsonQuote(text);
  }
  free(minified);  // NOLINT: allocated by yyjson with malloc.
  yyjson_doc_free(document);
}

void AppendString(Vector& vector, idx_t row, std::string& out) {
  const auto& cell = At<duckdb::string_t>(vector, row);
  const std::string_view text(cell.GetData(), cell.GetSize());
  if (vector.GetType().IsJSONType()) {
    AppendJsonText(text, out);
  } else {
    out += JsonQuote(text);
  }
}

void AppendElements(Vector& child, idx_t offset, idx_t length, std::string& out) {
  out.push_back('[');
  for (idx_t i = 0; i < length; ++i) {
    if (i > 0) out.push_back(',');
    AppendJsonValue(child, offset + i, out);
  }
  out.push_back(']');
}

void AppendList(Vector& vector, idx_t row, std::string& out) {
  const auto& entry = At<duckdb::list_entry_t>(vector, row);
  AppendElements(ListVector::GetEntry(vector), entry.offset, entry.length, out);
}

void AppendArray(Vector& vector, idx_t row, std::string& out) {
  const idx_t size = duckdb::ArrayType::GetSize(vector.GetType());
  AppendElements(ArrayVector::GetEntry(vector), row * size, size, out);
}

void AppendStruct(Vector& vector, idx_t row, std::string& out) {
  const auto& children = StructVector::GetEntries(vector);
  if (duckdb::StructType::IsUnnamed(vector.GetType())) {
    out.push_back('[');
    for (idx_t i = 0; i < children.size(); ++i) {
      if (i > 0) out.push_back(',');
      AppendJsonValue(*children[i], row, out);
    }
    out.push_back(']');
    return;
  }
  out.push_back('{');
  for (idx_t i = 0; i < children.size(); ++i) {
    if (i > 0) out.push_back(',');
    out += JsonQuote(duckdb::StructType::GetChildName(vector.GetType(), i));
    out.push_back(':');
    AppendJsonValue(*children[i], row, out);
  }
  out.push_back('}');
}

void AppendMap(Vector& vector, idx_t row, std::string& out) {
  const auto& entry = At<duckdb::list_entry_t>(vector, row);
  Vector& keys = duckdb::MapVector::GetKeys(vector);
  Vector& values = duckdb::MapVector::GetValues(vector);
  out.push_back('{');
  for (idx_t i = 0; i < entry.length; ++i) {
    if (i > 0) out.push_back(',');
    out += JsonQuote(keys.GetValue(entry.offset + i).ToString());
    out.push_back(':');
    AppendJsonValue(values, entry.offset + i, out);
  }
  out.push_back('}');
}

void AppendUnion(Vector& vector, idx_t row, std::string& out) {
  duckdb::union_tag_t tag = 0;
  if (!duckdb::UnionVector::TryGetTag(vector, row, tag)) {
    out += "null";
    return;
  }
  out.push_back('{');
  out += JsonQuote(duckdb::UnionType::GetMemberName(vector.GetType(), tag));
  out.push_back(':');
  AppendJsonValue(duckdb::UnionVector::GetMember(vector, tag), row, out);
  out.push_back('}');
}

// The types whose values are numbers; false for all others.
bool AppendIfNumber(Vector& vector, idx_t row, std::string& out) {
  switch (vector.GetType().id()) {
    case LogicalTypeId::BOOLEAN:
      out += At<bool>(vector, row) ? "true" : "false";
      return true;
    case LogicalTypeId::TINYINT:
      fmt::format_to(std::back_inserter(out), "{}", int{At<int8_t>(vector, row)});
      return true;
    case LogicalTypeId::UTINYINT:
      fmt::format_to(std::back_inserter(out), "{}", int{At<uint8_t>(vector, row)});
      return true;
    case LogicalTypeId::SMALLINT:
      AppendNumber<int16_t>(vector, row, out);
      return true;
    case LogicalTypeId::USMALLINT:
      AppendNumber<uint16_t>(vector, row, out);
      return true;
    case LogicalTypeId::INTEGER:
      AppendNumber<int32_t>(vector, row, out);
      return true;
    case LogicalTypeId::UINTEGER:
      AppendNumber<uint32_t>(vector, row, out);
      return true;
    case LogicalTypeId::BIGINT:
      AppendNumber<int64_t>(vector, row, out);
      return true;
    case LogicalTypeId::UBIGINT:
      AppendNumber<uint64_t>(vector, row, out);
      return true;
    case LogicalTypeId::FLOAT:
      AppendFloating<float>(vector, row, out);
      return true;
    case LogicalTypeId::DOUBLE:
      AppendFloating<double>(vector, row, out);
      return true;
    case LogicalTypeId::DECIMAL:
      AppendDecimal(vector, row, out);
      return true;
    default:
      return false;
  }
}

// The types that hold other values; false for all others.
bool AppendIfNested(Vector& vector, idx_t row, std::string& out) {
  switch (vector.GetType().id()) {
    case LogicalTypeId::LIST:
      AppendList(vector, row, out);
      return true;
    case LogicalTypeId::ARRAY:
      AppendArray(vector, row, out);
      return true;
    case LogicalTypeId::STRUCT:
      AppendStruct(vector, row, out);
      return true;
    case LogicalTypeId::MAP:
      AppendMap(vector, row, out);
      return true;
    case LogicalTypeId::UNION:
      AppendUnion(vector, row, out);
      return true;
    default:
      return false;
  }
}

}  // namespace

void FlattenDeep(Vector& vector, idx_t count) {
  vector.Flatten(count);
  switch (vector.GetType().InternalType()) {
    case PhysicalType::LIST:
      FlattenDeep(ListVector::GetEntry(vector), ListVector::GetListSize(vector));
      break;
    case PhysicalType::ARRAY:
      FlattenDeep(ArrayVector::GetEntry(vector),
                  count * duckdb::ArrayType::GetSize(vector.GetType()));
      break;
    case PhysicalType::STRUCT:
      for (auto& child : StructVector::GetEntries(vector)) FlattenDeep(*child, count);
      break;
    default:
      break;
  }
}

void AppendJsonValue(Vector& vector, idx_t row, std::string& out) {
  if (FlatVector::IsNull(vector, row)) {
    out += "null";
    return;
  }
  if (AppendIfNumber(vector, row, out) || AppendIfNested(vector, row, out)) return;
  switch (vector.GetType().id()) {
    case LogicalTypeId::VARCHAR:
      AppendString(vector, row, out);
      break;
    case LogicalTypeId::DATE:
      out += JsonQuote(duckdb::Date::ToString(At<duckdb::date_t>(vector, row)));
      break;
    case LogicalTypeId::TIMESTAMP:
      out += JsonQuote(duckdb::Timestamp::ToString(At<duckdb::timestamp_t>(vector, row)));
      break;
    case LogicalTypeId::VARIANT:
      AppendJsonText(vector.GetValue(row).DefaultCastAs(LogicalType::JSON()).ToString(), out);
      break;
    default:
      out += JsonQuote(vector.GetValue(row).ToString());
  }
}

}  // namespace duckpond
