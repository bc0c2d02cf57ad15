// SPDX-License-Identifier: MIT
#include "sql/insert.h"

#include "base/check.h"
#include "duckdb/execution/executor.hpp"
#include "duckdb/parallel/pipeline.hpp"
#include "sql/batch_convert.h"
#include "sql/connection_state.h"
#include "sql/entries.h"
#include "sql/errors.h"
#include "sql/file_writer.h"
#include "sql/key_order.h"
#include "sql/pond_catalog.h"
#include "sql/pond_transaction.h"
#include "sql/row_checks.h"
#include "sql/table_info.h"
#include "sql/types.h"

namespace duckpond {
namespace {

// More rows or bytes than this are not tried to be put into the log.
constexpr uint64_t kInlineRowsMax = 4096;
constexpr uint64_t kInlineMemoryMax = 1024 * 1024;

// Lives as long as the plan, which may be prepared: longer than its statement and the attached
// database. So it cleans up nothing: the transaction knows the files.
struct InsertState final : public duckdb::GlobalSinkState {
  InsertState(duckdb::ClientContext& client_context, PondCatalog& pond_catalog,
              std::shared_ptr<const TableDef> table)
      : client(client_context),
        catalog(pond_catalog),
        def(std::move(table)),
        ledger(OperatorLedger(client_context)),
        keys(client_context, def) {}

  PondTransaction& transaction() { return PondTransaction::Of(client, catalog); }

  duckdb::ClientContext& client;
  PondCatalog& catalog;
  std::shared_ptr<const TableDef> def;
  std::shared_ptr<CostLedger> ledger;  // Of files and of looks at keys.
  std::unique_ptr<RowChecks> checks;
  KeyTracker keys;  // Of rows that may go into the log; a FileWriter has its own.
  duckdb::unique_ptr<duckdb::ColumnDataCollection> few;
  std::unique_ptr<FileWriter> writer;
  duckdb::unique_ptr<duckdb::ColumnDataCollection> returned;
  bool unsorted = false;  // The rows are in `returned` and sorted once all are there.
  uint64_t rows = 0;
};

duckdb::vector<duckdb::LogicalType> TypesOf(const TableDef& def) {
  duckdb::vector<duckdb::LogicalType> types;
  for (const Column& column : def.columns) types.push_back(ToDuckDb(column.type));
  return types;
}

// Whether the rows may go into the log: trying it takes a copy of them.
bool IsFew(const duckdb::ColumnDataCollection& rows) {
  return rows.Count() <= kInlineRowsMax && rows.SizeInBytes() <= kInlineMemoryMax;
}

bool WantsInline(InsertState& state) {
  const CatalogPtr view = state.transaction().View(state.client);
  const auto option = view->options.find("inline_bytes");
  return option == view->options.end() || option->second != "0";
}

// From now on rows go into files; those that are there already too.
void StartFiles(InsertState& state) {
  CHECK(state.writer == nullptr);
  state.transaction().CreatePond(state.client);
  const auto note = [&state](const std::string& path) {
    state.transaction().Change(state.client).NotePut(path);
  };
  state.writer = std::make_unique<FileWriter>(state.client, state.catalog.pond(), state.def,
                                              FileWriter::Files::kMany, note, state.ledger);
  state.transaction().NoteUpload(state.writer->upload());
  if (!state.few) return;
  for (auto& chunk : state.few->Chunks()) state.writer->Append(chunk);
  state.few.reset();
}

// A broken constraint in DuckDB's own words and type. What else goes wrong has a type that ends the
// transaction: its changes may be half made.
void ThrowIfBroken(const Status& status) {
  const bool broken = status.code() == StatusCode::kExists || status.code() == StatusCode::kInvalid;
  if (broken) throw duckdb::ConstraintException(status.message());
  if (!status.ok()) ThrowStoreStatus(status);
}

// Whether the rows went into the log; false if they are too much for it.
bool AddToLog(InsertState& state) {
  ColumnBatch batch;
  for (const Column& column : state.def->columns) {
    batch.field_ids.push_back(column.field_id);
    batch.columns.push_back(EmptyColumn(column.type));
  }
  for (auto& chunk : state.few->Chunks()) {
    state.keys.Add(chunk);
    AppendRows(chunk, batch);
  }
  CHECK(batch.rows == state.rows);  // All that the statement has counted.
  auto& changes = state.transaction().Change(state.client);
  const Status status = changes.AddRows(state.def->id, std::move(batch));
  if (status.code() == StatusCode::kExhausted) return false;
  ThrowIfBroken(status);
  return true;
}

void AddFiles(InsertState& state) {
  std::vector<DataFile> files = state.writer->Finish();
  state.writer.reset();
  uint64_t rows = 0;
  for (const DataFile& file : files) rows += file.rows;
  CHECK(rows == state.rows);  // All that the statement has counted.
  auto& changes = state.transaction().Change(state.client);
  for (DataFile& file : files) ThrowIfBroken(changes.AddFile(state.def->id, std::move(file)));
}

void CheckKeys(InsertState& state) {
  auto& changes = state.transaction().Change(state.client);
  const Status status = RunTask(state.client, [&](Context context) {
    context.ledger = state.ledger;
    return changes.CheckKeys(context);
  });
  if (status.code() == StatusCode::kExists) throw duckdb::ConstraintException(status.message());
  if (!status.ok()) ThrowStoreStatus(status);
}

// Makes the table of a CREATE TABLE AS.
Status MakeTable(duckpond::Transaction& changes, const TableDef& def,
                 duckdb::OnCreateConflict on_conflict) {
  const bool replace = on_conflict == duckdb::OnCreateConflict::REPLACE_ON_CONFLICT;
  if (replace && changes.view()->FindTable(def.schema, def.name)) {
    RETURN_IF_ERROR(changes.DropTable(def.schema, def.name));
  }
  return changes.CreateTable(def);
}

// The table that the statement is to make, with all ids. It is made when all rows are there: a
// statement that fails before changes nothing, even in a transaction that goes on.
std::shared_ptr<const TableDef> PlanTable(duckdb::ClientContext& client, PondCatalog& catalog,
                                          duckdb::BoundCreateTableInfo& create) {
  const TableDef def = ValueOrThrow(ToTableDef(create.Base(), create.schema.name));
  auto& transaction = PondTransaction::Of(client, catalog);
  CatalogSnapshot snapshot = transaction.Base(client);
  snapshot.catalog = transaction.View(client);
  const auto trial = catalog.pond()->Begin(std::move(snapshot));
  ThrowIfError(MakeTable(*trial, def, create.Base().on_conflict));
  return trial->view()->FindTable(def.schema, def.name)->def;
}

struct InsertSource final : public duckdb::GlobalSourceState {
  duckdb::ColumnDataScanState scan;
  bool started = false;
  bool finished = false;
};

}  // namespace

PondInsert::PondInsert(duckdb::PhysicalPlan& plan, duckdb::vector<duckdb::LogicalType> types,
                       Target target)
    : duckdb::PhysicalOperator(plan, duckdb::PhysicalOperatorType::EXTENSION, std::move(types), 1),
      target_(std::move(target)) {}
PondInsert::~PondInsert() = default;

duckdb::InsertionOrderPreservingMap<duckdb::string> PondInsert::ParamsToString() const {
  duckdb::InsertionOrderPreservingMap<duckdb::string> params;
  params["Table"] = target_.def ? target_.def->name : target_.create->Base().table;
  return params;
}

duckdb::InsertionOrderPreservingMap<duckdb::string> PondInsert::ExtraSourceParams(
    duckdb::GlobalSourceState& /*source*/, duckdb::LocalSourceState& /*local*/) const {
  duckdb::InsertionOrderPreservingMap<duckdb::string> params;
  Describe(sink_state->Cast<InsertState>().ledger->Total(), params);
  return params;
}

duckdb::unique_ptr<duckdb::GlobalSinkState> PondInsert::GetGlobalSinkState(
    duckdb::ClientContext& client) const {
  const auto def = target_.def ? target_.def : PlanTable(client, target_.catalog, *target_.create);
  auto state = duckdb::make_uniq<InsertState>(client, target_.catalog, def);
  state->checks = std::make_unique<RowChecks>(client, *state->def, target_.constraints);
  const auto types = TypesOf(*def);
  if (target_.return_rows) {
    state->returned = duckdb::make_uniq<duckdb::ColumnDataCollection>(client, types);
  }
  state->unsorted = target_.return_rows && !def->Keys().empty();
  if (WantsInline(*state) && !state->unsorted) {
    state->few = duckdb::make_uniq<duckdb::ColumnDataCollection>(client, types);
  }
  return duckdb::unique_ptr_cast<InsertState, duckdb::GlobalSinkState>(std::move(state));
}

duckdb::SinkResultType PondInsert::Sink(duckdb::ExecutionContext& /*context*/,
                                        duckdb::DataChunk& chunk,
                                        duckdb::OperatorSinkInput& input) const {
  auto& state = input.global_state.Cast<InsertState>();
  chunk.Flatten();
  state.checks->Check(chunk);
  state.rows += chunk.size();
  if (state.returned) state.returned->Append(chunk);
  if (state.unsorted) return duckdb::SinkResultType::NEED_MORE_INPUT;
  if (!state.writer && state.few) {
    state.few->Append(chunk);
    if (!IsFew(*state.few)) StartFiles(state);
    return duckdb::SinkResultType::NEED_MORE_INPUT;
  }
  if (!state.writer) StartFiles(state);
  state.writer->Append(chunk);
  return duckdb::SinkResultType::NEED_MORE_INPUT;
}

duckdb::SinkFinalizeType PondInsert::Finalize(duckdb::Pipeline& pipeline, duckdb::Event& /*event*/,
                                              duckdb::ClientContext& /*client*/,
                                              duckdb::OperatorSinkFinalizeInput& input) const {
  // DuckDB comes here too when a source failed before it made a task.
  if (pipeline.executor.HasError()) return duckdb::SinkFinalizeType::READY;
  auto& state = input.global_state.Cast<InsertState>();
  if (!target_.def) {
    auto& changes = state.transaction().Change(state.client);
    const Status status = MakeTable(changes, *state.def, target_.create->Base().on_conflict);
    if (!status.ok()) ThrowStoreStatus(status);
  }
  if (state.rows == 0) return duckdb::SinkFinalizeType::READY;
  if (state.unsorted) state.few = SortedByKey(state.client, *state.def, *state.returned);
  if (state.few) {
    if (!IsFew(*state.few) || !WantsInline(state) || !AddToLog(state)) StartFiles(state);
  }
  if (state.writer) AddFiles(state);
  if (!state.def->Keys().empty()) CheckKeys(state);
  return duckdb::SinkFinalizeType::READY;
}

duckdb::unique_ptr<duckdb::GlobalSourceState> PondInsert::GetGlobalSourceState(
    duckdb::ClientContext& /*client*/) const {
  return duckdb::make_uniq<InsertSource>();
}

duckdb::SourceResultType PondInsert::GetDataInternal(duckdb::ExecutionContext& /*context*/,
                                                     duckdb::DataChunk& chunk,
                                                     duckdb::OperatorSourceInput& input) const {
  auto& source = input.global_state.Cast<InsertSource>();
  auto& state = sink_state->Cast<InsertState>();
  if (!state.returned) {
    if (source.finished) return duckdb::SourceResultType::FINISHED;
    source.finished = true;
    chunk.SetCardinality(1);
    chunk.SetValue(0, 0, duckdb::Value::BIGINT(static_cast<int64_t>(state.rows)));
    return duckdb::SourceResultType::FINISHED;
  }
  if (!source.started) {
    state.returned->InitializeScan(source.scan);
    source.started = true;
  }
  state.returned->Scan(source.scan, chunk);
  return chunk.size() == 0 ? duckdb::SourceResultType::FINISHED
                           : duckdb::SourceResultType::HAVE_MORE_OUTPUT;
}

}  // namespace duckpond
