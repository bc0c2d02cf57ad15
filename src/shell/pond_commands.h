// SPDX-License-Identifier: MIT
//
// The commands that need no SQL: making a pond, and checking its log.
//
// Threads:  they block their caller; Ctrl-C cancels them.
// Errors:   those of the store and the log.
#pragma once

#include <string>

#include "base/cost.h"
#include "base/result.h"
#include "shell/command_line.h"
#include "sql/engine.h"

namespace duckpond {

// How the command line wants its pond to be opened.
EngineOptions EngineOptionsOf(const CommandLine& line);

// Makes a pond at line.url. Errors: kExists if there is one.
Status CreatePond(const CommandLine& line, CostLedger& ledger);

// Makes the table of line.url, if there is none; true if there was none. Errors: kInvalid for a URL
// that is not dynamodb://, or a table of another schema.
Result<bool> CreateStore(const CommandLine& line);

// Whether a pond may be made at line.url without being asked for: a directory that is not there, or
// is empty. Anything else might be a mistyped name of something that is there.
bool IsBlankDirectory(const std::string& url);

// Ok if there is a pond at line.url that can be read. Errors: kNotFound.
Status FindPond(const CommandLine& line, CostLedger& ledger);

// The commits of the log, from the oldest that can be read: line.mode kJson or kJsonLines gives a
// line of JSON an event, any other a list for people.
Result<std::string> ShowLog(const CommandLine& line, CostLedger& ledger);

// Reads and checks the whole log; the report, for people.
Result<std::string> VerifyLog(const CommandLine& line, CostLedger& ledger);

// What the pond costs a month, as far as its log tells (shell/cost_estimate.h): a table for people,
// a line of JSON with line.mode kJson or kJsonLines. Cost: as VerifyLog, and the history once more.
Result<std::string> EstimateCost(const CommandLine& line, CostLedger& ledger);

// Says how pond.log and pond.json can be brought back, and does it with line.apply. The report, and
// whether the pond is, will be or was made whole: see log/recover.h.
struct RecoverReport {
  std::string text;
  Status outcome;
};
Result<RecoverReport> RecoverLog(const CommandLine& line, CostLedger& ledger);

}  // namespace duckpond
