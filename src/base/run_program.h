// SPDX-License-Identifier: MIT
//
// RunProgram: runs another program to its end and gives what it wrote to its standard output. No
// shell is between: arguments are passed as they are. The program reads nothing (its standard input
// is empty), and what it writes to standard error goes to ours, for whoever is there to read it.
//
// Waiting:   on a thread of its own; no thread of the executor is held up.
// Ends:      a program that takes longer than its context allows, or writes more than it may, is
//            killed with all that it started.
// Errors:    kInvalid – it cannot be started, ended with another code than 0, was killed. None says
//            more of it than its name: arguments and output may be secrets.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace duckpond {

struct ProgramToRun {
  std::vector<std::string> arguments;  // The first is its path, or a name to be found on PATH.
  size_t output_bytes_max = 64 << 10;
};

// An hour at most, whatever the context says. REQUIRES: there is an argument, and none has a zero
// byte.
Task<Result<std::string>> RunProgram(Context context, ProgramToRun program);

}  // namespace duckpond
