// SPDX-License-Identifier: MIT
#include "sql/parquet_types.h"

#include <cstring>

namespace duckpond {
namespace {

using duckdb::FlatVector;
using duckdb::idx_t;
using duckdb::ListVector;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::StructVector;
using duckdb::Vector;

constexpr const char* kTagName = "$tag";
constexpr idx_t kWideBytes = 16;

duckdb::child_list_t<LogicalType> StoredMembers(const duckdb::child_list_t<LogicalType>& members) {
  duckdb::child_list_t<LogicalType> stored;
  for (const auto& [name, type] : members) stored.emplace_back(name, StoredType(type));
  return stored;
}

LogicalType StoredUnion(const LogicalType& type) {
  auto members = StoredMembers(duckdb::UnionType::CopyMemberTypes(type));
  members.insert(members.begin(), {kTagName, LogicalType::UTINYINT});
  return LogicalType::STRUCT(std::move(members));
}

LogicalType StoredVariant(const LogicalType& type) {
  // The type's own members, as DuckDB holds them.
  return LogicalType::STRUCT(duckdb::StructType::GetChildTypes(type));
}

// What to do with one type's values.
enum class Action : uint8_t { kCopy, kReinterpret, kWide, kBytes, kLabel, kNested };

Action ActionOf(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::HUGEINT:
    case LogicalTypeId::UHUGEINT:
      return Action::kWide;
    case LogicalTypeId::INTERVAL:
      return Action::kBytes;
    case LogicalTypeId::TIME_NS:
    case LogicalTypeId::TIMESTAMP_SEC:
    case LogicalTypeId::TIMESTAMP_MS:
    case LogicalTypeId::TIME_TZ:
    case LogicalTypeId::BIT:
    case LogicalTypeId::BIGNUM:
    case LogicalTypeId::GEOMETRY:
      return Action::kReinterpret;
    case LogicalTypeId::ENUM:
      return Action::kLabel;
    default:
      return IsBent(type) ? Action::kNested : Action::kCopy;
  }
}

void CopyNulls(const Vector& source, Vector& target, idx_t rows) {
  const auto& validity = FlatVector::Validity(source);
  if (validity.AllValid()) return;
  for (idx_t i = 0; i < rows; ++i) {
    if (!validity.RowIsValid(i)) FlatVector::SetNull(target, i, true);
  }
}

// Big-endian bytes of `high` and `low`.
void PutWide(uint64_t high, uint64_t low, char* bytes) {
  high = __builtin_bswap64(high);
  low = __builtin_bswap64(low);
  std::memcpy(bytes, &high, sizeof(high));
  std::memcpy(bytes + sizeof(high), &low, sizeof(low));
}

void GetWide(const char* bytes, uint64_t& high, uint64_t& low) {
  std::memcpy(&high, bytes, sizeof(high));
  std::memcpy(&low, bytes + sizeof(high), sizeof(low));
  high = __builtin_bswap64(high);
  low = __builtin_bswap64(low);
}

constexpr uint64_t kSignBit = uint64_t{1} << 63;

// HUGEINT and UHUGEINT have the same layout: the low half first.
struct Wide {
  uint64_t low;
  uint64_t high;
};

void StoreWide(Vector& source, Vector& target, idx_t rows) {
  const auto* values = reinterpret_cast<const Wide*>(FlatVector::GetData(source));
  const uint64_t flip = source.GetType().id() == LogicalTypeId::HUGEINT ? kSignBit : 0;
  const auto& validity = FlatVector::Validity(source);
  auto* strings = FlatVector::GetData<duckdb::string_t>(target);
  for (idx_t i = 0; i < rows; ++i) {
    if (!validity.RowIsValid(i)) continue;
    char bytes[kWideBytes];
    PutWide(values[i].high ^ flip, values[i].low, bytes);
    strings[i] = duckdb::StringVector::AddStringOrBlob(target, bytes, kWideBytes);
  }
}

void StoreBytes(Vector& source, Vector& target, idx_t rows) {
  const auto* data = reinterpret_cast<const char*>(FlatVector::GetData(source));
  const auto& validity = FlatVector::Validity(source);
  auto* strings = FlatVector::GetData<duckdb::string_t>(target);
  for (idx_t i = 0; i < rows; ++i) {
    if (!validity.RowIsValid(i)) continue;
    strings[i] = duckdb::StringVector::AddStringOrBlob(target, data + i * kWideBytes, kWideBytes);
  }
}

// One of StoreWide's or StoreBytes's values, at `row` of `source`.
duckdb::string_t SixteenBytes(const Vector& source, idx_t row) {
  const duckdb::string_t bytes = FlatVector::GetData<duckdb::string_t>(source)[row];
  if (bytes.GetSize() != kWideBytes) {
    throw duckdb::IOException("Corrupt: a stored value has %llu bytes where 16 belong",
                              static_cast<unsigned long long>(bytes.GetSize()));
  }
  return bytes;
}

void UnstoreWide(Vector& source, Vector& target, idx_t rows) {
  const uint64_t flip = target.GetType().id() == LogicalTypeId::HUGEINT ? kSignBit : 0;
  const auto& validity = FlatVector::Validity(source);
  auto* values = reinterpret_cast<Wide*>(FlatVector::GetData(target));
  for (idx_t i = 0; i < rows; ++i) {
    if (!validity.RowIsValid(i)) continue;
    const duckdb::string_t bytes = SixteenBytes(source, i);
    GetWide(bytes.GetData(), values[i].high, values[i].low);
    values[i].high ^= flip;
  }
}

void UnstoreBytes(Vector& source, Vector& target, idx_t rows) {
  const auto& validity = FlatVector::Validity(source);
  auto* data = reinterpret_cast<char*>(FlatVector::GetData(target));
  for (idx_t i = 0; i < rows; ++i) {
    if (!validity.RowIsValid(i)) continue;
    const duckdb::string_t bytes = SixteenBytes(source, i);
    std::memcpy(data + i * kWideBytes, bytes.GetData(), kWideBytes);
  }
}

void StoreLabels(Vector& source, Vector& target, idx_t rows) {
  duckdb::VectorOperations::DefaultCast(source, target, rows, true);
  target.Flatten(rows);
}

void UnstoreLabels(Vector& source, Vector& target, idx_t rows) {
  duckdb::string error;
  if (!duckdb::VectorOperations::DefaultTryCast(source, target, rows, &error, true)) {
    throw duckdb::IOException("Corrupt: a stored label is none of the ENUM's: " + error);
  }
  target.Flatten(rows);
}

using Convert = void (*)(Vector& source, Vector& target, idx_t rows);

// Copies the list entries and converts the children, once each.
void ConvertList(Vector& source, Vector& target, idx_t rows, Convert convert) {
  const idx_t size = ListVector::GetListSize(source);
  ListVector::Reserve(target, size);
  std::memcpy(FlatVector::GetData(target), FlatVector::GetData(source),
              rows * sizeof(duckdb::list_entry_t));
  ListVector::SetListSize(target, size);
  convert(ListVector::GetEntry(source), ListVector::GetEntry(target), size);
}

void StoreArray(Vector& source, Vector& target, idx_t rows) {
  const idx_t width = duckdb::ArrayType::GetSize(source.GetType());
  ListVector::Reserve(target, rows * width);
  auto* entries = FlatVector::GetData<duckdb::list_entry_t>(target);
  for (idx_t i = 0; i < rows; ++i) entries[i] = {i * width, width};
  ListVector::SetListSize(target, rows * width);
  Store(duckdb::ArrayVector::GetEntry(source), ListVector::GetEntry(target), rows * width);
}

void UnstoreArray(Vector& source, Vector& target, idx_t rows) {
  const idx_t width = duckdb::ArrayType::GetSize(target.GetType());
  const auto& validity = FlatVector::Validity(source);
  const auto* entries = FlatVector::GetData<duckdb::list_entry_t>(source);
  const idx_t children = ListVector::GetListSize(source);
  duckdb::SelectionVector places(rows * width);
  for (idx_t i = 0; i < rows; ++i) {
    const bool valid = validity.RowIsValid(i);
    if (valid && (entries[i].length != width || entries[i].offset + width > children)) {
      throw duckdb::IOException("Corrupt: a stored array has another length than its type");
    }
    for (idx_t j = 0; j < width; ++j) {
      places.set_index(i * width + j, valid ? entries[i].offset + j : 0);
    }
  }
  // A NULL array has elements too: they must exist, and be NULL, to be nothing to anybody.
  Vector& elements = duckdb::ArrayVector::GetEntry(target);
  if (children > 0) {
    Vector picked(ListVector::GetEntry(source), places, rows * width);
    Unstore(picked, elements, rows * width);
  }
  for (idx_t i = 0; i < rows; ++i) {
    if (validity.RowIsValid(i)) continue;
    for (idx_t j = 0; j < width; ++j) FlatVector::SetNull(elements, i * width + j, true);
  }
}

// STRUCT, UNION and VARIANT differ in their types and not in how they lie in memory.
void ConvertMembers(Vector& source, Vector& target, idx_t rows, Convert convert) {
  auto& from = StructVector::GetEntries(source);
  auto& to = StructVector::GetEntries(target);
  for (size_t i = 0; i < from.size(); ++i) convert(*from[i], *to[i], rows);
}

void StoreNested(Vector& source, Vector& target, idx_t rows) {
  switch (source.GetType().id()) {
    case LogicalTypeId::LIST:
    case LogicalTypeId::MAP:
      return ConvertList(source, target, rows, Store);
    case LogicalTypeId::ARRAY:
      return StoreArray(source, target, rows);
    default:
      return ConvertMembers(source, target, rows, Store);
  }
}

void UnstoreNested(Vector& source, Vector& target, idx_t rows) {
  switch (target.GetType().id()) {
    case LogicalTypeId::LIST:
    case LogicalTypeId::MAP:
      return ConvertList(source, target, rows, Unstore);
    case LogicalTypeId::ARRAY:
      return UnstoreArray(source, target, rows);
    default:
      return ConvertMembers(source, target, rows, Unstore);
  }
}

}  // namespace

LogicalType StoredType(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::HUGEINT:
    case LogicalTypeId::UHUGEINT:
    case LogicalTypeId::BIGNUM:
    case LogicalTypeId::INTERVAL:
    case LogicalTypeId::BIT:
    case LogicalTypeId::GEOMETRY:
      return LogicalType::BLOB;
    case LogicalTypeId::TIME_NS:
    case LogicalTypeId::TIMESTAMP_SEC:
    case LogicalTypeId::TIMESTAMP_MS:
      return LogicalType::BIGINT;
    case LogicalTypeId::TIME_TZ:
      return LogicalType::UBIGINT;
    case LogicalTypeId::ENUM:
      return LogicalType::VARCHAR;
    case LogicalTypeId::LIST:
      return LogicalType::LIST(StoredType(duckdb::ListType::GetChildType(type)));
    case LogicalTypeId::ARRAY:
      return LogicalType::LIST(StoredType(duckdb::ArrayType::GetChildType(type)));
    case LogicalTypeId::MAP:
      return LogicalType::MAP(StoredType(duckdb::MapType::KeyType(type)),
                              StoredType(duckdb::MapType::ValueType(type)));
    case LogicalTypeId::STRUCT:
      return LogicalType::STRUCT(StoredMembers(duckdb::StructType::GetChildTypes(type)));
    case LogicalTypeId::UNION:
      return StoredUnion(type);
    case LogicalTypeId::VARIANT:
      return StoredVariant(type);
    default:
      return type;
  }
}

bool CanFilterStored(const LogicalType& type) {
  return !IsBent(type) && type.id() != LogicalTypeId::BLOB;
}

void Store(Vector& source, Vector& target, idx_t rows) {
  source.Flatten(rows);
  const Action action = ActionOf(source.GetType());
  if (action == Action::kCopy) return target.Reference(source);
  if (action == Action::kReinterpret) return target.Reinterpret(source);
  CopyNulls(source, target, rows);
  switch (action) {
    case Action::kWide:
      return StoreWide(source, target, rows);
    case Action::kBytes:
      return StoreBytes(source, target, rows);
    case Action::kLabel:
      return StoreLabels(source, target, rows);
    default:
      return StoreNested(source, target, rows);
  }
}

void Unstore(Vector& source, Vector& target, idx_t rows) {
  source.Flatten(rows);
  const Action action = ActionOf(target.GetType());
  if (action == Action::kCopy) return target.Reference(source);
  if (action == Action::kReinterpret) return target.Reinterpret(source);
  CopyNulls(source, target, rows);
  switch (action) {
    case Action::kWide:
      return UnstoreWide(source, target, rows);
    case Action::kBytes:
      return UnstoreBytes(source, target, rows);
    case Action::kLabel:
      return UnstoreLabels(source, target, rows);
    default:
      return UnstoreNested(source, target, rows);
  }
}

}  // namespace duckpond
