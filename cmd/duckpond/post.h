// SPDX-License-Identifier: MIT
//
// Post: `echo 'select now()' | duckpond -post /query`: answers a body as the server would, without
// one.
#pragma once

#include <string>

#include "shell/command_line.h"
#include "shell/exit_code.h"
#include "shell/output.h"

namespace duckpond {

// The answer's body goes to standard output, an error's to standard error.
ExitCode Post(const CommandLine& line, const std::string& body, Printer& printer);

}  // namespace duckpond
