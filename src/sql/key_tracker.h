// SPDX-License-Identifier: MIT
//
// KeyTracker: the keys (PRIMARY KEY, UNIQUE) of the rows that a statement writes: finds duplicates
// inside a file and gathers what the log keeps of them for each file and row group. Files of a
// statement are compared with each other as with all others (lake's Transaction::CheckKeys).
//
// REQUIRES: rows come sorted by the table's first key, NULLs last.
// Threads:  one at a time.
// Errors:   ConstraintException for a duplicate.
// Memory:   8 bytes a row of the file and key; those of a KeyHashSet for each key but the first.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lake/data_file.h"
#include "lake/schema.h"
#include "sql/duckdb_api.h"
#include "sql/key_hash_set.h"

namespace duckpond {

class KeyTracker {
 public:
  KeyTracker(duckdb::ClientContext& client, std::shared_ptr<const TableDef> def);

  // Checks and notes the keys of `chunk`'s rows.
  void Add(duckdb::DataChunk& chunk);

  // Bounds of the first key since the last call; both empty without a key or with a NULL in one.
  struct Bounds {
    std::string min;
    std::string max;
  };
  Bounds TakeGroup();
  // Of all keys since the last call: what the log keeps of them, and the hashes of all of them
  // where those are too many for it.
  struct FileKeys {
    KeySummary summary;
    std::vector<uint64_t> hashes;
  };
  std::vector<FileKeys> TakeFile();

 private:
  struct Key {
    uint32_t constraint = 0;
    bool primary = false;
    std::vector<size_t> columns;  // Places.
    bool any = false;             // In the file.
    std::string min;
    std::string max;
    std::vector<uint64_t> hashes;    // Of the file.
    std::string previous;            // Of the first key.
    std::optional<KeyHashSet> seen;  // Of the others, in the file.
  };
  void AddKey(Key& key, duckdb::DataChunk& chunk, bool is_first);
  void Note(Key& key, std::string encoded);
  [[noreturn]] void ThrowDuplicate(const Key& key, duckdb::DataChunk& chunk,
                                   duckdb::idx_t row) const;

  duckdb::ClientContext& client_;
  std::shared_ptr<const TableDef> def_;
  std::vector<Key> keys_;
  bool group_has_null_ = false;
  bool group_any_ = false;
  Bounds group_;
};

}  // namespace duckpond
