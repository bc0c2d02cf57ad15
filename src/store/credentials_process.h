// SPDX-License-Identifier: MIT
//
// Keys that a program of the user's writes: the `credential_process` of a profile of AWS's shared
// files. The program is run as AWS's tools run it: split into words, without a shell.
//
// Threads:   see KeyFetcher.
// Secrets:   of the command only the program's name is in a message, of its output nothing.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/renewed_credentials.h"

namespace duckpond {

// The words of a command line, as a shell would quote them ('…', "…", \); nothing in them is
// replaced. Errors: kInvalid for one without words, with a quote that is not closed, or a zero
// byte.
Result<std::vector<std::string>> SplitCommand(std::string_view command);

// `setting_of` says whose setting `command` is. Errors: those of SplitCommand.
// Cost: a process a fetch.
Result<std::shared_ptr<KeyFetcher>> FetchFromProgram(std::string_view command,
                                                     const std::string& setting_of);

}  // namespace duckpond
