// SPDX-License-Identifier: MIT
//
// Errors between two worlds: a Status below becomes a DuckDB exception above, once, here; what
// DuckDB throws at code that answers with a Status becomes one.
//
// Errors:   the exception keeps the status's code in its extra info, and whether a store or a log
//           gave it, so that the program can choose an exit or HTTP code from what the client got
//           (CodeOf, IsOfStore).
// Threads:  free functions.
#pragma once

#include <functional>
#include <utility>

#include "base/result.h"
#include "sql/duckdb_api.h"

namespace duckpond {

// Throws the DuckDB exception for `status`. REQUIRES: !status.ok().
[[noreturn]] void ThrowStatus(const Status& status);

// The same for what a store or a log answered: a wrong configuration is told from a wrong
// statement (InvalidConfigurationException), a place without a pond from a missing table.
[[noreturn]] void ThrowStoreStatus(const Status& status);

inline void ThrowIfError(const Status& status) {
  if (!status.ok()) ThrowStatus(status);
}

// A version or a time that is not there is a wrong statement; all else is the store's.
template <class T>
T StoredValueOrThrow(Result<T> result) {
  if (result.ok()) return *std::move(result);
  if (result.error().code() == StatusCode::kNotFound) ThrowStatus(result.error());
  ThrowStoreStatus(result.error());
}

template <class T>
T ValueOrThrow(Result<T> result) {
  if (!result.ok()) ThrowStatus(result.error());
  return *std::move(result);
}

// `status` as what a commit hands back to DuckDB.
duckdb::ErrorData ToErrorData(const Status& status);

// The code that ThrowStatus put into an error; kInvalid for DuckDB's own refusals of a statement,
// kInternal for its internal errors.
StatusCode CodeOf(const duckdb::ErrorData& error);
// Whether ThrowStoreStatus made the error.
bool IsOfStore(const duckdb::ErrorData& error);

// Runs `work`; what it throws comes back as a Status.
Status CatchToStatus(const std::function<void()>& work);

// "<what> is not supported by duckpond yet", as an exception.
[[noreturn]] void ThrowNotSupported(const std::string& what);

}  // namespace duckpond
