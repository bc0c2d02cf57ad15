// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "base/check.h"
#include "lake/batch_format.h"
#include "lake/byte_stream.h"
#include "lake/column_batch.h"
#include "lake/limits.h"
#include "lake/value_rules.h"

namespace duckpond {
namespace {

// ColumnReader: reads columns of one batch. What is wrong first is remembered; all reads after it
// are empty.
class ColumnReader {
 public:
  explicit ColumnReader(std::string_view bytes) : in_(bytes) {}

  ByteReader& in() { return in_; }
  const char* wrong() const { return wrong_ != nullptr || in_.ok() ? wrong_ : "an early end"; }
  void Wrong(const char* what) {
    if (wrong_ == nullptr) wrong_ = what;
  }

  ColumnData Read(const Type& type, uint64_t rows) {
    ColumnData column;
    column.type = type;
    const bool any = ReadNulls(column, rows);
    const TypeLayout layout = LayoutOf(type);
    switch (layout.layout) {
      case Layout::kFixed:
        ReadFixed(column, rows, any, layout.fixed_bytes);
        break;
      case Layout::kVariable:
        ReadVariable(column, rows, any);
        break;
      case Layout::kList: {
        ReadEnds(column, rows, any);
        const std::vector<Type> children = LayoutChildren(type);
        column.children.push_back(
            any || rows == 0 ? Read(children[0], column.ends.empty() ? 0 : column.ends.back())
                             : EmptyColumn(children[0]));
        break;
      }
      case Layout::kArray:
        column.children.push_back(Read(type.children[0], Spend(rows * type.array_size, 1)));
        break;
      case Layout::kStruct:
        for (const Type& child : LayoutChildren(type)) column.children.push_back(Read(child, rows));
        break;
    }
    if (wrong() == nullptr) Wrong(WrongValues(column, rows));
    return column;
  }

 private:
  static ColumnData EmptyColumn(const Type& type) {
    ColumnData column;
    column.type = type;
    for (const Type& child : LayoutChildren(type)) column.children.push_back(EmptyColumn(child));
    return column;
  }

  // `count`, or nothing once the batch would take more memory than it may.
  uint64_t Spend(uint64_t count, uint64_t bytes_each) {
    DCHECK(bytes_each > 0);
    if (wrong() != nullptr) return 0;
    if (count > budget_ / bytes_each) {
      Wrong("more values than a batch may hold");
      return 0;
    }
    budget_ -= count * bytes_each;
    return count;
  }

  // Returns whether values follow.
  bool ReadNulls(ColumnData& column, uint64_t rows) {
    const uint8_t nulls = in_.Byte();
    if (nulls == kNoNulls) return rows > 0;
    if (nulls > kAllNull) Wrong("an unknown kind of column");
    column.valid.assign(Spend(rows, 1), nulls == kAllNull ? 0 : 1);
    if (nulls == kAllNull || column.valid.empty()) return false;
    const std::string_view bits = in_.Raw((rows + 7) / 8);
    if (bits.empty()) return false;
    for (uint64_t i = 0; i < rows; ++i) {
      column.valid[i] = ((static_cast<uint8_t>(bits[i / 8]) >> (i % 8)) & 1) == 0;
    }
    return true;
  }

  struct Integers {
    uint32_t width = 0;
    Int128 base = 0;
  };
  Integers ReadBase() {
    Integers integers{in_.Byte(), in_.Zigzag()};
    if (integers.width > sizeof(Int128)) Wrong("an integer of more than 16 bytes");
    return integers;
  }
  Int128 Next(const Integers& integers) {
    return static_cast<Int128>(static_cast<Uint128>(integers.base) + in_.Little(integers.width));
  }

  void ReadFixed(ColumnData& column, uint64_t rows, bool any, uint32_t bytes) {
    column.fixed.resize(Spend(rows, bytes) * bytes);
    if (!any || column.fixed.empty()) return;
    char* to = column.fixed.data();
    if (!IsInteger(column.type)) {
      for (uint64_t row = 0; row < rows; ++row, to += bytes) {
        const std::string_view raw = column.IsNull(row) ? std::string_view() : in_.Raw(bytes);
        raw.copy(to, raw.size());
      }
      return;
    }
    const Integers integers = ReadBase();
    if (wrong() != nullptr) return;
    // Shifted up and back, a number that is too wide for the type is not what it was.
    const int unused_bits = 128 - static_cast<int>(8 * bytes);
    for (uint64_t row = 0; row < rows; ++row, to += bytes) {
      if (column.IsNull(row)) continue;
      const Int128 value = Next(integers);
      const auto wrapped = static_cast<Int128>(static_cast<Uint128>(value) << unused_bits);
      if (wrapped >> unused_bits != value) return Wrong("an integer that does not fit its type");
      std::memcpy(to, &value, bytes);
    }
  }

  void ReadEnds(ColumnData& column, uint64_t rows, bool any) {
    column.ends.resize(Spend(rows, sizeof(uint32_t)));
    if (!any || column.ends.empty()) return;
    const Integers sizes = ReadBase();
    uint64_t end = 0;
    for (uint64_t row = 0; row < rows && wrong() == nullptr; ++row) {
      const Int128 size = column.IsNull(row) ? 0 : Next(sizes);
      if (size < 0 || size > static_cast<Int128>(kBatchBytesMax))
        return Wrong("an impossible size");
      end += static_cast<uint64_t>(size);
      if (end > kBatchBytesMax) return Wrong("more values than a batch may hold");
      column.ends[row] = static_cast<uint32_t>(end);
    }
  }

  void ReadVariable(ColumnData& column, uint64_t rows, bool any) {
    ReadEnds(column, rows, any);
    if (wrong() != nullptr || column.ends.empty()) return;
    column.heap = in_.Raw(Spend(column.ends.back(), 1));
  }

  ByteReader in_;
  uint64_t budget_ = kBatchBytesMax;
  const char* wrong_ = nullptr;
};

Status Corrupt(std::string_view what) {
  return Status::Corrupt(fmt::format("inline rows: {}", what));
}

// The body of a compressed batch. Its size is in front of it, and again in zstd's own header.
Result<std::string> Decompress(std::string_view bytes) {
  ByteReader in(bytes);
  const uint64_t size = in.Count(2 * kBatchBytesMax);
  if (!in.ok()) return Corrupt("an impossible size");
  size_t header = 1;
  while ((static_cast<uint8_t>(bytes[header - 1]) & 0x80) != 0) ++header;
  const std::string_view packed = bytes.substr(header);
  if (ZSTD_getFrameContentSize(packed.data(), packed.size()) != size) {
    return Corrupt("two sizes that differ");
  }
  std::string body(size, '\0');
  const size_t got = ZSTD_decompress(body.data(), body.size(), packed.data(), packed.size());
  if (got != size) return Corrupt("compressed bytes that are broken");
  return body;
}

Result<ColumnBatch> DecodeBody(std::string_view bytes,
                               const std::vector<ColumnBatch::FieldType>& types) {
  ColumnReader reader(bytes);
  ColumnBatch batch;
  batch.rows = reader.in().Count(kBatchRowsMax);
  const uint64_t columns = reader.in().Count(types.size());
  for (uint64_t i = 0; i < columns && reader.wrong() == nullptr; ++i) {
    const uint64_t id = reader.in().Count(kRowIdFieldId);
    // Its type comes from the table: bytes that say their own could say one with other rules.
    const auto type = std::ranges::find(types, id, &ColumnBatch::FieldType::field_id);
    if (type == types.end()) return Corrupt(fmt::format("a column with the unknown id {}", id));
    if (std::ranges::find(batch.field_ids, id) != batch.field_ids.end()) {
      return Corrupt(fmt::format("two columns with the id {}", id));
    }
    batch.field_ids.push_back(static_cast<uint32_t>(id));
    batch.columns.push_back(reader.Read(type->type, batch.rows));
  }
  if (reader.wrong() != nullptr) return Corrupt(reader.wrong());
  if (!reader.in().at_end()) return Corrupt("bytes behind the last column");
  DCHECK(batch.columns.size() == columns && batch.field_ids.size() == columns);
  return batch;
}

}  // namespace

Result<ColumnBatch> ColumnBatch::Decode(std::string_view bytes,
                                        const std::vector<FieldType>& types) {
  if (bytes.empty()) return Corrupt("nothing");
  const auto kind = static_cast<uint8_t>(bytes[0]);
  bytes.remove_prefix(1);
  if (kind == kPlainBatch) return DecodeBody(bytes, types);
  if (kind != kCompressedBatch) return Corrupt(fmt::format("the unknown encoding {}", kind));
  ASSIGN_OR_RETURN(const std::string body, Decompress(bytes));
  return DecodeBody(body, types);
}

}  // namespace duckpond
