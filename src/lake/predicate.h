// SPDX-License-Identifier: MIT
//
// Predicate: what is known of the rows that a reader wants, in the lake's own terms, for leaving
// out files and row groups without opening them. The layer above turns its filters into one; a
// filter that has no such form is simply kTrue. Pruning may keep too much, never too little.
//
// Threads:  values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lake/data_file.h"
#include "lake/schema.h"

namespace duckpond {

struct Predicate {
  enum class Kind : uint8_t {
    kTrue,
    kFalse,
    kEqual,         // column = values[0]
    kNotEqual,      // column <> values[0]
    kLess,          // column < values[0]
    kLessEqual,     // column <= values[0]
    kGreater,       // column > values[0]
    kGreaterEqual,  // column >= values[0]
    kIn,            // column IN (values…)
    kIsNull,
    kIsNotNull,
    kAnd,
    kOr,
  };
  Kind kind = Kind::kTrue;
  uint32_t field_id = 0;
  std::vector<std::string> values;  // In key encoding; of kIn sorted.
  std::vector<Predicate> children;  // Of kAnd and kOr.
};

// Whether a row of the file may match, by the statistics of its columns. Cost: independent of the
// number of rows.
bool MayMatch(const Predicate& predicate, const DataFile& file);

// The same, by its keys too: their exact bounds, and their hashes where an equality is known for
// each column of a key. `def` says which columns the keys have.
bool MayMatch(const Predicate& predicate, const TableDef& def, const DataFile& file);

// Whether a row of the group may match, by the bounds of the table's primary key (or first key).
// Those are bounds of the joined key, so they say something about its first column, and about the
// next ones as far as the predicate fixes all columns before. Rows with a NULL in the key are not
// within the bounds: where there may be such, only what a single-column key rules out is left out.
bool MayMatch(const Predicate& predicate, const TableDef& def, const RowGroup& group);

}  // namespace duckpond
