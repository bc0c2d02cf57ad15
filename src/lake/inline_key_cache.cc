// SPDX-License-Identifier: MIT
#include "lake/inline_key_cache.h"

#include <fmt/format.h>

#include "base/check.h"
#include "lake/limits.h"

namespace duckpond {
namespace {

uint64_t BytesOf(const KeySource& source) {
  uint64_t bytes = sizeof(source);
  for (const std::vector<std::string>& keys : source.keys) {
    for (const std::string& key : keys) bytes += sizeof(std::string) + key.size();
  }
  return bytes;
}

}  // namespace

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
  const uint64_t bytes = BytesOf(*source);
  std::lock_guard lock(mutex_);
  if (bytes_ + bytes > kInlineKeyBytesInMemoryMax) {
    sources_.clear();
    bytes_ = 0;
  }
  if (sources_.emplace(rows.id, source).second) bytes_ += bytes;
  CHECK(bytes_ <= kInlineKeyBytesInMemoryMax || sources_.size() == 1);
  return source;
}

}  // namespace duckpond
