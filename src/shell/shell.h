// SPDX-License-Identifier: MIT
//
// Shell: SQL and dot commands, typed at a terminal or read from a file or a pipe.
//
// At a terminal a failure is printed and the shell goes on; a script ends at its first failure.
#pragma once

#include <istream>
#include <string>

#include "shell/sql_runner.h"

namespace duckpond {

// Asks for statements until the end of input or .quit. `greeting` names the pond.
ExitCode RunInteractive(SqlRunner& runner, const std::string& greeting,
                        const std::string& history_path);

// Runs what `in` holds.
ExitCode RunScript(SqlRunner& runner, std::istream& in);

// Runs the file at `path`. Errors: kUsage if it cannot be read.
ExitCode RunFile(SqlRunner& runner, const std::string& path);

}  // namespace duckpond
