// SPDX-License-Identifier: MIT
//
// ShownUrl: a URL as messages may show it: without what stands where a password or a token may
// stand, before an '@' and behind a '?' or '#'.
//
// Threads:  a pure function.
#pragma once

#include <string>
#include <string_view>

namespace duckpond {

// "https://user:password@host/path?token=…" as "https://…@host/path?…".
std::string ShownUrl(std::string_view url);

}  // namespace duckpond
