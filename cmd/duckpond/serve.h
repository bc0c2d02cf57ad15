// SPDX-License-Identifier: MIT
//
// Serve: `duckpond serve`: prepares the pond, starts an engine in its sandbox and a server on it,
// and stays until SIGTERM or Ctrl-C.
//
// Threads:  the main thread; it does the server's input and output.
#pragma once

#include "shell/command_line.h"
#include "shell/exit_code.h"
#include "shell/output.h"

namespace duckpond {

// Makes the pond where there is nothing yet, and says where clients find it.
ExitCode Serve(CommandLine line, Printer& printer);

}  // namespace duckpond
