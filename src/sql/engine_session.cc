// SPDX-License-Identifier: MIT
#include "sql/duckdb_api.h"
// The line above comes first: it is the precompiled header.
#include "base/env.h"
#include "sql/answer_note.h"
#include "sql/commit_note.h"
#include "sql/engine_pond.h"
#include "sql/engine_session.h"
#include "sql/engine_state.h"
#include "sql/pond_transaction.h"

namespace duckpond {
namespace {

using duckdb::ErrorData;

// How often a statement that is a transaction of its own is run at most, when others are always
// faster.
constexpr int kRunsMax = 10;

void CountRows(duckdb::ClientContext& context, bool count) {
  auto& config = duckdb::ClientConfig::GetConfig(context);
  config.enable_profiler = count;
  config.emit_profiler_output = false;
  // Else what EXPLAIN ANALYZE may show.
  config.profiler_settings = duckdb::ClientConfig().profiler_settings;
  if (count) config.profiler_settings = {duckdb::MetricType::OPERATOR_ROWS_SCANNED};
}

// The values of the parameters that the statement has; DuckDB refuses more.
duckdb::case_insensitive_map_t<duckdb::BoundParameterData> Bound(
    const duckdb::SQLStatement& statement, const RunOptions& options) {
  duckdb::case_insensitive_map_t<duckdb::BoundParameterData> values;
  for (const auto& [name, text] : options.parameters) {
    if (statement.named_param_map.count(name) == 0) continue;
    values.emplace(name, duckdb::BoundParameterData(duckdb::Value(text)));
  }
  return values;
}

duckdb::unique_ptr<duckdb::PendingQueryResult> Plan(
    duckdb::Connection& connection, duckdb::unique_ptr<duckdb::SQLStatement> statement,
    const RunOptions& options) {
  // A change is never streamed, whatever is said here: what INSERT returns is shown once it is
  // committed.
  const auto output = duckdb::QueryResultOutputType::ALLOW_STREAMING;
  if (statement->named_param_map.empty()) {
    return connection.PendingQuery(std::move(statement), output);
  }
  auto values = Bound(*statement, options);
  return connection.PendingQuery(std::move(statement), values, output);
}

ResultKind KindOf(const duckdb::QueryResult& result) {
  switch (result.properties.return_type) {
    case duckdb::StatementReturnType::QUERY_RESULT:
      return ResultKind::kRows;
    case duckdb::StatementReturnType::CHANGED_ROWS:
      return ResultKind::kChanged;
    default:
      return ResultKind::kNothing;
  }
}

std::vector<ResultColumn> ColumnsOf(const duckdb::QueryResult& result) {
  std::vector<ResultColumn> columns;
  for (duckdb::idx_t i = 0; i < result.names.size(); ++i) {
    columns.push_back({result.names[i], result.types[i].ToString()});
  }
  return columns;
}

Result<std::unique_ptr<QueryResult>> RunOnce(Session::State& session, const Context& context,
                                             Statement::State& statement,
                                             const RunOptions& options) {
  auto result = std::make_unique<QueryResult::State>();
  result->session = &session;
  result->context = context;
  duckdb::Connection& connection = session.connection;
  try {
    session.guard->SetOnlyReads(options.only_reads);
    session.guard->CheckKind(*statement.parsed);
    const bool explains = statement.parsed->type == duckdb::StatementType::EXPLAIN_STATEMENT;
    CountRows(*connection.context, options.count_rows && !explains);
    ConnectionState::Of(*connection.context)->Ask(options.reading);
    CommitNote::Of(*connection.context)->on_idle = options.on_idle;
    if (options.on_idle) options.on_idle(false);
    result->on_cancel = context.cancel.OnCancel([&connection] { connection.Interrupt(); });
    auto pending = Plan(connection, std::move(statement.parsed), options);
    if (pending->HasError()) return session.Fail(pending->GetErrorObject());
    // DuckDB forgets an interrupt that came before it began to plan.
    if (context.cancel.cancelled()) connection.Interrupt();
    result->rows = pending->Execute();
    if (result->rows->HasError()) return session.Fail(result->rows->GetErrorObject());
    result->columns = ColumnsOf(*result->rows);
    result->kind = KindOf(*result->rows);
  } catch (const std::exception& error) {
    return session.Fail(ErrorData(error));
  }
  return std::make_unique<QueryResult>(std::move(result));
}

// Whether a statement that failed may be run again, since it lost a race for the log and nobody has
// seen an answer of it; then it is parsed again.
bool PrepareAnotherRun(Session::State& session, const Context& context,
                       Statement::State& statement) {
  if (!session.lost_race || !session.guard->repeatable() || context.cancel.cancelled())
    return false;
  try {
    auto parsed = session.connection.ExtractStatements(statement.text);
    if (parsed.size() != 1) return false;
    statement.parsed = std::move(parsed[0]);
  } catch (const std::exception&) {
    return false;  // Of a text that did parse: what is told is why it failed then.
  }
  ConnectionState::Of(*session.connection.context)->Repeat();
  return true;
}

}  // namespace

Statement::Statement(std::unique_ptr<State> state) : state_(std::move(state)) {}
Statement::Statement(Statement&&) noexcept = default;
Statement& Statement::operator=(Statement&&) noexcept = default;
Statement::~Statement() = default;

std::string Statement::text() const { return state_->text; }

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;

bool Session::in_transaction() const { return !state_->connection.IsAutoCommit(); }
Blame Session::blame() const { return state_->blame; }
Cost Session::cost() const { return StatementCost(*state_->connection.context); }
bool Session::has_committed() const {
  return CommitNote::Of(*state_->connection.context)->committed;
}
Version Session::version() const { return CommitNote::Of(*state_->connection.context)->version; }

std::optional<ReadVersion> Session::repeatable() const {
  return AnswerNote::Of(*state_->connection.context)->repeatable();
}

Result<ReadVersion> Session::Look(const Context& context, const ReadingOptions& reading) {
  duckdb::Connection& connection = state_->connection;
  duckdb::ClientContext& client = *connection.context;
  try {
    const auto note = AnswerNote::Of(client);
    note->Forget(/*wanted=*/true);
    ConnectionState::Of(client)->Ask(reading);
    const auto on_cancel = context.cancel.OnCancel([&connection] { connection.Interrupt(); });
    client.RunFunctionInTransaction([&client] {
      auto& catalog = duckdb::Catalog::GetCatalog(client, kPondCatalog);
      PondTransaction::Of(client, catalog).Base(client);
    });
    ConnectionState::Of(client)->Repeat();
    const auto read = note->read();
    if (!read) return Status::NotFound("there is no pond");
    return *read;
  } catch (const std::exception& error) {
    return state_->Fail(ErrorData(error));
  }
}

Result<std::vector<Statement>> Session::Parse(const std::string& sql) {
  CommitNote::Of(*state_->connection.context)->Forget();
  try {
    std::vector<Statement> statements;
    for (auto& parsed : state_->connection.ExtractStatements(sql)) {
      auto state = std::make_unique<Statement::State>();
      state->text = parsed->query.substr(parsed->stmt_location, parsed->stmt_length);
      state->parsed = std::move(parsed);
      statements.emplace_back(std::move(state));
    }
    return statements;
  } catch (const std::exception& error) {
    return state_->Fail(ErrorData(error));
  }
}

Result<std::unique_ptr<QueryResult>> Session::Run(Context context, Statement statement,
                                                  const RunOptions& options) {
  const MonotonicUs started_us = Env::Process().executor.NowUs();
  const bool own_transaction = state_->connection.IsAutoCommit();
  for (int runs = 1;; ++runs) {
    auto result = RunOnce(*state_, context, *statement.state_, options);
    if (result.ok()) (*result)->state().started_us = started_us;
    if (result.ok() || !own_transaction || runs == kRunsMax) return result;
    if (!PrepareAnotherRun(*state_, context, *statement.state_)) return result;
  }
}

Result<std::unique_ptr<QueryResult>> Session::RunAll(Context context, const std::string& sql,
                                                     const RunOptions& options) {
  ASSIGN_OR_RETURN(std::vector<Statement> statements, Parse(sql));
  AnswerNote::Of(*state_->connection.context)->Forget(options.note_answer);
  const MonotonicUs started_us = Env::Process().executor.NowUs();
  std::unique_ptr<QueryResult> last;
  ResultStatistics earlier;
  for (Statement& statement : statements) {
    while (last) {
      ASSIGN_OR_RETURN(const ResultChunk* rows, last->Next());
      if (!rows) break;
    }
    if (last) earlier = last->statistics();
    ASSIGN_OR_RETURN(last, Run(context, std::move(statement), options));
    last->state().earlier = earlier;
    last->state().started_us = started_us;
  }
  return last;
}

}  // namespace duckpond
