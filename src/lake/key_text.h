// SPDX-License-Identifier: MIT
//
// Keys as people read them, for messages: `id: 5, name: duck`.
//
// Threads:  free functions.
#pragma once

#include <string>
#include <string_view>

#include "lake/schema.h"

namespace duckpond {

// The value as DuckDB would print it, as far as that needs no calendar but the plain one; bytes
// that are no value of the type appear as hexadecimal digits.
std::string ValueText(const Type& type, std::string_view value);

// A joined key with its columns' names. REQUIRES: `constraint` is one of def.Keys().
std::string KeyText(const TableDef& def, size_t constraint, std::string_view key);

// `Duplicate key "id: 5" violates primary key constraint of table "t"`.
std::string DuplicateText(const TableDef& def, size_t constraint, std::string_view key);

}  // namespace duckpond
