// SPDX-License-Identifier: MIT
#include "base/status.h"

namespace duckpond {

std::string_view CodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "OK";
    case StatusCode::kNotFound:
      return "NOT_FOUND";
    case StatusCode::kExists:
      return "EXISTS";
    case StatusCode::kConflict:
      return "CONFLICT";
    case StatusCode::kUnknown:
      return "UNKNOWN";
    case StatusCode::kFenced:
      return "FENCED";
    case StatusCode::kUnavailable:
      return "UNAVAILABLE";
    case StatusCode::kCancelled:
      return "CANCELLED";
    case StatusCode::kInvalid:
      return "INVALID";
    case StatusCode::kCorrupt:
      return "CORRUPT";
    case StatusCode::kExhausted:
      return "EXHAUSTED";
    case StatusCode::kUnsupported:
      return "UNSUPPORTED";
    case StatusCode::kInternal:
      return "INTERNAL";
  }
  return "INTERNAL";
}

std::string Status::ToString() const {
  if (ok()) return "OK";
  return std::string(CodeName(code_)) + ": " + message_;
}

Status Status::Prefixed(std::string_view context) const {
  if (ok()) return *this;
  return {code_, std::string(context) + ": " + message_};
}

}  // namespace duckpond
