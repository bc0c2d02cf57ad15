// SPDX-License-Identifier: MIT
//
// Key encoding: bytes whose memcmp order is the order of the values, for keys, statistics, bounds
// and predicates alike. One encoding means that the lake compares without knowing types.
//
// The order is DuckDB's ORDER BY … ASC under the default collation: NaN above infinity, -0 equal to
// 0. Each value ends in a way that lets columns be joined: "a" || "b" differs from "ab" || "". NULL
// is not encoded: a key column has none, statistics count them.
//
// Format:  docs/formats/keys.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/column_batch.h"
#include "lake/type.h"

namespace duckpond {

// Longest value kept whole in statistics; longer ones are cut (see KeyUpperBound).
inline constexpr size_t kStatisticsBytesMax = 32;

// Whether values of `type` have a key encoding: all scalar types but VARIANT, GEOMETRY, BIT,
// BIGNUM.
bool HasKeyOrder(const Type& type);

// Appends the encoding of a value that lies in memory as ColumnBatch says.
// REQUIRES: HasKeyOrder(type); `value` has the size of the type's layout.
void AppendKey(const Type& type, std::string_view value, std::string& key);

// The joined encoding of one row's columns, or none if one of them is NULL.
std::optional<std::string> RowKey(const std::vector<const ColumnData*>& columns, uint64_t row);

// The value's bytes back; of an INTERVAL, one that is equal. Errors: kCorrupt.
Result<std::string> DecodeKey(const Type& type, std::string_view key);

// The values of a joined key, one for each type. Errors: kCorrupt.
Result<std::vector<std::string>> SplitKey(const std::vector<Type>& types, std::string_view key);

// How many bytes of `key`, which joins a value of `type` and whatever follows, are the value's.
// Errors: kCorrupt.
Result<size_t> KeyValueBytes(const Type& type, std::string_view key);

// The shortest way to say "not above": `key` itself if it has at most `bytes_max` bytes; else a key
// that is not less than any that starts with as many bytes of it: those bytes, raised by one in the
// last place that can be; none when there is no such key. (A lower bound is simply cut.)
std::optional<std::string> KeyUpperBound(std::string_view key, size_t bytes_max);

}  // namespace duckpond
