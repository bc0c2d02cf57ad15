// SPDX-License-Identifier: MIT
#include "sql/errors.h"

#include <array>

namespace duckpond {
namespace {

using duckdb::ExceptionType;

constexpr const char* kCodeKey = "duckpond_code";
constexpr const char* kStoreKey = "duckpond_store";

constexpr std::array kCodes = {
    StatusCode::kNotFound,  StatusCode::kExists,      StatusCode::kConflict,
    StatusCode::kUnknown,   StatusCode::kFenced,      StatusCode::kUnavailable,
    StatusCode::kCancelled, StatusCode::kInvalid,     StatusCode::kCorrupt,
    StatusCode::kExhausted, StatusCode::kUnsupported, StatusCode::kInternal};

// Never INTERNAL or FATAL: either would close the whole DuckDB instance over one pond's trouble.
ExceptionType TypeOf(StatusCode code) {
  switch (code) {
    case StatusCode::kNotFound:
    case StatusCode::kExists:
      return ExceptionType::CATALOG;
    case StatusCode::kConflict:
    case StatusCode::kUnknown:
    case StatusCode::kFenced:
      return ExceptionType::TRANSACTION;
    case StatusCode::kCancelled:
      return ExceptionType::INTERRUPT;
    case StatusCode::kInvalid:
      return ExceptionType::INVALID_INPUT;
    case StatusCode::kUnsupported:
      return ExceptionType::NOT_IMPLEMENTED;
    default:
      return ExceptionType::IO;
  }
}

std::string MessageOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kConflict:
      return "Conflict: " + status.message();
    case StatusCode::kUnknown:
      return "Unknown outcome: " + status.message();
    case StatusCode::kCorrupt:
      return "Corrupt: " + status.message();
    case StatusCode::kInternal:
      return "A fault in duckpond, please report it: " + status.message();
    default:
      return status.message();
  }
}

[[noreturn]] void ThrowAs(const Status& status, ExceptionType type, bool of_store) {
  duckdb::unordered_map<std::string, std::string> info;
  info[kCodeKey] = std::string(CodeName(status.code()));
  if (of_store) info[kStoreKey] = "true";
  throw duckdb::Exception(info, type, MessageOf(status));
}

}  // namespace

void ThrowStatus(const Status& status) { ThrowAs(status, TypeOf(status.code()), false); }

void ThrowStoreStatus(const Status& status) {
  ExceptionType type = TypeOf(status.code());
  if (status.code() == StatusCode::kInvalid) type = ExceptionType::INVALID_CONFIGURATION;
  if (status.code() == StatusCode::kNotFound) type = ExceptionType::IO;
  ThrowAs(status, type, true);
}

duckdb::ErrorData ToErrorData(const Status& status) {
  try {
    ThrowStatus(status);
  } catch (const std::exception& error) {
    return duckdb::ErrorData(error);
  }
}

StatusCode CodeOf(const duckdb::ErrorData& error) {
  const auto& info = error.ExtraInfo();
  if (const auto found = info.find(kCodeKey); found != info.end()) {
    for (const StatusCode code : kCodes) {
      if (CodeName(code) == found->second) return code;
    }
  }
  switch (error.Type()) {
    case ExceptionType::INTERRUPT:
      return StatusCode::kCancelled;
    case ExceptionType::NOT_IMPLEMENTED:
      return StatusCode::kUnsupported;
    case ExceptionType::OUT_OF_MEMORY:
      return StatusCode::kExhausted;
    case ExceptionType::INTERNAL:
    case ExceptionType::FATAL:
      return StatusCode::kInternal;
    case ExceptionType::IO:
    case ExceptionType::NETWORK:
    case ExceptionType::HTTP:
      return StatusCode::kUnavailable;
    default:
      return StatusCode::kInvalid;
  }
}

bool IsOfStore(const duckdb::ErrorData& error) { return error.ExtraInfo().count(kStoreKey) > 0; }

Status CatchToStatus(const std::function<void()>& work) {
  try {
    work();
    return Status::Ok();
  } catch (const std::exception& thrown) {
    const duckdb::ErrorData error(thrown);
    return Status(CodeOf(error), error.RawMessage());
  }
}

void ThrowNotSupported(const std::string& what) {
  ThrowStatus(Status::Unsupported(what + " is not supported by duckpond yet"));
}

}  // namespace duckpond
