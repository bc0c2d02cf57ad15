// SPDX-License-Identifier: MIT
//
// Flush: rows that lie in the log become files, once there are too many of them. It rides along in
// somebody's commit and may always be left out: the user's change does not depend on it.
//
// Invariants:  1. Rows keep their ids: a flushed file has them in a column.  2. A flush takes the
//              oldest inline rows of a table, without a gap.  3. Where somebody else has flushed
//              any of these rows meanwhile, the flush is dropped and its file is deleted.
// Threads:     values; the tasks are independent of each other.
#pragma once

#include <string>
#include <vector>

#include "lake/catalog_builder.h"
#include "lake/pond_site.h"

namespace duckpond {

// A file that has been written, and the inline rows that are in it.
struct PreparedFlush {
  Uuid event_id;
  Uuid table;
  std::vector<Uuid> rows;
  uint64_t first_row_id = 0;
  uint64_t end_row_id = 0;
  uint64_t row_count = 0;
  DataFilePtr file;
};

// Which tables to flush so that about half of `limit` is left, the fullest first; none while
// `bytes` (of the whole pond, with what is about to be added) is within the limit.
std::vector<TablePtr> TablesToFlush(const Catalog& catalog, uint64_t bytes, uint64_t limit);

// Writes the inline rows of `tables` into files. A table that cannot be written is left out, and
// `error` says why of the first: the next commit will try again.
struct PreparedFlushes {
  std::vector<PreparedFlush> flushes;
  Status error;
};
Task<PreparedFlushes> PrepareFlushes(PondSitePtr site, Context context,
                                     std::vector<TablePtr> tables);

// The changes of a flush, if it still fits `catalog`; else none.
std::vector<LakeChange> FlushChanges(const PreparedFlush& flush, const Catalog& catalog);

}  // namespace duckpond
