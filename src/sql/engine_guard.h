// SPDX-License-Identifier: MIT
//
// StatementGuard: looks at each statement after it is planned and before it runs, and refuses what
// its session may not do: any change where only reads are wanted, and in the sandbox whatever
// reaches out of the pond or would be lost when the process ends.
//
// Lifetime:  registered in a ClientContext, which owns it.
// Errors:    throws duckdb::PermissionException, which ends the statement.
#pragma once

#include "sql/duckdb_api.h"

namespace duckpond {

class StatementGuard final : public duckdb::ClientContextState {
 public:
  explicit StatementGuard(bool sandbox) : sandbox_(sandbox) {}

  // Whether running the statement that was planned last once more gives what running it later would
  // have given: it reads tables and what it says itself. A file may be a pipe, which is read once.
  bool repeatable() const { return repeatable_; }

  // For the statements from now on.
  void SetOnlyReads(bool only_reads) { only_reads_ = only_reads; }

  // DuckDB asks OnFinalizePrepare only where a rebind is possible; none is ever wanted.
  bool CanRequestRebind() override { return true; }
  duckdb::RebindQueryInfo OnFinalizePrepare(duckdb::ClientContext& context,
                                            duckdb::PreparedStatementData& prepared,
                                            duckdb::PreparedStatementMode mode) override;

  // Refuses by kind, before planning, what must not even be bound (ATTACH opens files).
  void CheckKind(const duckdb::SQLStatement& statement);

 private:
  const bool sandbox_;
  bool only_reads_ = false;
  bool repeatable_ = false;
};

}  // namespace duckpond
