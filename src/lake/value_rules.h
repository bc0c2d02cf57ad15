// SPDX-License-Identifier: MIT
//
// Rules for values that come from outside: what DuckDB takes for granted of the values in its
// vectors, and would read past their end or print nonsense without.
//
// Threads:  free functions over values.
#pragma once

#include <cstdint>

#include "lake/column_batch.h"

namespace duckpond {

// What is wrong with the column's own values; those of its children have been looked at before.
// Null if nothing is. REQUIRES: sizes of the column's parts agree with each other and with `rows`.
const char* WrongValues(const ColumnData& column, uint64_t rows);

}  // namespace duckpond
