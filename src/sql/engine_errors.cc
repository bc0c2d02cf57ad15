// SPDX-License-Identifier: MIT
#include "sql/duckdb_api.h"
// The line above comes first: it is the precompiled header.
#include "sql/engine_errors.h"
#include "sql/errors.h"

namespace duckpond {
namespace {

using duckdb::ExceptionType;

struct Said {
  std::string_view text;
  StatusCode code;
};
constexpr Said kSaid[] = {
    {"Conflict: ", StatusCode::kConflict},
    {"Unknown outcome: ", StatusCode::kUnknown},
    {"Corrupt: ", StatusCode::kCorrupt},
    {"A fault in duckpond", StatusCode::kInternal},
};

bool IsStorageType(ExceptionType type) {
  return type == ExceptionType::IO || type == ExceptionType::HTTP ||
         type == ExceptionType::NETWORK || type == ExceptionType::CONNECTION ||
         type == ExceptionType::INVALID_CONFIGURATION;
}

Blame BlameOf(ExceptionType type, StatusCode code) {
  switch (code) {
    case StatusCode::kUnavailable:
    case StatusCode::kCorrupt:
    case StatusCode::kFenced:
    case StatusCode::kUnknown:
      return Blame::kStore;
    case StatusCode::kInternal:
      return Blame::kInternal;
    default:
      if (type == ExceptionType::PERMISSION) return Blame::kPolicy;
      return IsStorageType(type) ? Blame::kStore : Blame::kStatement;
  }
}

}  // namespace

StatusCode CodeOfFailedCommit(std::string_view text) {
  constexpr std::string_view kCommit = "Failed to commit: ";
  if (!text.starts_with(kCommit)) return StatusCode::kOk;
  text.remove_prefix(kCommit.size());
  for (const Said& said : kSaid) {
    if (text.starts_with(said.text)) return said.code;
  }
  return StatusCode::kOk;
}

EngineFailure FailureOf(const duckdb::ErrorData& error) {
  StatusCode code = CodeOfFailedCommit(error.RawMessage());
  if (code == StatusCode::kOk) code = CodeOf(error);
  // A pond that was attached read-only says so in words only.
  const bool read_only = error.RawMessage().find("attached in read-only mode") != std::string::npos;
  const Blame blame = read_only ? Blame::kPolicy : BlameOf(error.Type(), code);
  return {Status(code, error.Message()), blame};
}

}  // namespace duckpond
