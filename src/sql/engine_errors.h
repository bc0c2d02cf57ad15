// SPDX-License-Identifier: MIT
//
// engine_errors: what DuckDB says went wrong, as a Status and whose fault it is.
//
// Codes:   as CodeOf of sql/errors.h, but where DuckDB drops an exception's extra info (it does
// when
//          a commit fails) the code is read from the text that ThrowStatus made.
#pragma once

#include <string_view>

#include "base/status.h"
#include "sql/duckdb_api.h"
#include "sql/engine_session.h"

namespace duckpond {

struct EngineFailure {
  Status status;
  Blame blame = Blame::kStatement;
};

EngineFailure FailureOf(const duckdb::ErrorData& error);

// The code of a commit that failed, told by its text ("Failed to commit: Conflict: …"); kOk if the
// text says nothing.
StatusCode CodeOfFailedCommit(std::string_view text);

}  // namespace duckpond
