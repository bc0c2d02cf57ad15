// SPDX-License-Identifier: MIT
//
// engine_state: what is behind Engine, Session, Statement and QueryResult, for the files of this
// module that see DuckDB.
//
// Lifetime:  Session::State holds its engine; QueryResult::State borrows the Session::State.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "sql/connection_state.h"
#include "sql/duckdb_api.h"
#include "sql/engine.h"
#include "sql/engine_errors.h"
#include "sql/engine_guard.h"
#include "sql/result_rows.h"

namespace duckpond {

struct Engine::State {
  EngineOptions options;
  duckdb::DuckDB database;
  State(EngineOptions o, duckdb::DBConfig* config)
      : options(std::move(o)), database(nullptr, config) {}
};

struct Statement::State {
  duckdb::unique_ptr<duckdb::SQLStatement> parsed;
  std::string text;
};

struct Session::State {
  std::shared_ptr<Engine::State> engine;
  duckdb::Connection connection;
  duckdb::shared_ptr<StatementGuard> guard;
  Blame blame = Blame::kStatement;
  bool lost_race = false;  // The last failure was that of a commit, to somebody else's.

  explicit State(std::shared_ptr<Engine::State> e)
      : engine(std::move(e)), connection(engine->database) {}

  // Remembers whose fault it is and gives the Status.
  Status Fail(const duckdb::ErrorData& error) {
    const Status commit = ConnectionState::Of(*connection.context)->TakeFailedCommit();
    EngineFailure failure = commit.ok() ? FailureOf(error) : FailureOfCommit(error, commit);
    blame = failure.blame;
    lost_race = commit.code() == StatusCode::kConflict;
    return std::move(failure.status);
  }
};

struct QueryResult::State {
  Session::State* session = nullptr;
  Context context;
  CancelToken::Registration on_cancel;
  duckdb::unique_ptr<duckdb::QueryResult> rows;
  std::vector<ResultColumn> columns;
  ResultKind kind = ResultKind::kRows;
  bool finished = false;
  std::optional<DuckdbChunk> chunk;
  // Of this statement, or of the first that RunAll ran.
  MonotonicUs started_us = 0;
  ResultStatistics earlier;  // Cost and rows of the statements that RunAll ran before.
  ResultStatistics statistics;
};

}  // namespace duckpond
