// SPDX-License-Identifier: MIT
//
// SqlRunner: runs SQL text on one session, prints what it answers, says what failed, and adds up
// what it cost.
//
// Threads:   one at a time. Ctrl-C cancels the statement that runs.
// Lifetime:  borrows the Printer.
#pragma once

#include <memory>
#include <string>

#include "shell/exit_code.h"
#include "shell/output.h"
#include "sql/engine.h"

namespace duckpond {

enum class PrintWhich : unsigned char { kEach, kLast };

class SqlRunner {
 public:
  SqlRunner(std::unique_ptr<Session> session, Printer& printer)
      : session_(std::move(session)), printer_(printer) {}

  // Runs the statements of `sql` up to the first that fails, which is printed as an error.
  ExitCode Run(const std::string& sql, PrintWhich which);

  // Runs one statement and prints its one column of texts as they are, a line each.
  ExitCode RunForText(const std::string& sql);

  // Of all statements so far.
  const Cost& cost() const { return cost_; }
  Printer& printer() { return printer_; }

 private:
  Status RunStatements(Context context, const std::string& sql, PrintWhich which);
  Status Drain(QueryResult& result);
  Status PrintTexts(Context context, const std::string& sql);
  ExitCode Tell(const Status& status);

  std::unique_ptr<Session> session_;
  Printer& printer_;
  Cost cost_;
  bool committed_ = false;  // Some statement so far has committed changes.
};

}  // namespace duckpond
