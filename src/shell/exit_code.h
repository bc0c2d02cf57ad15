// SPDX-License-Identifier: MIT
//
// ExitCode: what the program tells the program that started it. A script can run a command again on
// 75 without thinking, must look first on 76, and need not try again on the others. A command of
// several statements that had committed some before the one that lost its race ends with 76.
#pragma once

#include "base/status.h"
#include "sql/engine_session.h"

namespace duckpond {

enum class ExitCode : unsigned char {
  kOk = 0,
  kSql = 1,            // The statement is wrong, or wrong for these tables.
  kUsage = 2,          // The command line is wrong.
  kStorage = 3,        // The store: not there, not reachable, refused, full, damaged; so, too,
                       // where the output goes.
  kConflict = 75,      // Somebody else was first (EX_TEMPFAIL): run it again.
  kUnknown = 76,       // It may have happened, or a part of it has: look before you run it again.
  kInterrupted = 130,  // Ctrl-C.
};

// Of a statement that failed.
ExitCode ExitCodeOf(const Status& status, Blame blame);
// Of a command that uses the store without SQL.
ExitCode ExitCodeOfStore(const Status& status);

}  // namespace duckpond
