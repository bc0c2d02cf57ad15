// SPDX-License-Identifier: MIT
//
// DataFile and InlineRows: where the rows of a table are. A DataFile is an immutable object in the
// store with all that a reader needs to skip it or to open it without asking; InlineRows lie in the
// log.
//
// Units:    sizes and offsets in bytes. Bounds are in key encoding (lake/key.h).
// Threads:  immutable once in a Catalog.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "lake/column_batch.h"

namespace duckpond {

// A file of at most this many rows carries the hashes of its keys in the log.
inline constexpr uint64_t kKeyHashesMax = 256;

// Bounds of a column's values in a file. Without bounds nothing is known but the count of NULLs.
struct ColumnStatistics {
  uint32_t field_id = 0;
  uint64_t nulls = 0;
  // No value is less than `min` or greater than `max`. Long values are cut, so neither need occur.
  std::optional<std::string> min;
  std::optional<std::string> max;
  bool exact = false;  // Both occur in the file: min() and max() need no read.
};

// A hash list is made of pages: so many hashes (the last has what is left), then a checksum of
// them.
inline constexpr uint64_t kListedHashBytes = 6;
inline constexpr uint64_t kPageHashes = 256;
inline constexpr uint64_t kPageChecksumBytes = 8;
constexpr uint64_t HashListBytes(uint64_t count) {
  const uint64_t pages = count / kPageHashes + (count % kPageHashes > 0 ? 1 : 0);
  return count * kListedHashBytes + pages * kPageChecksumBytes;
}

// Where in a file the hashes of its keys lie: a sorted list (lake/key_hash_list.h).
struct HashList {
  uint64_t offset = 0;
  uint64_t count = 0;  // 0: there is none.
};

// What is known of a key (PRIMARY KEY or UNIQUE) in a file; keys with a NULL in them are left out.
// A file has one for each of its table's keys, but for those where no key is left.
struct KeySummary {
  uint32_t constraint = 0;  // Index in TableDef::constraints.
  std::string min;          // Exact, never cut.
  std::string max;
  std::vector<uint64_t> hashes;  // XXH3-64 of each key, sorted; empty for a file of many rows,
  HashList hash_list = {};       // which has them in itself.
};

struct RowGroup {
  uint64_t offset = 0;  // From the first byte of its first column chunk
  uint64_t bytes = 0;   // to the last of its last.
  uint64_t rows = 0;
  std::string key_min;  // Of the primary key (or first key); both empty where there is none.
  std::string key_max;
};

struct DataFile {
  Uuid id;           // Of the event that added it, too.
  std::string path;  // data/<table uuid>/<uuidv7>.parquet, below the pond's root.
  std::string format = "parquet";
  uint64_t bytes = 0;
  uint64_t footer_bytes = 0;  // Parquet's footer, with its length and magic.
  // In front of the footer: checksums of all column chunks; and the XXH3-64 of those and the
  // footer, by which all of the file can be checked. None: the file has no checksums.
  uint64_t checksum_bytes = 0;
  std::optional<uint64_t> checksum;
  uint64_t rows = 0;
  // Assigned at commit. A row's identity is this plus its position in the file, or, where the file
  // has the column kRowIdColumn, what stands there; then this is the least of those.
  uint64_t first_row_id = 0;
  bool row_id_column = false;
  std::vector<ColumnStatistics> statistics;
  std::vector<KeySummary> keys;
  std::vector<RowGroup> row_groups;
  std::string footer;  // The tail itself, for small files; else empty.

  // The checksums and the footer: what opening the file takes.
  uint64_t TailBytes() const { return checksum_bytes + footer_bytes; }
};
using DataFilePtr = std::shared_ptr<const DataFile>;

struct InlineRows {
  Uuid id;  // Of the event that added them, too.
  uint64_t rows = 0;
  uint64_t first_row_id = 0;  // Assigned at commit.
  std::string encoded;        // ColumnBatch::Encode
};
using InlineRowsPtr = std::shared_ptr<const InlineRows>;

}  // namespace duckpond
