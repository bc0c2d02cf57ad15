// SPDX-License-Identifier: MIT
#include "sql/duckdb_api.h"
// The line above comes first: it is the precompiled header.
#include "base/env.h"
#include "duckdb/main/query_profiler.hpp"
#include "duckdb/main/stream_query_result.hpp"
#include "sql/engine_pond.h"
#include "sql/engine_state.h"
#include "sql/result_stream.h"

namespace duckpond {
namespace {

uint64_t RowsScanned(duckdb::ProfilingNode& node) {
  auto& info = node.GetProfilingInfo();
  const auto found = info.metrics.find(duckdb::MetricType::OPERATOR_ROWS_SCANNED);
  uint64_t rows = found == info.metrics.end() ? 0 : found->second.GetValue<uint64_t>();
  for (duckdb::idx_t i = 0; i < node.GetChildCount(); ++i) rows += RowsScanned(*node.GetChild(i));
  return rows;
}

void TakeStatistics(QueryResult::State& state) {
  duckdb::ClientContext& context = *state.session->connection.context;
  state.statistics.elapsed_us = Env::Process().executor.NowUs() - state.started_us;
  state.statistics.cost = state.earlier.cost;
  state.statistics.rows_read = state.earlier.rows_read;
  state.statistics.cost += StatementCost(context);
  auto& profiler = duckdb::QueryProfiler::Get(context);
  if (!profiler.IsEnabled()) return;
  profiler.GetRootUnderLock([&state](duckdb::optional_ptr<duckdb::ProfilingNode> root) {
    if (root) state.statistics.rows_read += RowsScanned(*root);
  });
}

}  // namespace

QueryResult::QueryResult(std::unique_ptr<State> state) : state_(std::move(state)) {}

QueryResult::~QueryResult() {
  if (state_->finished || !state_->rows) return;
  // Its threads stop at their next chunk; the connection's next statement tidies up after them.
  state_->session->connection.Interrupt();
}

const std::vector<ResultColumn>& QueryResult::columns() const { return state_->columns; }
ResultKind QueryResult::kind() const { return state_->kind; }

Result<const ResultChunk*> QueryResult::Next() {
  State& state = *state_;
  state.chunk.reset();
  if (state.finished) return static_cast<const ResultChunk*>(nullptr);
  try {
    auto rows = state.rows->Fetch();
    if (state.rows->HasError()) return state.session->Fail(state.rows->GetErrorObject());
    if (rows && rows->size() > 0) {
      return &state.chunk.emplace(*state.session->connection.context, std::move(rows));
    }
  } catch (const std::exception& error) {
    return state.session->Fail(duckdb::ErrorData(error));
  }
  // DuckDB may end a stream that was interrupted as if it were complete. A statement that is not
  // streamed was complete before.
  const bool streamed = state.rows->type == duckdb::QueryResultType::STREAM_RESULT;
  if (streamed && state.context.cancel.cancelled()) {
    return Status::Cancelled("the statement was cancelled");
  }
  state.finished = true;
  state.on_cancel = {};
  TakeStatistics(state);
  return static_cast<const ResultChunk*>(nullptr);
}

ResultStatistics QueryResult::statistics() const {
  if (!state_->finished) TakeStatistics(*state_);
  return state_->statistics;
}

}  // namespace duckpond
