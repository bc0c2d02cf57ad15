// SPDX-License-Identifier: MIT
//
// Session: one connection to an Engine: parses SQL, runs it statement by statement and streams the
// results.
//
// Example:
//   ASSIGN_OR_RETURN(auto session, engine->Connect());
//   ASSIGN_OR_RETURN(auto result, session->RunAll(context, "BEGIN; …; SELECT 42", {}));
//   while (true) { ASSIGN_OR_RETURN(const ResultChunk* rows, result->Next()); if (!rows) break; … }
//
// Threads:   one at a time. A context that is cancelled interrupts the statement, and the requests
//            it has in flight, from any thread.
// Lifetime:  a result borrows its session, and ends when the session runs the next statement.
// Errors:    the Status of the statement; blame() says whose fault it was. kCancelled – the context
//            was cancelled; kExhausted – a limit of memory; kConflict and kUnknown – see log.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "log/freshness.h"
#include "sql/read_version.h"
#include "sql/result_stream.h"

namespace duckpond {

// Whose fault a failed statement is. It decides between exit codes and between 4xx and 5xx.
enum class Blame : unsigned char {
  kStatement,  // The SQL, or what it does to these tables.
  kPolicy,     // Allowed elsewhere, not here: the sandbox, a read-only pond, a read-only request.
  kStore,      // Storage: not reachable, refused, full, damaged.
  kInternal,   // A bug of ours.
};

// One parsed statement. Moves only; runs once.
class Statement {
 public:
  struct State;
  explicit Statement(std::unique_ptr<State> state);
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  // The statement's own text.
  std::string text() const;

 private:
  friend class Session;
  std::unique_ptr<State> state_;
};

struct RunOptions {
  // Refuses statements that change anything (kPolicy): a GET must be safe to repeat.
  bool only_reads = false;
  // Counts the rows that scans read, for ResultStatistics::rows_read; costs a little.
  bool count_rows = false;
  ReadingOptions reading;
  // Told, on the caller's thread, true when the statement only waits for the log, to read it or for
  // its commit, and false before it runs on, or another one does: who bounds how many run at once
  // may let another one run meanwhile. May be empty.
  std::function<void(bool idle)> on_idle;
  // Finds out whether the answer may be kept: see Session::repeatable.
  bool note_answer = false;
  // Values of $1, $2, … and $name, as text.
  std::vector<std::pair<std::string, std::string>> parameters;
};

class Session {
 public:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  ~Session();

  // The statements of `sql`; none for white space and comments.
  Result<std::vector<Statement>> Parse(const std::string& sql);

  // Runs one statement until its first rows are there. A statement that changes something has done
  // so, durably unless in a transaction, when this returns. One that is a transaction of its own
  // and loses a race for the log is run again, a few times, if it reads tables only.
  Result<std::unique_ptr<QueryResult>> Run(Context context, Statement statement,
                                           const RunOptions& options);

  // Runs all statements of `sql` up to the first that fails; gives the last one's result, or null
  // if there are none.
  Result<std::unique_ptr<QueryResult>> RunAll(Context context, const std::string& sql,
                                              const RunOptions& options);

  // The version that a statement would read now. What it costs is on the statement that comes next.
  // Cost: as EventLog::Latest.
  Result<ReadVersion> Look(const Context& context, const ReadingOptions& reading);

  // What the answer to the text that RunAll ran last is made of, if it is one statement whose
  // answer hangs on that alone, and `note_answer` was asked for. Known once RunAll has returned.
  std::optional<ReadVersion> repeatable() const;

  // Whether BEGIN was run and neither COMMIT nor ROLLBACK.
  bool in_transaction() const;

  // What the statement that ran last has cost, whether it failed or not.
  Cost cost() const;

  // Of the last failure of Parse, Run, or a result's Next.
  Blame blame() const;

  // The newest version that the text which was parsed last has read or made; 0 if it did neither.
  Version version() const;

  // Whether a statement of the text that was parsed last has committed changes. If a later one of
  // it fails, running the whole text again would make those changes twice.
  bool has_committed() const;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace duckpond
