// SPDX-License-Identifier: MIT
#include "shell/sql_runner.h"

#include "shell/interrupt.h"

namespace duckpond {

ExitCode SqlRunner::Run(const std::string& sql, PrintWhich which) {
  InterruptScope interrupts;
  return Tell(RunStatements(interrupts.context(), sql, which));
}

ExitCode SqlRunner::RunForText(const std::string& sql) {
  InterruptScope interrupts;
  const Status status = PrintTexts(interrupts.context(), sql);
  cost_ += session_->cost();
  return Tell(status);
}

// Says what failed, and how the program would end with that.
ExitCode SqlRunner::Tell(const Status& status) {
  if (const Status& written = printer_.written(); !written.ok()) {
    printer_.Error(written);
    return ExitCode::kStorage;
  }
  if (status.ok()) return ExitCode::kOk;
  printer_.Error(status);
  const ExitCode code = ExitCodeOf(status, session_->blame());
  // "Run it again" is for a program that changed nothing: this one would do the rest twice.
  return code == ExitCode::kConflict && committed_ ? ExitCode::kUnknown : code;
}

Status SqlRunner::RunStatements(Context context, const std::string& sql, PrintWhich which) {
  ASSIGN_OR_RETURN(std::vector<Statement> statements, session_->Parse(sql));
  for (size_t i = 0; i < statements.size(); ++i) {
    auto result = session_->Run(context, std::move(statements[i]), {});
    committed_ = committed_ || session_->has_committed();
    if (!result.ok()) {
      cost_ += session_->cost();
      return result.error();
    }
    const bool shown = which == PrintWhich::kEach || i + 1 == statements.size();
    const Status done = shown ? printer_.Print(**result) : Drain(**result);
    cost_ += session_->cost();
    RETURN_IF_ERROR(done);
  }
  return Status::Ok();
}

Status SqlRunner::PrintTexts(Context context, const std::string& sql) {
  ASSIGN_OR_RETURN(const auto result, session_->RunAll(std::move(context), sql, {}));
  while (true) {
    ASSIGN_OR_RETURN(const ResultChunk* rows, result->Next());
    if (!rows) break;
    for (size_t row = 0; row < rows->rows(); ++row) {
      std::string text;
      rows->AppendText(0, row, text);
      printer_.Text(text + "\n");
    }
  }
  return Status::Ok();
}

Status SqlRunner::Drain(QueryResult& result) {
  while (true) {
    ASSIGN_OR_RETURN(const ResultChunk* rows, result.Next());
    if (!rows) return Status::Ok();
  }
}

}  // namespace duckpond
