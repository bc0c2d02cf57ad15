// SPDX-License-Identifier: MIT
#include "shell/exit_code.h"

namespace duckpond {

ExitCode ExitCodeOf(const Status& status, Blame blame) {
  switch (status.code()) {
    case StatusCode::kOk:
      return ExitCode::kOk;
    case StatusCode::kConflict:
      return ExitCode::kConflict;
    case StatusCode::kUnknown:
      return ExitCode::kUnknown;
    case StatusCode::kCancelled:
      return ExitCode::kInterrupted;
    default:
      return blame == Blame::kStore ? ExitCode::kStorage : ExitCode::kSql;
  }
}

ExitCode ExitCodeOfStore(const Status& status) { return ExitCodeOf(status, Blame::kStore); }

}  // namespace duckpond
