// SPDX-License-Identifier: MIT
//
// Rules for definitions: what a table, view or schema must be, whoever says so: a user in a CREATE
// or a log that is read.
//
// Threads:  free functions over values.
#pragma once

#include <string>

#include "lake/data_file.h"
#include "lake/schema.h"

namespace duckpond {

// What is wrong with it, naming the part; empty if nothing is.
std::string WrongName(std::string_view name);
std::string WrongTable(const TableDef& def);
std::string WrongView(const ViewDef& def);
// Of a file or rows that are to be the table's.
std::string WrongFile(const TableDef& def, const DataFile& file);
std::string WrongRows(const InlineRows& rows);

// Numbers the columns and nested fields that have no id yet.
void NumberFields(TableDef& def);

// How many ids the fields inside of a value of `type` have: one for each element of a LIST or
// ARRAY, for key and value of a MAP, for each member of a STRUCT or UNION, and for theirs in turn.
size_t NestedFields(const Type& type);

}  // namespace duckpond
