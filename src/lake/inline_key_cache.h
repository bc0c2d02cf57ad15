// SPDX-License-Identifier: MIT
//
// InlineKeyCache: the keys of inline rows, taken out of their encoding once per process and not
// once per transaction.
//
// Threads:  all methods may be called concurrently.
// Limits:   kEntriesMax; a full cache starts again from nothing, since entries cost little to make.
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
  static constexpr size_t kEntriesMax = 4096;

  // Errors: kCorrupt, naming table and event.
  Result<KeySourcePtr> Get(const TableDef& def, const InlineRows& rows);

 private:
  std::mutex mutex_;
  std::unordered_map<Uuid, KeySourcePtr> sources_;
};

}  // namespace duckpond
