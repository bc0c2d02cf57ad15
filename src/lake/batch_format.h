// SPDX-License-Identifier: MIT
//
// What writer and reader of inline rows agree on (docs/formats/inline-rows.md).
//
// Format:  a change here is a new format: rows lie in the log for years, and old ones are read.
#pragma once

#include <cstdint>

#include "lake/type.h"

namespace duckpond {

// The first byte of a batch.
inline constexpr uint8_t kPlainBatch = 1;
inline constexpr uint8_t kCompressedBatch = 2;
// Below, zstd's own header takes more than it saves.
inline constexpr size_t kCompressedFromBytes = 128;

// The first byte of a column.
inline constexpr uint8_t kNoNulls = 0;
inline constexpr uint8_t kSomeNulls = 1;
inline constexpr uint8_t kAllNull = 2;

// Types of Layout::kFixed whose values are written as integers above a base; those of the others
// are spread over their whole range and written as they are.
inline bool IsInteger(const Type& type) {
  return type.id != TypeId::kFloat && type.id != TypeId::kDouble && type.id != TypeId::kUuid &&
         type.id != TypeId::kInterval && type.id != TypeId::kTimeTz;
}

}  // namespace duckpond
