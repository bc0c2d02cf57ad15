// SPDX-License-Identifier: MIT
//
// engine_errors: what DuckDB says went wrong, as a Status and whose fault it is.
//
// Codes:   as CodeOf of sql/errors.h. DuckDB drops an exception's extra info when a commit fails:
//          then the commit's own Status says it (ConnectionState::TakeFailedCommit).
#pragma once

#include "base/status.h"
#include "sql/duckdb_api.h"
#include "sql/engine_session.h"

namespace duckpond {

struct EngineFailure {
  Status status;
  Blame blame = Blame::kStatement;
};

EngineFailure FailureOf(const duckdb::ErrorData& error);

// The same of a commit that failed with `why`, as DuckDB tells it.
EngineFailure FailureOfCommit(const duckdb::ErrorData& error, const Status& why);

}  // namespace duckpond
