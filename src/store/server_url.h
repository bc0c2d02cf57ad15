// SPDX-License-Identifier: MIT
//
// ServerUrl: an endpoint as people write it ("https://host:9000/base", "host"), taken apart. And
// the choice between the places where a setting may stand.
//
// Threads:  pure functions.
// Errors:   kInvalid – no URL of a server; a text with an '@' is not quoted, what stands before it
//           may be a password.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duckpond {

struct ServerUrl {
  std::string scheme;     // "https" or "http".
  std::string host;       // With the port if it is not the scheme's own.
  std::string base_path;  // Empty, or starts with '/' and does not end with one.
};

// The host without its port.
std::string_view HostName(std::string_view host);

// `service` is named in messages; `use_tls` decides where `endpoint` has no scheme.
Result<ServerUrl> ParseServerUrl(std::string_view service, std::string endpoint, bool use_tls);

// The first that is not empty; empty if all are.
std::string FirstOf(std::initializer_list<std::string> values);

}  // namespace duckpond
