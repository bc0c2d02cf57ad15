// SPDX-License-Identifier: MIT
//
// ConnectionState: what duckpond keeps for one client connection: what the running statement has
// cost so far, what the one before it cost, and why the last commit failed. EXPLAIN ANALYZE shows
// the first above its plan.
//
// StatementWait runs a task for a statement: under its ledger, its deadline, and its interruption.
//
// Threads:   the ledger may be used concurrently; QueryBegin is called by DuckDB, one at a time.
// Lifetime:  as long as the connection.
#pragma once

#include <functional>
#include <iosfwd>
#include <limits>
#include <memory>
#include <utility>

#include "base/context.h"
#include "base/cost.h"
#include "base/env.h"
#include "base/result.h"
#include "base/status.h"
#include "log/freshness.h"
#include "sql/duckdb_api.h"

namespace duckpond {

class ConnectionState final : public duckdb::ClientContextState {
 public:
  static constexpr const char* kName = "duckpond";
  static duckdb::shared_ptr<ConnectionState> Of(duckdb::ClientContext& client);

  void QueryBegin(duckdb::ClientContext& client) override;
  void WriteProfilingInformation(std::ostream& out) override;

  const std::shared_ptr<CostLedger>& ledger() const { return ledger_; }
  // Enters what follows into another ledger: for a connection that works for someone else.
  void Use(std::shared_ptr<CostLedger> ledger) { ledger_ = std::move(ledger); }
  // Requests end by then at the latest: the same.
  void EndBy(MonotonicUs deadline_us) { deadline_us_ = deadline_us; }
  MonotonicUs deadline_us() const { return deadline_us_; }
  // How new what the next statements read must be.
  void Ask(ReadingOptions reading) { reading_ = reading; }
  const ReadingOptions& reading() const { return reading_; }
  // The next statement is the one before once more: what it costs is added.
  void Repeat() { repeats_ = true; }
  // What the statement before the running one cost.
  const Cost& previous() const { return previous_; }
  // What all statements before the running one cost.
  const Cost& session() const { return session_; }

  // Why the running statement's commit failed. DuckDB hands on its text only: whoever wants the
  // code takes it from here. Ok if no commit failed since the statement began.
  void NoteFailedCommit(Status status) { failed_commit_ = std::move(status); }
  Status TakeFailedCommit() { return std::exchange(failed_commit_, Status()); }

 private:
  std::shared_ptr<CostLedger> ledger_ = std::make_shared<CostLedger>();
  MonotonicUs deadline_us_ = std::numeric_limits<MonotonicUs>::max();
  ReadingOptions reading_;
  bool repeats_ = false;
  Cost previous_;
  Cost session_;
  Status failed_commit_;
};

// What the statement that runs on the connection, or ran last, has cost.
std::shared_ptr<CostLedger> StatementLedger(duckdb::ClientContext& client);

// The same of one operator of the statement's plan, entered in the statement's as well; and what it
// says, as EXPLAIN ANALYZE shows it.
std::shared_ptr<CostLedger> OperatorLedger(duckdb::ClientContext& client);
void Describe(const Cost& cost, duckdb::InsertionOrderPreservingMap<std::string>& shown);

// One wait of a statement: hand context() to a task and poll() to Block. An interrupted query
// cancels the context. Errors: Check throws InterruptException for an interrupted query.
class StatementWait {
 public:
  explicit StatementWait(duckdb::ClientContext& client);

  Context context() const { return context_; }
  std::function<void()> poll();
  void Check() const;

 private:
  duckdb::ClientContext& client_;
  CancelSource cancel_;
  Context context_;
};

// What nobody cancelled ran out of time: it is the store that did not answer.
inline Status TimeoutAsUnavailable(Status status) {
  if (status.code() != StatusCode::kCancelled) return status;
  return Status::Unavailable(status.message());
}
template <class T>
Result<T> TimeoutAsUnavailable(Result<T> result) {
  if (result.ok()) return result;
  return TimeoutAsUnavailable(result.error());
}

// Runs what `start` makes of the statement's context and waits for it. Throws when interrupted.
template <class Start>
auto RunTask(duckdb::ClientContext& client, Start start) {
  StatementWait wait(client);
  auto value = Block(Env::Process().executor, start(wait.context()), wait.poll());
  wait.Check();
  return TimeoutAsUnavailable(std::move(value));
}

}  // namespace duckpond
