// SPDX-License-Identifier: MIT
//
// Inline rows from hostile bytes: decoding ends in an error or in rows that can be written and read
// again. The input is a type, a line break, and the batch.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "lake/column_batch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using duckpond::ColumnBatch;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = input.find('\n');
  if (line == input.npos) return 0;
  const auto type = duckpond::Type::Parse(input.substr(0, line));
  if (!type.ok()) return 0;
  const std::string_view bytes = input.substr(line + 1);
  const auto batch = ColumnBatch::Decode(bytes, {{1, *type}, {7, *type}});
  if (!batch.ok()) return 0;
  const auto again = ColumnBatch::Decode(batch->Encode(), {{1, *type}, {7, *type}});
  CHECK(again.ok());
  CHECK(again->rows == batch->rows);
  CHECK(again->Encode() == batch->Encode());
  return 0;
}
