// SPDX-License-Identifier: MIT
#include "lake/inline_key_cache.h"

#include <fmt/format.h>

namespace duckpond {

Result<ColumnBatch> DecodeRows(const TableDef& def, const InlineRows& rows) {
  const std::string place = fmt::format("table \"{}\", event {}", def.name, rows.id.ToString());
  auto batch = ColumnBatch::Decode(rows.encoded, def.FieldTypes());
  if (!batch.ok()) return batch.error().Prefixed(place);
  if (batch->rows != rows.rows) {
    return Status::Corrupt(
        fmt::format("{}: expected {} inline rows, found {}", place, rows.rows, batch->rows));
  }
  return batch;
}

Result<KeySourcePtr> InlineKeyCache::Get(const TableDef& def, const InlineRows& rows) {
  {
    std::lock_guard lock(mutex_);
    const auto found = sources_.find(rows.id);
    if (found != sources_.end()) return found->second;
  }
  ASSIGN_OR_RETURN(const ColumnBatch batch, DecodeRows(def, rows));
  ASSIGN_OR_RETURN(KeySourcePtr source, RowsSource(def, rows.id, batch));
  std::lock_guard lock(mutex_);
  if (sources_.size() >= kEntriesMax) sources_.clear();
  sources_[rows.id] = source;
  return source;
}

}  // namespace duckpond
