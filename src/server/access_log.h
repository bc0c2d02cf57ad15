// SPDX-License-Identifier: MIT
//
// AccessLog: one line of JSON on standard error for each request that was answered: what was asked,
// how it ended, how long it took; and for each notice. SQL and tokens are not written.
//
// Threads:  any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duckpond {

// "debug", "info", "warn" or "error", in any case; requests are written at info, those that failed
// by the server's fault at error. Errors: kInvalid for another word.
Status SetLogLevel(const std::string& level);

struct AccessEntry {
  std::string_view method;
  std::string_view path;
  int status = 0;  // 0: the answer broke off.
  int64_t elapsed_us = 0;
};
void LogAccess(const AccessEntry& entry);

// What base/notice.h is told, at warn.
void LogNotice(const std::string& text);

}  // namespace duckpond
