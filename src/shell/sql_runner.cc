// SPDX-License-Identifier: MIT
#include "shell/sql_runner.h"

#include "shell/interrupt.h"

namespace duckpond {

ExitCode SqlRunner::Run(const std::string& sql, PrintWhich which) {
  InterruptScope interrupts;
  const Status status = RunStatements(interrupts.context(), sql, which);
  if (status.ok()) return ExitCode::kOk;
  printer_.Error(status);
  return ExitCodeOf(status, session_->blame());
}

Status SqlRunner::RunStatements(Context context, const std::string& sql, PrintWhich which) {
  ASSIGN_OR_RETURN(std::vector<Statement> statements, session_->Parse(sql));
  for (size_t i = 0; i < statements.size(); ++i) {
    auto result = session_->Run(context, std::move(statements[i]), {});
    if (!result.ok()) {
      Count(session_->cost());
      return result.error();
    }
    const bool shown = which == PrintWhich::kEach || i + 1 == statements.size();
    const Status done = shown ? printer_.Print(**result) : Drain(**result);
    Count(session_->cost());
    RETURN_IF_ERROR(done);
  }
  return Status::Ok();
}

Status SqlRunner::Drain(QueryResult& result) {
  while (true) {
    ASSIGN_OR_RETURN(const ResultChunk* rows, result.Next());
    if (!rows) return Status::Ok();
  }
}

// The statements of a session come one after the other, so their round trips add up.
void SqlRunner::Count(const Cost& cost) {
  cost_.gets += cost.gets;
  cost_.puts += cost.puts;
  cost_.deletes += cost.deletes;
  cost_.lists += cost.lists;
  cost_.round_trips += cost.round_trips;
  cost_.bytes_read += cost.bytes_read;
  cost_.bytes_written += cost.bytes_written;
  cost_.usd += cost.usd;
}

}  // namespace duckpond
