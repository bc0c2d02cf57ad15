// SPDX-License-Identifier: MIT
#include "sql/pond_data_engine.h"

#include <algorithm>
#include <deque>
#include <mutex>

#include "base/check.h"
#include "lake/key.h"
#include "lake/limits.h"
#include "sql/batch_convert.h"
#include "sql/connection_state.h"
#include "sql/errors.h"
#include "sql/file_writer.h"
#include "sql/parquet_types.h"
#include "sql/scan_files.h"
#include "sql/types.h"

namespace duckpond {
namespace {

// A thread waits for the requests of its work. Of one pond so many work at once as the lake asks
// for at most for one comparison, so that the store's latency is waited for once; the rest is for
// other ponds, so that one store that does not answer holds up none of them.
constexpr size_t kThreadsOfOnePond = kKeyReadsInFlightMax;
constexpr int kEngineThreads = 2 * kThreadsOfOnePond;

// Never destroyed: work may still run while the process exits. A process that was forked needs its
// own, as it does an Env.
ThreadExecutor& EngineThreads() {
  struct Threads {
    Env& env;
    ThreadExecutor executor{kEngineThreads};
  };
  static std::mutex mutex;
  static Threads* threads = nullptr;
  std::lock_guard lock(mutex);
  Env& env = Env::Process();
  if (threads == nullptr || &threads->env != &env) threads = new Threads{env};
  return threads->executor;
}

// EngineQueue: the work of one pond, of which kThreadsOfOnePond pieces run at once.
class EngineQueue : public std::enable_shared_from_this<EngineQueue> {
 public:
  using Work = std::function<void()>;

  void Post(Work work) {
    {
      std::lock_guard lock(mutex_);
      CHECK(running_ <= kThreadsOfOnePond);
      if (running_ == kThreadsOfOnePond) return waiting_.push_back(std::move(work));
      ++running_;
    }
    Start(std::move(work));
  }

 private:
  void Start(Work work) {
    EngineThreads().Post([self = shared_from_this(), work = std::move(work)] {
      work();
      self->StartNext();
    });
  }

  void StartNext() {
    Work next;
    {
      std::lock_guard lock(mutex_);
      CHECK(running_ > 0);
      if (waiting_.empty()) {
        --running_;
        return;
      }
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    Start(std::move(next));
  }

  std::mutex mutex_;
  size_t running_ = 0;
  std::deque<Work> waiting_;
};

using KeyRange = DataEngine::KeyRange;

// A connection of the engine's own, working for the caller of a DataEngine method.
class EngineConnection {
 public:
  EngineConnection(duckdb::DatabaseInstance& instance, const Context& context)
      : connection_(instance) {
    duckdb::ClientContext& client = *connection_.context;
    connection_.BeginTransaction();
    // Now, and not before: BEGIN is a statement, at whose begin a ledger is emptied.
    const auto state = ConnectionState::Of(client);
    if (context.ledger) state->Use(context.ledger);
    state->EndBy(context.deadline_us);
    stop_ = context.cancel.OnCancel([&client] { client.Interrupt(); });
  }
  duckdb::ClientContext& client() { return *connection_.context; }

 private:
  duckdb::Connection connection_;
  CancelToken::Registration stop_;
};

std::vector<const Column*> KeyColumns(const TableDef& def, uint32_t constraint) {
  std::vector<const Column*> columns;
  for (const uint32_t field_id : def.constraints[constraint].field_ids) {
    columns.push_back(def.FindColumn(field_id));
    CHECK(columns.back() != nullptr);
  }
  return columns;
}

void CollectKeys(duckdb::DataChunk& stored, const std::vector<const Column*>& columns,
                 const KeyRange& range, std::vector<std::string>& keys) {
  std::vector<ColumnData> values;
  for (size_t i = 0; i < columns.size(); ++i) {
    duckdb::Vector own(ToDuckDb(columns[i]->type), stored.size());
    Unstore(stored.data[i], own, stored.size());
    values.push_back(EmptyColumn(columns[i]->type));
    AppendVector(own, stored.size(), values.back(), 0);
  }
  std::vector<const ColumnData*> pointers;
  for (const ColumnData& value : values) pointers.push_back(&value);
  for (duckdb::idx_t row = 0; row < stored.size(); ++row) {
    auto key = RowKey(pointers, row);
    if (key && *key >= range.min && *key <= range.max) keys.push_back(*std::move(key));
  }
}

std::vector<std::string> ReadKeysNow(duckdb::ClientContext& client,
                                     const std::shared_ptr<Pond>& pond, const TableDef& def,
                                     const DataFilePtr& file, const KeyRange& range) {
  const auto columns = KeyColumns(def, range.constraint);
  ScanFiles::Request request;
  for (const Column* column : columns) {
    request.columns.push_back({column->field_id, StoredType(ToDuckDb(column->type))});
  }
  const auto all_keys = def.Keys();
  const bool has_bounds = !all_keys.empty() && all_keys[0] == range.constraint;
  std::vector<ScanUnit> units;
  for (size_t i = 0; i < file->row_groups.size(); ++i) {
    const RowGroup& group = file->row_groups[i];
    const bool apart = has_bounds && !group.key_max.empty() &&
                       (group.key_max < range.min || group.key_min > range.max);
    if (!apart) units.push_back({ScanUnit::Kind::kRowGroup, 0, i, 0, group.rows});
  }
  ScanFiles files(client, pond, {file}, units, std::move(request));
  files.Want(units);
  std::vector<std::string> keys;
  for (const ScanUnit& unit : units) {
    const auto parquet = files.Open(unit);
    ParquetFile::Cursor cursor(parquet);
    cursor.Begin(client, unit.group);
    duckdb::DataChunk stored;
    stored.Initialize(duckdb::Allocator::DefaultAllocator(), parquet->types());
    while (cursor.Next(client, stored)) CollectKeys(stored, columns, range, keys);
    files.Done(unit);
  }
  return keys;
}

// One row of one of several batches.
struct RowPlace {
  size_t batch = 0;
  uint64_t row = 0;
  std::optional<std::string> key;
};

const ColumnData* FindField(const ColumnBatch& batch, uint32_t field_id) {
  const auto found = std::find(batch.field_ids.begin(), batch.field_ids.end(), field_id);
  return found == batch.field_ids.end() ? nullptr : &batch.columns[found - batch.field_ids.begin()];
}

// All rows, sorted by the table's first key (NULLs last), or as they come where there is none.
std::vector<RowPlace> SortedRows(const TableDef& def, const std::vector<ColumnBatch>& batches) {
  std::vector<RowPlace> places;
  const auto keys = def.Keys();
  for (size_t i = 0; i < batches.size(); ++i) {
    std::vector<const ColumnData*> columns;
    if (!keys.empty()) {
      for (const uint32_t field_id : def.constraints[keys[0]].field_ids) {
        if (const ColumnData* column = FindField(batches[i], field_id)) columns.push_back(column);
      }
    }
    for (uint64_t row = 0; row < batches[i].rows; ++row) {
      RowPlace place{i, row, std::nullopt};
      if (!columns.empty()) place.key = RowKey(columns, row);
      places.push_back(std::move(place));
    }
  }
  if (keys.empty()) return places;
  std::stable_sort(places.begin(), places.end(), [](const RowPlace& a, const RowPlace& b) {
    if (!a.key || !b.key) return a.key.has_value() && !b.key.has_value();
    return *a.key < *b.key;
  });
  return places;
}

DataFile WriteFileNow(duckdb::ClientContext& client, const std::shared_ptr<Pond>& pond,
                      const TableDef& table_def, const std::vector<ColumnBatch>& batches,
                      FileWriter::BeforePut before_put) {
  auto def = std::make_shared<TableDef>(table_def);
  if (!batches.empty() && FindField(batches[0], kRowIdFieldId)) {
    Column row_id;
    row_id.field_id = kRowIdFieldId;
    row_id.name = kRowIdColumn;
    row_id.type.id = TypeId::kBigint;
    row_id.not_null = true;
    def->columns.push_back(std::move(row_id));
  }
  duckdb::vector<duckdb::LogicalType> types;
  for (const Column& column : def->columns) types.push_back(ToDuckDb(column.type));
  FileWriter writer(client, pond, def, FileWriter::Files::kOne, std::move(before_put),
                    StatementLedger(client));
  duckdb::DataChunk chunk;
  chunk.Initialize(duckdb::Allocator::DefaultAllocator(), types);
  const auto flush = [&] {
    if (chunk.size() > 0) writer.Append(chunk);
    chunk.Reset();
  };
  for (const RowPlace& place : SortedRows(table_def, batches)) {
    const duckdb::idx_t at = chunk.size();
    for (size_t i = 0; i < def->columns.size(); ++i) {
      const ColumnData* column = FindField(batches[place.batch], def->columns[i].field_id);
      if (column) {
        ReadRows(*column, {place.row, 1}, chunk.data[i], at);
      } else {
        chunk.SetValue(i, at, duckdb::Value(types[i]));
      }
    }
    chunk.SetCardinality(at + 1);
    if (chunk.size() == STANDARD_VECTOR_SIZE) flush();
  }
  flush();
  auto files = writer.Finish();
  if (files.size() != 1) ThrowStatus(Status::Internal("rows did not make one file"));
  // The rows in the log go with this file: those that are not in it are lost.
  uint64_t rows = 0;
  for (const ColumnBatch& batch : batches) rows += batch.rows;
  CHECK(files[0].rows == rows);
  return std::move(files[0]);
}

// The object of a file that could not be finished is named by nobody and deleted.
DataFile WriteOrDelete(duckdb::ClientContext& client, const std::shared_ptr<Pond>& pond,
                       const TableDef& def, const std::vector<ColumnBatch>& batches) {
  constexpr int64_t kDeleteUs = 10'000'000;
  std::string put;
  try {
    return WriteFileNow(client, pond, def, batches, [&](const std::string& path) { put = path; });
  } catch (...) {
    if (!put.empty()) {
      Executor& executor = pond->env().executor;
      Context context;
      context.ledger = StatementLedger(client);
      context.deadline_us = executor.NowUs() + kDeleteUs;
      // What cannot be deleted is no data all the same.
      (void)Block(executor, pond->store().Delete(context, put, std::nullopt));
    }
    throw;
  }
}

class PondDataEngine final : public DataEngine {
 public:
  PondDataEngine(duckdb::DatabaseInstance& instance, const std::shared_ptr<Pond>& pond)
      : instance_(instance.shared_from_this()), pond_(pond) {}

  Task<Result<std::vector<std::string>>> ReadKeys(Context context, TablePtr table, DataFilePtr file,
                                                  KeyRange range) override {
    return Run<std::vector<std::string>>(
        instance_, pond_, queue_, context,
        [table, file, range](duckdb::ClientContext& client, const std::shared_ptr<Pond>& pond) {
          return ReadKeysNow(client, pond, *table->def, file, range);
        });
  }

  Task<Result<DataFile>> WriteFile(Context context, TablePtr table,
                                   std::vector<ColumnBatch> batches) override {
    auto shared = std::make_shared<std::vector<ColumnBatch>>(std::move(batches));
    return Run<DataFile>(
        instance_, pond_, queue_, context,
        [table, shared](duckdb::ClientContext& client, const std::shared_ptr<Pond>& pond) {
          return WriteOrDelete(client, pond, *table->def, *shared);
        });
  }

 private:
  template <class T>
  using Work = std::function<T(duckdb::ClientContext& client, const std::shared_ptr<Pond>& pond)>;

  // Runs `work` on one of the engine's threads, with a connection, and gives what it made.
  template <class T>
  static Task<Result<T>> Run(duckdb::weak_ptr<duckdb::DatabaseInstance> instance,
                             std::weak_ptr<Pond> pond, std::shared_ptr<EngineQueue> queue,
                             Context context, Work<T> work) {
    Completion<Result<T>> done;
    queue->Post([instance, pond, context, work, done] {
      const auto open_instance = instance.lock();
      const auto open_pond = pond.lock();
      if (!open_instance || !open_pond) {
        done.Set(Status::Unavailable("the database that served this pond was closed"));
        return;
      }
      const Status in_time = context.Check(open_pond->env().executor.NowUs());
      if (!in_time.ok()) {
        done.Set(in_time);
        return;
      }
      std::optional<T> result;
      const Status status = CatchToStatus([&] {
        EngineConnection connection(*open_instance, context);
        result.emplace(work(connection.client(), open_pond));
      });
      if (status.ok()) {
        done.Set(*std::move(result));
      } else {
        done.Set(status);
      }
    });
    Result<T> result = co_await done;
    co_return result;
  }

  duckdb::weak_ptr<duckdb::DatabaseInstance> instance_;
  std::weak_ptr<Pond> pond_;
  std::shared_ptr<EngineQueue> queue_ = std::make_shared<EngineQueue>();
};

}  // namespace

std::shared_ptr<DataEngine> MakeDataEngine(duckdb::DatabaseInstance& instance,
                                           const std::shared_ptr<Pond>& pond) {
  return std::make_shared<PondDataEngine>(instance, pond);
}

}  // namespace duckpond
