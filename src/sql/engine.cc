// SPDX-License-Identifier: MIT
#include "sql/duckdb_api.h"
// The line above comes first: it is the precompiled header.
#include "sql/engine.h"
#include "sql/engine_pond.h"
#include "sql/engine_state.h"

namespace duckpond {
namespace {

using duckdb::Value;

// Settings of one session that SQL from the network may still change.
constexpr const char* kOpenSettings[] = {"TimeZone", "Calendar", "default_order",
                                         "default_null_order"};

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
