// SPDX-License-Identifier: MIT
#include "sql/duckdb_api.h"
// The line above comes first: it is the precompiled header.
#include "duckdb/parser/parsed_data/drop_info.hpp"
#include "sql/engine.h"
#include "sql/engine_pond.h"
#include "sql/engine_state.h"

namespace duckpond {
namespace {

using duckdb::Value;

// Settings of one session that SQL from the network may still change.
constexpr const char* kOpenSettings[] = {
    "TimeZone",          "Calendar", "default_order", "default_null_order", "duckpond_consistency",
    "duckpond_freshness"};

// Functions that change the whole instance, or show one client what another has sent. A change of
// DuckDB's log to a file, for one, would throw where nobody catches; txid_current knows DuckDB's
// own transactions only, and ends the instance where it meets another.
struct InstanceFunction {
  duckdb::CatalogType type;
  const char* name;
};
constexpr InstanceFunction kInstanceFunctions[] = {
    {duckdb::CatalogType::TABLE_FUNCTION_ENTRY, "enable_logging"},
    {duckdb::CatalogType::TABLE_FUNCTION_ENTRY, "disable_logging"},
    {duckdb::CatalogType::TABLE_FUNCTION_ENTRY, "duckdb_logs"},
    {duckdb::CatalogType::TABLE_FUNCTION_ENTRY, "duckdb_log_contexts"},
    {duckdb::CatalogType::TABLE_FUNCTION_ENTRY, "truncate_duckdb_logs"},
    {duckdb::CatalogType::TABLE_FUNCTION_ENTRY, "enable_profiling"},
    {duckdb::CatalogType::TABLE_FUNCTION_ENTRY, "disable_profiling"},
    {duckdb::CatalogType::TABLE_FUNCTION_ENTRY, "enable_peg_parser"},
    {duckdb::CatalogType::TABLE_FUNCTION_ENTRY, "disable_peg_parser"},
    {duckdb::CatalogType::TABLE_FUNCTION_ENTRY, "checkpoint"},
    {duckdb::CatalogType::TABLE_FUNCTION_ENTRY, "force_checkpoint"},
    {duckdb::CatalogType::TABLE_FUNCTION_ENTRY, "arrow_scan"},
    {duckdb::CatalogType::TABLE_FUNCTION_ENTRY, "arrow_scan_dumb"},
    {duckdb::CatalogType::SCALAR_FUNCTION_ENTRY, "write_log"},
    {duckdb::CatalogType::SCALAR_FUNCTION_ENTRY, "txid_current"},
    {duckdb::CatalogType::PRAGMA_FUNCTION_ENTRY, "add_parquet_key"},
    {duckdb::CatalogType::PRAGMA_FUNCTION_ENTRY, "copy_database"},
    {duckdb::CatalogType::PRAGMA_FUNCTION_ENTRY, "import_database"},
    {duckdb::CatalogType::PRAGMA_FUNCTION_ENTRY, "force_checkpoint"},
    {duckdb::CatalogType::PRAGMA_FUNCTION_ENTRY, "enable_checkpoint_on_shutdown"},
    {duckdb::CatalogType::PRAGMA_FUNCTION_ENTRY, "disable_checkpoint_on_shutdown"},
};

void DropInstanceFunctions(duckdb::Connection& connection) {
  duckdb::ClientContext& context = *connection.context;
  context.RunFunctionInTransaction([&context] {
    for (const InstanceFunction& function : kInstanceFunctions) {
      duckdb::DropInfo drop;
      drop.type = function.type;
      drop.schema = DEFAULT_SCHEMA;
      drop.name = function.name;
      drop.if_not_found = duckdb::OnEntryNotFound::RETURN_NULL;
      drop.allow_drop_internal = true;
      duckdb::Catalog::GetSystemCatalog(context).DropEntry(context, drop);
    }
  });
}

void SetBounds(const EngineOptions& options, duckdb::DBConfig& config) {
  if (options.memory_bytes_max > 0) {
    config.SetOptionByName("memory_limit", Value(std::to_string(options.memory_bytes_max) + "B"));
  }
  if (options.threads > 0) config.SetOptionByName("threads", Value::INTEGER(options.threads));
  if (!options.sandbox) return;
  config.SetOptionByName("autoinstall_known_extensions", Value::BOOLEAN(false));
  config.SetOptionByName("autoload_known_extensions", Value::BOOLEAN(false));
  config.SetOptionByName("allow_persistent_secrets", Value::BOOLEAN(false));
  config.SetOptionByName("temp_directory", Value(""));
}

// Closes the doors once the pond is attached; nothing opens them again.
void LockSandbox(duckdb::DuckDB& database) {
  duckdb::Connection connection(database);
  DropInstanceFunctions(connection);
  std::string open;
  for (const char* name : kOpenSettings)
    open += (open.empty() ? "'" : ", '") + std::string(name) + "'";
  for (const std::string& sql :
       {std::string("SET enable_external_access = false"), "SET allowed_configs = [" + open + "]",
        std::string("SET lock_configuration = true")}) {
    auto done = connection.Query(sql);
    if (done->HasError()) done->ThrowError();
  }
}

}  // namespace

Engine::Engine(std::shared_ptr<State> state) : state_(std::move(state)) {}
Engine::~Engine() = default;

Result<std::shared_ptr<Engine>> Engine::Open(const EngineOptions& options) {
  try {
    duckdb::DBConfig config;
    SetBounds(options, config);
    auto state = std::make_shared<State>(options, &config);
    AttachPond(state->database, options);
    if (options.sandbox) LockSandbox(state->database);
    return std::make_shared<Engine>(std::move(state));
  } catch (const std::exception& error) {
    return FailureOf(duckdb::ErrorData(error)).status;
  }
}

const Consistency& Engine::consistency() const { return state_->options.consistency; }

Result<std::unique_ptr<Session>> Engine::Connect() {
  try {
    auto session = std::make_unique<Session::State>(state_);
    session->guard = duckdb::make_shared_ptr<StatementGuard>(state_->options.sandbox);
    session->connection.context->registered_state->Insert("duckpond_guard", session->guard);
    return std::make_unique<Session>(std::move(session));
  } catch (const std::exception& error) {
    return FailureOf(duckdb::ErrorData(error)).status;
  }
}

}  // namespace duckpond
