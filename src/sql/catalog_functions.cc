// SPDX-License-Identifier: MIT
#include "sql/catalog_functions.h"

#include "duckdb/parser/parsed_data/create_table_function_info.hpp"
#include "sql/function_rows.h"
#include "sql/pond_catalog.h"

namespace duckpond {
namespace {

using duckdb::FunctionData;

struct RowsBind final : public duckdb::TableFunctionData {
  RowsBind(PondCatalog& pond_catalog, const RowFunction& row_function,
           std::vector<duckdb::Value> function_arguments)
      : catalog(pond_catalog), function(row_function), arguments(std::move(function_arguments)) {}
  PondCatalog& catalog;
  const RowFunction& function;
  std::vector<duckdb::Value> arguments;
};

struct RowsState final : public duckdb::GlobalTableFunctionState {
  FunctionRows rows;
  size_t next = 0;
};

struct RowsInfo final : public duckdb::TableFunctionInfo {
  RowsInfo(PondCatalog& pond_catalog, const RowFunction& row_function)
      : catalog(pond_catalog), function(row_function) {}
  PondCatalog& catalog;
  const RowFunction& function;
};

duckdb::unique_ptr<FunctionData> Bind(duckdb::ClientContext& client,
                                      duckdb::TableFunctionBindInput& input,
                                      duckdb::vector<duckdb::LogicalType>& types,
                                      duckdb::vector<std::string>& names) {
  auto& info = input.info->Cast<RowsInfo>();
  for (auto& [name, type] : info.function.columns(client)) {
    names.push_back(name);
    types.push_back(type);
  }
  auto& properties = input.binder->GetStatementProperties();
  // Else DuckDB would run a prepared statement on a pond that was detached.
  if (info.function.use != RowFunction::Use::kNone) properties.RegisterDBRead(info.catalog, client);
  if (info.function.use == RowFunction::Use::kChanges) {
    properties.RegisterDBModify(info.catalog, client,
                                duckdb::DatabaseModificationType::ALTER_TABLE);
    // Committed when it returns, not when its answer has been read.
    properties.output_type = duckdb::QueryResultOutputType::FORCE_MATERIALIZED;
  }
  auto bind = duckdb::make_uniq<RowsBind>(
      info.catalog, info.function,
      std::vector<duckdb::Value>(input.inputs.begin(), input.inputs.end()));
  if (info.function.check) info.function.check({client, info.catalog, bind->arguments});
  return duckdb::unique_ptr_cast<RowsBind, FunctionData>(std::move(bind));
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> Init(duckdb::ClientContext& client,
                                                          duckdb::TableFunctionInitInput& input) {
  const auto& bind = input.bind_data->Cast<RowsBind>();
  auto state = duckdb::make_uniq<RowsState>();
  state->rows = bind.function.rows({client, bind.catalog, bind.arguments});
  return duckdb::unique_ptr_cast<RowsState, duckdb::GlobalTableFunctionState>(std::move(state));
}

void Emit(duckdb::ClientContext&, duckdb::TableFunctionInput& input, duckdb::DataChunk& output) {
  auto& state = input.global_state->Cast<RowsState>();
  duckdb::idx_t count = 0;
  while (count < STANDARD_VECTOR_SIZE && state.next < state.rows.size()) {
    const auto& row = state.rows[state.next++];
    for (size_t i = 0; i < row.size(); ++i) output.SetValue(i, count, row[i]);
    ++count;
  }
  output.SetCardinality(count);
}

}  // namespace

CatalogFunctions::CatalogFunctions(PondCatalog& catalog, duckdb::SchemaCatalogEntry& schema) {
  for (const RowFunction& function : RowFunctions()) {
    duckdb::TableFunction table_function(function.name, {}, Emit, Bind, Init);
    for (const auto& argument : function.arguments) table_function.arguments.push_back(argument);
    table_function.function_info = duckdb::make_shared_ptr<RowsInfo>(catalog, function);
    duckdb::CreateTableFunctionInfo info(std::move(table_function));
    info.schema = schema.name;
    info.internal = true;
    entries_[function.name] =
        std::make_unique<duckdb::TableFunctionCatalogEntry>(catalog, schema, info);
  }
}

CatalogFunctions::~CatalogFunctions() = default;

duckdb::optional_ptr<duckdb::CatalogEntry> CatalogFunctions::Find(const std::string& name) {
  const auto found = entries_.find(duckdb::StringUtil::Lower(name));
  return found == entries_.end() ? nullptr : found->second.get();
}

void CatalogFunctions::Scan(const std::function<void(duckdb::CatalogEntry&)>& callback) {
  for (auto& [name, entry] : entries_) callback(*entry);
}

}  // namespace duckpond
