// SPDX-License-Identifier: MIT
#include "sql/table_scan.h"

#include <algorithm>
#include <atomic>

#include "duckdb/common/multi_file/multi_file_reader.hpp"
#include "duckdb/common/serializer/deserializer.hpp"
#include "duckdb/common/serializer/serializer.hpp"
#include "duckdb/function/partition_stats.hpp"
#include "duckdb/storage/statistics/node_statistics.hpp"
#include "duckdb/storage/table/row_group_reorderer.hpp"
#include "lake/key_probe.h"
#include "sql/connection_state.h"
#include "sql/entries.h"
#include "sql/errors.h"
#include "sql/parquet_types.h"
#include "sql/pond_catalog.h"
#include "sql/pond_transaction.h"
#include "sql/scan_columns.h"
#include "sql/scan_predicate.h"
#include "sql/scan_reader.h"
#include "sql/scan_units.h"
#include "sql/table_statistics.h"
#include "sql/types.h"

namespace duckpond {
namespace {

using duckdb::ClientContext;
using duckdb::FunctionData;
using duckdb::idx_t;
using duckdb::optional_ptr;

struct ScanBind final : public duckdb::TableFunctionData {
  ScanBind(PondTableEntry& table, CatalogPtr past_catalog)
      : entry(table),
        held(table.shared_from_this()),
        def(table.def()),
        past(std::move(past_catalog)) {}

  duckdb::unique_ptr<FunctionData> Copy() const override {
    auto copy = duckdb::make_uniq<ScanBind>(entry, past);
    copy->planned = planned;
    copy->order = order;
    for (const auto& expression : pruning) copy->pruning.push_back(expression->Copy());
    return duckdb::unique_ptr_cast<ScanBind, FunctionData>(std::move(copy));
  }
  bool Equals(const FunctionData& other_data) const override {
    const auto& other = other_data.Cast<ScanBind>();
    return def == other.def && past == other.past && order == other.order &&
           duckdb::Expression::ListEquals(pruning, other.pruning);
  }

  // The table as the client's transaction sees it.
  TablePtr Find(ClientContext& client) const {
    const CatalogPtr view =
        past ? past : PondTransaction::Of(client, entry.pond_catalog()).View(client);
    TablePtr table = view->FindTable(def->id);
    return table ? table : planned;
  }

  PondTableEntry& entry;
  std::shared_ptr<const PondTableEntry> held;  // A prepared statement outlives its transaction.
  std::shared_ptr<const TableDef> def;
  CatalogPtr past;
  // As it was when the statement was planned: what CREATE OR REPLACE TABLE t AS … FROM t reads.
  TablePtr planned;
  // What an ORDER BY … LIMIT wants first.
  std::optional<ScanOrder> order;
  // Filters that may prune, over the table's columns by their place.
  duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> pruning;
};

struct GlobalScan final : public duckdb::GlobalTableFunctionState {
  explicit GlobalScan(std::unique_ptr<ScanReader> scan_reader) : reader(std::move(scan_reader)) {}
  idx_t MaxThreads() const override { return std::max<idx_t>(reader->units().size(), 1); }
  std::unique_ptr<ScanReader> reader;
};

struct LocalScan final : public duckdb::LocalTableFunctionState {
  explicit LocalScan(std::unique_ptr<ScanReader::Worker> scan_worker)
      : worker(std::move(scan_worker)) {}
  std::unique_ptr<ScanReader::Worker> worker;
};

Predicate PruningOf(ClientContext& client, const ScanBind& bind, const ScanColumns& columns) {
  Predicate all = columns.FilterPredicate(*bind.def);
  for (const auto& expression : bind.pruning) {
    all.children.push_back(ToPredicate(client, *expression, *bind.def));
  }
  return all;
}

// Leaves out files that lack the keys which the predicate fixes, if it pays to ask.
void ProbeKeys(ClientContext& client, const std::shared_ptr<CostLedger>& ledger, Pond& pond,
               const Predicate& predicate, const TableDef& def, ScanUnits& units) {
  auto probe = KeyProbeOf(predicate, def);
  if (!probe || units.files.size() <= probe->keys.size()) return;
  const ReadPrice price = PriceOfReads(pond.store().traits());
  if (!ProbePays(price, *probe, CostOfFiles(units))) return;
  const auto may_have = RunTask(client, [&](Context context) {
    context.ledger = ledger;
    return MayHaveKeys(HashListsOf(pond), std::move(context), *probe, units.files);
  });
  if (!may_have.ok()) ThrowStoreStatus(may_have.error());
  KeepFiles(*may_have, units);
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> InitGlobal(
    ClientContext& client, duckdb::TableFunctionInitInput& input) {
  const auto& bind = input.bind_data->Cast<ScanBind>();
  ScanColumns columns(*bind.def, input);
  const TablePtr table = bind.Find(client);
  const auto ledger = OperatorLedger(client);
  const auto read = [&](const FileList::Wanted& wanted) {
    return StoredValueOrThrow(RunTask(client, [&](Context context) {
      context.ledger = ledger;
      return table->files.Some(std::move(context), wanted);
    }));
  };
  const Predicate predicate = PruningOf(client, bind, columns);
  ScanUnits units = PlanScan(*table, predicate, read);
  if (!columns.only_counts()) {
    ProbeKeys(client, ledger, *bind.entry.pond_catalog().pond(), predicate, *bind.def, units);
  }
  if (bind.order) Reorder(*bind.def, *bind.order, units);
  return duckdb::make_uniq<GlobalScan>(
      std::make_unique<ScanReader>(client, ledger, bind.entry.pond_catalog().pond(), bind.def,
                                   std::move(columns), std::move(units)));
}

duckdb::unique_ptr<duckdb::LocalTableFunctionState> InitLocal(
    duckdb::ExecutionContext& context, duckdb::TableFunctionInitInput&,
    duckdb::GlobalTableFunctionState* global) {
  auto worker = global->Cast<GlobalScan>().reader->NewWorker(context.client);
  return duckdb::make_uniq<LocalScan>(std::move(worker));
}

void Scan(ClientContext& client, duckdb::TableFunctionInput& input, duckdb::DataChunk& output) {
  input.local_state->Cast<LocalScan>().worker->Next(client, output);
}

duckdb::OperatorPartitionData PartitionData(ClientContext&,
                                            duckdb::TableFunctionGetPartitionInput& input) {
  return duckdb::OperatorPartitionData(input.local_state->Cast<LocalScan>().worker->unit());
}

// Column references as the planner numbers them become places in the table.
bool ReferToPlaces(const duckdb::LogicalGet& get, duckdb::unique_ptr<duckdb::Expression>& node) {
  if (node->GetExpressionClass() == duckdb::ExpressionClass::BOUND_COLUMN_REF) {
    const auto& reference = node->Cast<duckdb::BoundColumnRefExpression>();
    const auto& columns = get.GetColumnIds();
    if (reference.depth > 0 || reference.binding.table_index != get.table_index ||
        reference.binding.column_index >= columns.size()) {
      return false;
    }
    const auto& column = columns[reference.binding.column_index];
    if (column.HasChildren()) return false;
    node = duckdb::make_uniq<duckdb::BoundReferenceExpression>(node->return_type,
                                                               column.GetPrimaryIndex());
    return true;
  }
  bool all = node->GetExpressionClass() != duckdb::ExpressionClass::BOUND_SUBQUERY;
  duckdb::ExpressionIterator::EnumerateChildren(*node,
                                                [&](duckdb::unique_ptr<duckdb::Expression>& child) {
                                                  all = ReferToPlaces(get, child) && all;
                                                });
  return all;
}

void KeepFilters(ClientContext&, duckdb::LogicalGet& get, FunctionData* bind_data,
                 duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& filters) {
  auto& bind = bind_data->Cast<ScanBind>();
  for (const auto& filter : filters) {
    auto copy = filter->Copy();
    if (ReferToPlaces(get, copy)) bind.pruning.push_back(std::move(copy));
  }
}

// The Parquet reader and RowFilter evaluate any expression over one column.
bool TakesExpression(ClientContext&, const duckdb::LogicalGet&, duckdb::Expression&) {
  return true;
}

duckdb::unique_ptr<duckdb::NodeStatistics> Cardinality(ClientContext& client,
                                                       const FunctionData* bind_data) {
  const TablePtr table = bind_data->Cast<ScanBind>().Find(client);
  return duckdb::make_uniq<duckdb::NodeStatistics>(table->rows, table->rows);
}

duckdb::vector<duckdb::PartitionStatistics> Partitions(ClientContext& client,
                                                       duckdb::GetPartitionStatsInput& input) {
  return {PartitionOf(input.bind_data->Cast<ScanBind>().Find(client))};
}

duckdb::unique_ptr<duckdb::BaseStatistics> Statistics(ClientContext& client,
                                                      const FunctionData* bind_data,
                                                      duckdb::column_t column) {
  const auto& bind = bind_data->Cast<ScanBind>();
  if (column >= bind.def->columns.size()) return nullptr;
  return StatisticsOf(*bind.Find(client), column);
}

// Told by ORDER BY … LIMIT of one column. A part of the rows that an OFFSET leaves out is never all
// of a table with rows behind it, and a table is one partition: there is no offset of partitions.
void SetScanOrder(duckdb::unique_ptr<duckdb::RowGroupOrderOptions> options,
                  optional_ptr<FunctionData> bind_data) {
  auto& bind = bind_data->Cast<ScanBind>();
  const size_t place = options->column_idx.GetPrimaryIndex();
  if (options->column_idx.HasChildren() || place >= bind.def->columns.size()) return;
  bind.order = ScanOrder{bind.def->columns[place].field_id,
                         options->order_by == duckdb::OrderByStatistics::MAX};
}

duckdb::BindInfo TableOf(const optional_ptr<FunctionData> bind_data) {
  return duckdb::BindInfo(bind_data->Cast<ScanBind>().entry);
}

// What tells one scan from another: DuckDB reads a part of a plan once that is there twice, and
// compares by what is written here. Addresses are good enough, as nothing is read back.
void WriteIdentity(duckdb::Serializer& serializer, const optional_ptr<FunctionData> bind_data,
                   const duckdb::TableFunction&) {
  const auto& bind = bind_data->Cast<ScanBind>();
  serializer.WriteProperty(100, "def", reinterpret_cast<uint64_t>(bind.def.get()));
  serializer.WriteProperty(101, "past", reinterpret_cast<uint64_t>(bind.past.get()));
  serializer.WriteProperty(102, "entry", reinterpret_cast<uint64_t>(&bind.entry));
  serializer.WriteProperty(103, "pruning", bind.pruning);
}

// The error that `PRAGMA enable_verification` takes for "go on with the plan as it is".
duckdb::unique_ptr<FunctionData> ReadIdentity(duckdb::Deserializer&, duckdb::TableFunction&) {
  throw duckdb::NotImplementedException("a plan with a pond's tables cannot be read back");
}

duckdb::unique_ptr<FunctionData> RefuseCall(ClientContext&, duckdb::TableFunctionBindInput&,
                                            duckdb::vector<duckdb::LogicalType>&,
                                            duckdb::vector<std::string>&) {
  throw duckdb::BinderException("duckpond_scan() is not for calling: name the table in FROM");
}

duckdb::InsertionOrderPreservingMap<std::string> Describe(
    duckdb::TableFunctionToStringInput& input) {
  duckdb::InsertionOrderPreservingMap<std::string> result;
  result["Table"] = input.bind_data->Cast<ScanBind>().def->name;
  return result;
}

duckdb::InsertionOrderPreservingMap<std::string> DescribeWork(
    duckdb::TableFunctionDynamicToStringInput& input) {
  duckdb::InsertionOrderPreservingMap<std::string> result;
  if (!input.global_state) return result;
  const ScanReader& reader = *input.global_state->Cast<GlobalScan>().reader;
  const ScanUnits& units = reader.units_plan();
  result["Files"] = std::to_string(units.files.size());
  result["Inline"] = std::to_string(units.inline_rows.size());
  const uint64_t groups = units.units.size() - units.inline_rows.size();
  result["Row Groups"] = std::to_string(groups - reader.groups_dropped()) + " of " +
                         std::to_string(groups + units.groups_skipped);
  Describe(reader.cost(), result);
  return result;
}

double Progress(ClientContext&, const FunctionData*,
                const duckdb::GlobalTableFunctionState* global) {
  return global->Cast<GlobalScan>().reader->progress_percent();
}

idx_t RowsScanned(duckdb::GlobalTableFunctionState&, duckdb::LocalTableFunctionState& local) {
  return local.Cast<LocalScan>().worker->rows_scanned();
}

duckdb::virtual_column_map_t VirtualColumns(ClientContext&, optional_ptr<FunctionData>) {
  return TableScanVirtualColumns();
}

duckdb::vector<duckdb::column_t> RowIdColumns(ClientContext&, optional_ptr<FunctionData>) {
  return {duckdb::COLUMN_IDENTIFIER_ROW_ID};
}

}  // namespace

duckdb::virtual_column_map_t TableScanVirtualColumns() {
  using duckdb::LogicalType;
  using duckdb::MultiFileReader;
  using duckdb::TableColumn;
  duckdb::virtual_column_map_t columns;
  columns.emplace(duckdb::COLUMN_IDENTIFIER_ROW_ID, TableColumn("rowid", LogicalType::ROW_TYPE));
  columns.emplace(duckdb::COLUMN_IDENTIFIER_EMPTY, TableColumn("", LogicalType::BOOLEAN));
  columns.emplace(MultiFileReader::COLUMN_IDENTIFIER_FILENAME,
                  TableColumn("filename", LogicalType::VARCHAR));
  columns.emplace(MultiFileReader::COLUMN_IDENTIFIER_FILE_INDEX,
                  TableColumn("file_index", LogicalType::UBIGINT));
  columns.emplace(MultiFileReader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER,
                  TableColumn("file_row_number", LogicalType::BIGINT));
  return columns;
}

void RegisterTableScan(duckdb::ExtensionLoader& loader) {
  duckdb::TableFunction function(kTableScanName, {}, Scan, RefuseCall);
  function.serialize = WriteIdentity;
  function.deserialize = ReadIdentity;
  loader.RegisterFunction(function);
}

duckdb::TableFunction MakeTableScan(ClientContext& client, PondTableEntry& table, CatalogPtr past,
                                    duckdb::unique_ptr<FunctionData>& bind_data) {
  auto bind = duckdb::make_uniq<ScanBind>(table, std::move(past));
  bind->planned = bind->Find(client);
  if (!bind->planned) {
    ThrowStatus(Status::NotFound("table \"" + table.def()->name + "\" is not there"));
  }
  bind_data = std::move(bind);
  duckdb::TableFunction function(kTableScanName, {}, Scan, nullptr, InitGlobal, InitLocal);
  function.projection_pushdown = true;
  function.filter_pushdown = true;
  function.filter_prune = true;
  function.late_materialization = false;
  function.serialize = WriteIdentity;
  function.deserialize = ReadIdentity;
  function.pushdown_complex_filter = KeepFilters;
  function.pushdown_expression = TakesExpression;
  function.cardinality = Cardinality;
  function.get_partition_stats = Partitions;
  function.statistics = Statistics;
  function.get_partition_data = PartitionData;
  function.get_bind_info = TableOf;
  function.set_scan_order = SetScanOrder;
  function.to_string = Describe;
  function.dynamic_to_string = DescribeWork;
  function.table_scan_progress = Progress;
  function.rows_scanned = RowsScanned;
  function.get_virtual_columns = VirtualColumns;
  function.get_row_id_columns = RowIdColumns;
  return function;
}

}  // namespace duckpond
