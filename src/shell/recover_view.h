// SPDX-License-Identifier: MIT
//
// RecoverText: what a recovery found, did and could not do, for people: a line a copy of the log,
// then a sentence each.
#pragma once

#include <string>

#include "log/recover.h"
#include "shell/command_line.h"

namespace duckpond {

// Of a recovery that was asked for by `line`.
std::string RecoverText(const Recovery& recovery, const CommandLine& line);

}  // namespace duckpond
