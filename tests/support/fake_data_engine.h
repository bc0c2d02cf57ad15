// SPDX-License-Identifier: MIT
//
// FakeDataEngine: a DataEngine without DuckDB, for tables of tests/support/test_rows.h. A file is a
// ColumnBatch, sorted by `id`, with the row ids of flushed rows in a column of their own.
//
// Threads:  methods may be called concurrently.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/hash.h"
#include "lake/data_engine.h"
#include "lake/key.h"
#include "lake/key_hash_list.h"
#include "lake/key_source.h"
#include "lake/limits.h"
#include "store/object_store.h"
#include "tests/support/test_rows.h"

namespace duckpond {

class FakeDataEngine final : public DataEngine {
 public:
  FakeDataEngine(Env& env, std::shared_ptr<ObjectStore> store)
      : env_(env), store_(std::move(store)) {}

  Task<Result<std::vector<std::string>>> ReadKeys(Context context, TablePtr table, DataFilePtr file,
                                                  KeyRange range) override {
    ++key_reads;
    return DoReadKeys(store_, std::move(context), std::move(table), std::move(file),
                      std::move(range));
  }
  Task<Result<DataFile>> WriteFile(Context context, TablePtr table,
                                   std::vector<ColumnBatch> batches) override {
    ++files_written;
    return DoWriteFile(&env_, store_, std::move(context), std::move(table), std::move(batches),
                       with_hashes);
  }

  // A row with the id that it was given, if its file keeps those.
  struct FileRow {
    TestRow row;
    std::optional<int64_t> row_id;
  };
  static Task<Result<std::vector<FileRow>>> ReadFile(std::shared_ptr<ObjectStore> store,
                                                     Context context, std::string path) {
    CO_ASSIGN_OR_RETURN(const ColumnBatch batch, co_await Fetch(store, context, path));
    std::vector<FileRow> rows;
    const TestRows values = RowsOf(batch);
    const ColumnData* ids = batch.Find(kRowIdFieldId);
    for (uint64_t i = 0; i < batch.rows; ++i) {
      rows.push_back({values[i], std::nullopt});
      if (ids != nullptr) rows.back().row_id = Number(*ids, i);
    }
    co_return rows;
  }

  std::atomic<uint64_t> key_reads = 0;
  std::atomic<uint64_t> files_written = 0;
  std::atomic<bool> with_hashes = true;

 private:
  static int64_t Number(const ColumnData& column, uint64_t row) {
    int64_t number = 0;
    std::memcpy(&number, column.Value(row).data(), sizeof(number));
    return number;
  }

  static Task<Result<ColumnBatch>> Fetch(std::shared_ptr<ObjectStore> store, Context context,
                                         std::string path) {
    GetOptions options;
    CO_ASSIGN_OR_RETURN(const GetReply reply, co_await store->Get(context, path, options));
    if (reply.state != GetReply::State::kFound) co_return Status::Corrupt(path + " is missing");
    const std::vector<ColumnBatch::FieldType> types = {
        {1, ScalarType(TypeId::kBigint)},
        {2, ScalarType(TypeId::kVarchar)},
        {kRowIdFieldId, ScalarType(TypeId::kBigint)}};
    // Behind the rows stand hash lists, and how many bytes the rows take.
    uint64_t batch_bytes = 0;
    const std::string_view content = reply.bytes.view();
    if (content.size() < sizeof(batch_bytes)) co_return Status::Corrupt(path + " is cut");
    std::memcpy(&batch_bytes, content.data() + content.size() - sizeof(batch_bytes),
                sizeof(batch_bytes));
    co_return ColumnBatch::Decode(content.substr(0, batch_bytes), types);
  }

  static Task<Result<std::vector<std::string>>> DoReadKeys(std::shared_ptr<ObjectStore> store,
                                                           Context context, TablePtr table,
                                                           DataFilePtr file, KeyRange range) {
    CO_ASSIGN_OR_RETURN(const ColumnBatch batch, co_await Fetch(store, context, file->path));
    CO_ASSIGN_OR_RETURN(SortedKeys sorted, KeysOf(*table->def, range.constraint, batch));
    std::erase_if(sorted.keys,
                  [&](const std::string& key) { return key < range.min || key > range.max; });
    // In any order: not sorted, so that nothing depends on it.
    std::ranges::reverse(sorted.keys);
    co_return std::move(sorted.keys);
  }

  static ColumnBatch Sorted(const std::vector<ColumnBatch>& batches) {
    std::vector<FileRow> rows;
    bool with_ids = false;
    for (const ColumnBatch& batch : batches) {
      const TestRows values = RowsOf(batch);
      const ColumnData* ids = batch.Find(kRowIdFieldId);
      for (uint64_t i = 0; i < batch.rows; ++i) {
        rows.push_back({values[i], std::nullopt});
        if (ids != nullptr) rows.back().row_id = Number(*ids, i);
      }
      with_ids = with_ids || ids != nullptr;
    }
    std::ranges::stable_sort(rows, {}, [](const FileRow& row) { return row.row.id; });
    TestRows values;
    ColumnData ids;
    ids.type = ScalarType(TypeId::kBigint);
    for (const FileRow& row : rows) {
      values.push_back(row.row);
      const int64_t id = row.row_id.value_or(-1);
      ids.fixed.append(reinterpret_cast<const char*>(&id), sizeof(id));
    }
    ColumnBatch merged = MakeBatch(values);
    if (with_ids) {
      merged.field_ids.push_back(kRowIdFieldId);
      merged.columns.push_back(std::move(ids));
    }
    return merged;
  }

  static Task<Result<DataFile>> DoWriteFile(Env* env, std::shared_ptr<ObjectStore> store,
                                            Context context, TablePtr table,
                                            std::vector<ColumnBatch> batches, bool with_hashes) {
    const ColumnBatch merged = Sorted(batches);
    std::string content = merged.Encode();
    const uint64_t batch_bytes = content.size();
    DataFile file;
    file.id = env->uuids.Next();
    file.path = "data/" + table->def->id.ToString() + "/" + file.id.ToString() + ".rows";
    file.format = "rows";
    file.rows = merged.rows;
    for (const size_t key : table->def->Keys()) {
      CO_ASSIGN_OR_RETURN(const SortedKeys sorted, KeysOf(*table->def, key, merged));
      if (sorted.keys.empty()) continue;
      KeySummary summary{static_cast<uint32_t>(key), sorted.keys.front(), sorted.keys.back(), {}};
      std::vector<uint64_t> hashes;
      for (const std::string& one : sorted.keys) hashes.push_back(Xxh3_64(one));
      std::ranges::sort(hashes);
      if (with_hashes && hashes.size() > kKeyHashesMax) {
        summary.hash_list = {content.size(), hashes.size()};
        content += EncodeHashList(std::move(hashes));
      } else if (with_hashes) {
        summary.hashes = std::move(hashes);
      }
      file.keys.push_back(std::move(summary));
    }
    content.append(reinterpret_cast<const char*>(&batch_bytes), sizeof(batch_bytes));
    file.bytes = content.size();
    const PutCondition condition = PutCondition::None();
    CO_ASSIGN_OR_RETURN(
        const PutReply reply,
        co_await store->Put(context, file.path, Bytes(std::move(content)), condition));
    if (reply.state != PutReply::State::kWritten) {
      co_return Status::Unavailable("writing " + file.path + ": " + reply.detail);
    }
    co_return file;
  }

  Env& env_;
  const std::shared_ptr<ObjectStore> store_;
};

}  // namespace duckpond
