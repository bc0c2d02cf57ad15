// SPDX-License-Identifier: MIT
//
// Dot commands: what the shell understands besides SQL, as DuckDB's shell does: .tables, .schema,
// .mode, .timer, .read, .quit, .help.
#pragma once

#include <functional>
#include <string>

#include "shell/sql_runner.h"

namespace duckpond {

struct DotOutcome {
  ExitCode code = ExitCode::kOk;
  bool quit = false;
};

// Runs `line`, which begins with a dot. `read` runs a file of SQL and dot commands.
DotOutcome RunDotCommand(const std::string& line, SqlRunner& runner,
                         const std::function<ExitCode(const std::string& path)>& read);

}  // namespace duckpond
