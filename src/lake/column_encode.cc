// SPDX-License-Identifier: MIT
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "lake/batch_format.h"
#include "lake/byte_stream.h"
#include "lake/column_batch.h"

namespace duckpond {
namespace {

// The integers of a column, or the sizes of its values: the smallest of them, then what each is
// above it, in as few bytes as the largest needs. One value, or many equal ones, take the base
// alone.
class Integers {
 public:
  void Add(Int128 value) { values_.push_back(value); }

  void Write(ByteWriter& out) const {
    if (values_.empty()) return;
    const Int128 base = *std::min_element(values_.begin(), values_.end());
    Uint128 spread = 0;
    for (const Int128 value : values_) spread |= Above(value, base);
    uint8_t width = 0;
    for (; spread != 0; spread >>= 8) ++width;
    DCHECK(width <= sizeof(Int128));
    out.Byte(width);
    out.Zigzag(base);
    for (const Int128 value : values_) out.Little(Above(value, base), width);
  }

 private:
  static Uint128 Above(Int128 value, Int128 base) {
    return static_cast<Uint128>(value) - static_cast<Uint128>(base);
  }
  std::vector<Int128> values_;
};

Int128 SignedValue(std::string_view bytes) {
  Int128 value = static_cast<signed char>(bytes.back()) < 0 ? -1 : 0;
  for (size_t i = bytes.size(); i-- > 0;) {
    value =
        static_cast<Int128>((static_cast<Uint128>(value) << 8) | static_cast<uint8_t>(bytes[i]));
  }
  return value;
}

void WriteColumn(const ColumnData& column, uint64_t rows, ByteWriter& out);

// Returns whether any value is left to be written.
bool WriteNulls(const ColumnData& column, uint64_t rows, ByteWriter& out) {
  const auto nulls = static_cast<uint64_t>(std::count(column.valid.begin(), column.valid.end(), 0));
  if (nulls == 0) {
    out.Byte(kNoNulls);
    return true;
  }
  if (nulls == rows) {
    out.Byte(kAllNull);
    return false;
  }
  out.Byte(kSomeNulls);
  for (uint64_t row = 0; row < rows; row += 8) {
    uint8_t bits = 0;
    for (uint64_t i = row; i < std::min(rows, row + 8); ++i) {
      if (column.IsNull(i)) bits |= static_cast<uint8_t>(1 << (i - row));
    }
    out.Byte(bits);
  }
  return true;
}

void WriteFixed(const ColumnData& column, uint64_t rows, ByteWriter& out) {
  const bool as_integers = IsInteger(column.type);
  Integers integers;
  for (uint64_t row = 0; row < rows; ++row) {
    if (column.IsNull(row)) continue;
    if (as_integers) {
      integers.Add(SignedValue(column.Value(row)));
    } else {
      out.Raw(column.Value(row));
    }
  }
  integers.Write(out);
}

void WriteSizes(const ColumnData& column, uint64_t rows, ByteWriter& out) {
  Integers sizes;
  uint32_t start = 0;
  for (uint64_t row = 0; row < rows; ++row) {
    if (!column.IsNull(row)) sizes.Add(column.ends[row] - start);
    start = column.ends[row];
  }
  sizes.Write(out);
}

void WriteColumn(const ColumnData& column, uint64_t rows, ByteWriter& out) {
  const bool any = WriteNulls(column, rows, out);
  switch (LayoutOf(column.type).layout) {
    case Layout::kFixed:
      if (any) WriteFixed(column, rows, out);
      return;
    case Layout::kVariable:
      if (!any) return;
      WriteSizes(column, rows, out);
      for (uint64_t row = 0; row < rows; ++row) {
        if (!column.IsNull(row)) out.Raw(column.Value(row));
      }
      return;
    case Layout::kList:
      if (!any) return;
      WriteSizes(column, rows, out);
      return WriteColumn(column.children[0], rows == 0 ? 0 : column.ends[rows - 1], out);
    case Layout::kArray:
      return WriteColumn(column.children[0], rows * column.type.array_size, out);
    case Layout::kStruct:
      for (const ColumnData& child : column.children) WriteColumn(child, rows, out);
      return;
  }
}

// Levels above the default gain little on so few bytes; a fixed one keeps golden files stable.
constexpr int kCompressionLevel = 3;

// `plain` compressed, or nothing when that does not pay.
std::string Compressed(std::string_view plain) {
  if (plain.size() < kCompressedFromBytes) return {};
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  const size_t size =
      ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), kCompressionLevel);
  CHECK(ZSTD_isError(size) == 0);
  // Less than an eighth saved is not worth a reader's time.
  if (size > plain.size() - plain.size() / 8) return {};
  packed.resize(size);
  return packed;
}

}  // namespace

std::string ColumnBatch::Encode() const {
  ByteWriter body;
  body.Varint(rows);
  body.Varint(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    body.Varint(field_ids[i]);
    WriteColumn(columns[i], rows, body);
  }
  const std::string packed = Compressed(body.bytes());
  ByteWriter out;
  out.Byte(packed.empty() ? kPlainBatch : kCompressedBatch);
  if (!packed.empty()) out.Varint(body.bytes().size());
  out.Raw(packed.empty() ? body.bytes() : packed);
  return out.Take();
}

}  // namespace duckpond
