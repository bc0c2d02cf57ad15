// SPDX-License-Identifier: MIT
//
// KeySource: where keys are that may collide: rows in memory, whose keys are known, or a file, of
// which bounds are known, perhaps hashes, and whose keys can be read.
//
// Threads:  immutable; shared by the tasks that compare it with others.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lake/column_batch.h"
#include "lake/data_file.h"
#include "lake/schema.h"

namespace duckpond {

// The keys of one constraint in some rows, sorted, without those that have a NULL in them.
struct SortedKeys {
  std::vector<std::string> keys;
  bool any_null = false;
};

// Errors: kCorrupt for a batch that lacks a column of the key.
Result<SortedKeys> KeysOf(const TableDef& def, size_t constraint, const ColumnBatch& batch);

// The first key that occurs twice; null if none does.
const std::string* FirstTwin(const std::vector<std::string>& sorted);

struct KeySource {
  Uuid id;  // Of the file or of the inline rows.
  DataFilePtr file;
  // One entry a key of the table, in the order of TableDef::Keys(); of rows in memory.
  std::vector<std::vector<std::string>> keys;
};
using KeySourcePtr = std::shared_ptr<const KeySource>;

KeySourcePtr FileSource(DataFilePtr file);
Result<KeySourcePtr> RowsSource(const TableDef& def, const Uuid& id, const ColumnBatch& batch);

// What a source says of one key (`place` in TableDef::Keys(), `constraint` its index). Valid as
// long as the source.
struct KeyExtent {
  const std::string* min = nullptr;
  const std::string* max = nullptr;
  const std::vector<uint64_t>* hashes = nullptr;   // Null where they are not known.
  HashList hash_list = {};                         // Where the file has them, if it has.
  const std::vector<std::string>* keys = nullptr;  // Null where they must be read.
};
// None if the source has no key that could collide.
std::optional<KeyExtent> ExtentOf(const KeySource& source, size_t place, uint32_t constraint);

}  // namespace duckpond
