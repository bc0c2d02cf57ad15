// SPDX-License-Identifier: MIT
#include "lake/flush.h"

#include <algorithm>

#include "base/check.h"
#include "lake/limits.h"

namespace duckpond {
namespace {

// The ids of `rows` rows as a column of their own, which WriteFile keeps beside the table's.
ColumnData RowIds(uint64_t first, uint64_t rows) {
  ColumnData column;
  column.type.id = TypeId::kBigint;
  column.fixed.reserve(rows * sizeof(uint64_t));
  for (uint64_t id = first; id < first + rows; ++id) {
    column.fixed.append(reinterpret_cast<const char*>(&id), sizeof(id));
  }
  return column;
}

struct Batches {
  std::vector<ColumnBatch> batches;
  PreparedFlush flush;
};

Result<Batches> Collect(const Table& table) {
  CHECK(!table.inline_rows.empty());
  Batches result;
  result.flush.table = table.def->id;
  result.flush.first_row_id = table.inline_rows[0]->first_row_id;
  for (const InlineRowsPtr& rows : table.inline_rows) {
    ASSIGN_OR_RETURN(ColumnBatch batch, DecodeRows(*table.def, *rows));
    batch.field_ids.push_back(kRowIdFieldId);
    batch.columns.push_back(RowIds(rows->first_row_id, rows->rows));
    result.batches.push_back(std::move(batch));
    result.flush.rows.push_back(rows->id);
    result.flush.row_count += rows->rows;
    result.flush.end_row_id = rows->first_row_id + rows->rows;
  }
  return result;
}

Task<Result<PreparedFlush>> Prepare(PondSitePtr site, Context context, TablePtr table) {
  CO_ASSIGN_OR_RETURN(Batches collected, Collect(*table));
  const auto engine = site->engine();
  CHECK(engine != nullptr);  // Whoever begins a flush has looked.
  CO_ASSIGN_OR_RETURN(DataFile file,
                      co_await engine->WriteFile(context, table, std::move(collected.batches)));
  PreparedFlush flush = std::move(collected.flush);
  // The rows in the log go with this file: it must have all of them.
  if (file.rows != flush.row_count) {
    co_return Status::Internal("a file was written with other rows than it was given");
  }
  flush.event_id = site->env.uuids.Next();
  if (file.id.is_nil()) file.id = site->env.uuids.Next();
  file.first_row_id = flush.first_row_id;
  file.row_id_column = true;
  flush.file = std::make_shared<const DataFile>(std::move(file));
  co_return flush;
}

}  // namespace

std::vector<TablePtr> TablesToFlush(const Catalog& catalog, uint64_t bytes, uint64_t limit) {
  if (bytes <= limit) return {};
  std::vector<TablePtr> full;
  for (const auto& [name, schema] : catalog.schemas) {
    for (const auto& [table_name, table] : schema->tables) {
      if (!table->inline_rows.empty()) full.push_back(table);
    }
  }
  std::ranges::stable_sort(full, std::ranges::greater(),
                           [](const TablePtr& table) { return table->inline_bytes; });
  size_t count = 0;
  // Down to a half, so that the next commits do not each flush a little.
  for (uint64_t left = bytes; count < full.size() && count < kFlushFilesMax && left > limit / 2;) {
    left -= std::min(left, full[count++]->inline_bytes);
  }
  full.resize(count);
  CHECK(full.size() <= kFlushFilesMax);
  return full;
}

Task<PreparedFlushes> PrepareFlushes(PondSitePtr site, Context context,
                                     std::vector<TablePtr> tables) {
  std::vector<Task<Result<PreparedFlush>>> tasks;
  for (TablePtr& table : tables) tasks.push_back(Prepare(site, context, std::move(table)));
  auto results = co_await WhenAll(std::move(tasks));
  PreparedFlushes prepared;
  for (auto& result : results) {
    if (result.ok()) {
      prepared.flushes.push_back(*std::move(result));
    } else if (prepared.error.ok()) {
      prepared.error = result.error().Prefixed("moving rows from the log into a file");
    }
  }
  co_return prepared;
}

std::vector<LakeChange> FlushChanges(const PreparedFlush& flush, const Catalog& catalog) {
  // With the change the rows leave the log: the file has all of them, under their own ids.
  CHECK(flush.file != nullptr && flush.file->row_id_column);
  CHECK(flush.file->rows == flush.row_count && flush.first_row_id < flush.end_row_id);
  const TablePtr table = catalog.FindTable(flush.table);
  if (table == nullptr || table->inline_rows.size() < flush.rows.size()) return {};
  // All of them are still there, and they are still the oldest.
  for (size_t i = 0; i < flush.rows.size(); ++i) {
    if (table->inline_rows[i]->id != flush.rows[i]) return {};
  }
  return {{flush.file->id, lake_event::AddFile{flush.table, flush.file}},
          {flush.event_id, lake_event::FlushRows{flush.table, flush.first_row_id, flush.end_row_id,
                                                 flush.row_count}}};
}

}  // namespace duckpond
