// SPDX-License-Identifier: MIT
//
// InlineKeyCache: the keys of inline rows, taken out of their encoding once per process and not
// once per transaction.
//
// Threads:  all methods may be called concurrently.
// Memory:   kInlineKeyBytesInMemoryMax; a full cache starts again from nothing, since entries cost
//           little to make, and a pond holds far less in its log.
#pragma once

#include <mutex>
#include <unordered_map>

#include "lake/catalog.h"
#include "lake/key_source.h"

namespace duckpond {

// Errors: kCorrupt, naming table and event.
Result<ColumnBatch> DecodeRows(const TableDef& def, const InlineRows& rows);

class InlineKeyCache {
 public:
  // Errors: kCorrupt, naming table and event.
  Result<KeySourcePtr> Get(const TableDef& def, const InlineRows& rows);

 private:
  std::mutex mutex_;
  std::unordered_map<Uuid, KeySourcePtr> sources_;  // Guarded by mutex_.
  uint64_t bytes_ = 0;                              // Guarded by mutex_. Of all sources.
};

}  // namespace duckpond
