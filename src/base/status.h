// SPDX-License-Identifier: MIT
//
// Status: the outcome of an operation that can fail, as a value. A code says what the caller should
// do, the message says what happened, naming the object, what was expected and what was found.
//
// Errors:   there are twelve codes because there are twelve different things a caller can do; a new
//           one is added only where somebody would react differently (docs/adr/0003).
// Threads:  a Status is a plain value.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace duckpond {

enum class StatusCode : unsigned char {
  kOk,
  kNotFound,     // The named thing does not exist: choose another or create it.
  kExists,       // It exists already: use it or choose another name.
  kConflict,     // Somebody else was first: read again and decide again.
  kUnknown,      // The change may or may not have happened: read back before anything else.
  kFenced,       // A newer owner took over: stop.
  kUnavailable,  // Nothing happened and it may work later: try again with back-off.
  kCancelled,    // The caller gave up, or its deadline passed before anything was sent.
  kInvalid,      // The request or its configuration is wrong: change it.
  kCorrupt,      // Stored bytes are not what was written: stop and restore.
  kExhausted,    // A named limit was reached: ask for less, or raise the limit.
  kUnsupported,  // This is known and not offered: do it another way.
  kInternal,     // A bug of ours: report it.
};

// The code's stable name in messages and JSON, such as "CONFLICT".
std::string_view CodeName(StatusCode code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status Ok() { return {}; }
  static Status NotFound(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
  static Status Exists(std::string m) { return {StatusCode::kExists, std::move(m)}; }
  static Status Conflict(std::string m) { return {StatusCode::kConflict, std::move(m)}; }
  static Status Unknown(std::string m) { return {StatusCode::kUnknown, std::move(m)}; }
  static Status Fenced(std::string m) { return {StatusCode::kFenced, std::move(m)}; }
  static Status Unavailable(std::string m) { return {StatusCode::kUnavailable, std::move(m)}; }
  static Status Cancelled(std::string m) { return {StatusCode::kCancelled, std::move(m)}; }
  static Status Invalid(std::string m) { return {StatusCode::kInvalid, std::move(m)}; }
  static Status Corrupt(std::string m) { return {StatusCode::kCorrupt, std::move(m)}; }
  static Status Exhausted(std::string m) { return {StatusCode::kExhausted, std::move(m)}; }
  static Status Unsupported(std::string m) { return {StatusCode::kUnsupported, std::move(m)}; }
  static Status Internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // "CONFLICT: message", or "OK".
  std::string ToString() const;

  // The same code with `context` and ": " before the message; an Ok stays Ok.
  Status Prefixed(std::string_view context) const;

  bool operator==(const Status&) const = default;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

}  // namespace duckpond
