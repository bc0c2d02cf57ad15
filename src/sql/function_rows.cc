// SPDX-License-Identifier: MIT
#include "sql/function_rows.h"

#include <map>

#include "sql/connection_state.h"
#include "sql/errors.h"
#include "sql/pond_catalog.h"
#include "sql/pond_transaction.h"

namespace duckpond {
namespace {

using duckdb::LogicalType;
using duckdb::Value;
using Call = RowFunction::Call;
using Columns = RowFunction::Columns;

Value Text(const std::string& text) {
  return text.empty() ? Value(LogicalType::VARCHAR) : Value(text);
}

Value UuidValue(const Uuid& id) { return Value::UUID(id.ToString()); }

CatalogPtr View(const Call& call) {
  return PondTransaction::Of(call.client, call.catalog).View(call.client);
}

Columns SnapshotColumns(duckdb::ClientContext&) {
  return {{"snapshot_id", LogicalType::UBIGINT},
          {"snapshot_time", LogicalType::TIMESTAMP_TZ},
          {"changes", LogicalType::MAP(LogicalType::VARCHAR, LogicalType::UBIGINT)},
          {"author", LogicalType::VARCHAR},
          {"commit_message", LogicalType::VARCHAR},
          {"writer", LogicalType::VARCHAR}};
}

Value ChangesOf(const CommitRecord& commit) {
  std::map<std::string, uint64_t> counts;
  for (const Event& event : commit.events) ++counts[event.name];
  duckdb::vector<Value> names;
  duckdb::vector<Value> numbers;
  for (const auto& [name, count] : counts) {
    names.emplace_back(name);
    numbers.push_back(Value::UBIGINT(count));
  }
  return Value::MAP(LogicalType::VARCHAR, LogicalType::UBIGINT, std::move(names),
                    std::move(numbers));
}

FunctionRows Snapshots(const Call& call) {
  FunctionRows rows;
  const auto commits = PondTransaction::Of(call.client, call.catalog).History(call.client);
  for (const CommitRecord& commit : commits) {
    rows.push_back({Value::UBIGINT(commit.version),
                    Value::TIMESTAMPTZ(duckdb::timestamp_tz_t(commit.time_us)), ChangesOf(commit),
                    Text(commit.author), Text(commit.message), Text(commit.writer)});
  }
  return rows;
}

Columns FileColumns(duckdb::ClientContext&) {
  return {{"path", LogicalType::VARCHAR},         {"bytes", LogicalType::UBIGINT},
          {"footer_bytes", LogicalType::UBIGINT}, {"row_count", LogicalType::UBIGINT},
          {"first_row_id", LogicalType::UBIGINT}, {"row_groups", LogicalType::UBIGINT},
          {"format", LogicalType::VARCHAR}};
}

// "table", "schema.table" or "pond.schema.table"; null if it is not there.
TablePtr FindTable(const Call& call) {
  const auto name = duckdb::QualifiedName::Parse(call.arguments[0].ToString());
  const std::string& pond = call.catalog.GetName();
  if (!name.catalog.empty() && FoldName(name.catalog) != FoldName(pond)) return nullptr;
  return View(call)->FindTable(name.schema.empty() ? "main" : name.schema, name.name);
}

void CheckTable(const Call& call) {
  if (call.arguments[0].IsNull()) ThrowStatus(Status::Invalid("list_files() takes no NULL"));
  if (FindTable(call)) return;
  ThrowStatus(Status::NotFound("there is no table \"" + call.arguments[0].ToString() + "\" in \"" +
                               call.catalog.GetName() + "\""));
}

FunctionRows ListFiles(const Call& call) {
  const TablePtr table = FindTable(call);
  if (!table) ThrowStatus(Status::Invalid("the table of list_files() is not there any more"));
  FunctionRows rows;
  const auto files = StoredValueOrThrow(
      RunTask(call.client, [&](Context context) { return table->files.All(std::move(context)); }));
  for (const DataFilePtr& file : files) {
    rows.push_back({Value(file->path), Value::UBIGINT(file->bytes),
                    Value::UBIGINT(file->footer_bytes), Value::UBIGINT(file->rows),
                    Value::UBIGINT(file->first_row_id), Value::UBIGINT(file->row_groups.size()),
                    Value(file->format)});
  }
  return rows;
}

Columns TableColumns(duckdb::ClientContext&) {
  return {{"schema_name", LogicalType::VARCHAR}, {"table_name", LogicalType::VARCHAR},
          {"table_uuid", LogicalType::UUID},     {"row_count", LogicalType::UBIGINT},
          {"file_count", LogicalType::UBIGINT},  {"file_size_bytes", LogicalType::UBIGINT},
          {"inline_rows", LogicalType::UBIGINT}, {"inline_bytes", LogicalType::UBIGINT}};
}

FunctionRows TableInfo(const Call& call) {
  FunctionRows rows;
  for (const auto& [folded_schema, schema] : View(call)->schemas) {
    for (const auto& [folded, table] : schema->tables) {
      uint64_t inline_rows = 0;
      for (const InlineRowsPtr& part : table->inline_rows) inline_rows += part->rows;
      rows.push_back({Value(schema->def.name), Value(table->def->name), UuidValue(table->def->id),
                      Value::UBIGINT(table->rows), Value::UBIGINT(table->files.size()),
                      Value::UBIGINT(table->files.bytes()), Value::UBIGINT(inline_rows),
                      Value::UBIGINT(table->inline_bytes)});
    }
  }
  return rows;
}

Columns OptionColumns(duckdb::ClientContext&) {
  return {{"option_name", LogicalType::VARCHAR},
          {"value", LogicalType::VARCHAR},
          {"scope", LogicalType::VARCHAR}};
}

FunctionRows Options(const Call& call) {
  FunctionRows rows;
  for (const auto& [name, value] : View(call)->options) {
    rows.push_back({Value(name), Value(value), Value("pond")});
  }
  return rows;
}

Columns SuccessColumns(duckdb::ClientContext&) { return {{"success", LogicalType::BOOLEAN}}; }

FunctionRows SetOption(const Call& call) {
  auto& changes = PondTransaction::Of(call.client, call.catalog).Change(call.client);
  ThrowIfError(changes.SetOption(duckdb::StringUtil::Lower(call.arguments[0].ToString()),
                                 call.arguments[1].ToString()));
  return {{Value::BOOLEAN(true)}};
}

Columns CostColumns(duckdb::ClientContext&) {
  return {{"gets", LogicalType::UBIGINT},          {"puts", LogicalType::UBIGINT},
          {"deletes", LogicalType::UBIGINT},       {"lists", LogicalType::UBIGINT},
          {"round_trips", LogicalType::UBIGINT},   {"bytes_read", LogicalType::UBIGINT},
          {"bytes_written", LogicalType::UBIGINT}, {"usd", LogicalType::DOUBLE}};
}

FunctionRows RowOf(const Cost& cost) {
  return {{Value::UBIGINT(cost.gets), Value::UBIGINT(cost.puts), Value::UBIGINT(cost.deletes),
           Value::UBIGINT(cost.lists), Value::UBIGINT(cost.round_trips),
           Value::UBIGINT(cost.bytes_read), Value::UBIGINT(cost.bytes_written),
           Value::DOUBLE(cost.usd)}};
}

FunctionRows LastCost(const Call& call) {
  return RowOf(ConnectionState::Of(call.client)->previous());
}

FunctionRows SessionCost(const Call& call) {
  return RowOf(ConnectionState::Of(call.client)->session());
}

FunctionRows PondCost(const Call& call) { return RowOf(call.catalog.attachment().ledger->Total()); }

}  // namespace

const std::vector<RowFunction>& RowFunctions() {
  static const auto* functions = new std::vector<RowFunction>{
      {"log", {}, LogColumns, LogRows},
      {"snapshots", {}, SnapshotColumns, Snapshots},
      {"list_files",
       {LogicalType::VARCHAR},
       FileColumns,
       ListFiles,
       RowFunction::Use::kReads,
       CheckTable},
      {"table_info", {}, TableColumns, TableInfo},
      {"options", {}, OptionColumns, Options},
      {"set_option",
       {LogicalType::VARCHAR, LogicalType::ANY},
       SuccessColumns,
       SetOption,
       RowFunction::Use::kChanges},
      {"cost", {}, CostColumns, LastCost, RowFunction::Use::kNone},
      {"session_cost", {}, CostColumns, SessionCost, RowFunction::Use::kNone},
      {"pond_cost", {}, CostColumns, PondCost, RowFunction::Use::kNone},
  };
  return *functions;
}

}  // namespace duckpond
