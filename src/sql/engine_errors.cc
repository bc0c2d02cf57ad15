// SPDX-License-Identifier: MIT
#include "sql/duckdb_api.h"
// The line above comes first: it is the precompiled header.
#include "sql/engine_errors.h"
#include "sql/errors.h"

namespace duckpond {
namespace {

using duckdb::ExceptionType;

bool IsStorageType(ExceptionType type) {
  return type == ExceptionType::IO || type == ExceptionType::HTTP ||
         type == ExceptionType::NETWORK || type == ExceptionType::CONNECTION ||
         type == ExceptionType::INVALID_CONFIGURATION;
}

Blame BlameOf(const duckdb::ErrorData& error, StatusCode code) {
  switch (code) {
    case StatusCode::kUnavailable:
    case StatusCode::kCorrupt:
    case StatusCode::kFenced:
    case StatusCode::kUnknown:
      return Blame::kStore;
    case StatusCode::kInternal:
      return Blame::kInternal;
    default:
      if (error.Type() == ExceptionType::PERMISSION) return Blame::kPolicy;
      return IsOfStore(error) || IsStorageType(error.Type()) ? Blame::kStore : Blame::kStatement;
  }
}

}  // namespace

EngineFailure FailureOf(const duckdb::ErrorData& error) {
  const StatusCode code = CodeOf(error);
  // A pond that was attached read-only says so in words only.
  const bool read_only = error.RawMessage().find("attached in read-only mode") != std::string::npos;
  const Blame blame = read_only ? Blame::kPolicy : BlameOf(error, code);
  return {Status(code, error.Message()), blame};
}

EngineFailure FailureOfCommit(const duckdb::ErrorData& error, const Status& why) {
  Status status(why.code(), error.Message());
  switch (why.code()) {
    // What others did, or what the transaction wants: another transaction may do better.
    case StatusCode::kConflict:
    case StatusCode::kExists:
    case StatusCode::kCancelled:
      return {std::move(status), Blame::kStatement};
    case StatusCode::kInternal:
      return {std::move(status), Blame::kInternal};
    default:
      return {std::move(status), Blame::kStore};
  }
}

}  // namespace duckpond
