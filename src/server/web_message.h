// SPDX-License-Identifier: MIT
//
// WebRequest and WebAnswer: what the server's logic knows of HTTP: no sockets, no parser.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace duckpond {

using WebFields = std::vector<std::pair<std::string, std::string>>;

struct WebRequest {
  std::string method;    // "GET"
  std::string path;      // "/query", decoded
  WebFields parameters;  // Of the URL, decoded, in their order.
  WebFields headers;
  std::string body;
  bool is_http11 = true;  // The answer may come in chunks, and 100 Continue before it.

  // The value of the first header of that name, in any case; none if there is no such header.
  std::optional<std::string_view> header(std::string_view name) const;
  std::optional<std::string_view> parameter(std::string_view name) const;
};

struct WebAnswer {
  int status = 200;
  WebFields headers;
  std::string body;
};

// Fills path and parameters from a request line's target ("/query?q=select%201"; a client may put
// "http://host" before it).
// Errors: kInvalid for a broken escape.
Status ParseTarget(std::string_view target, WebRequest& request);

bool SameText(std::string_view a, std::string_view b);  // Ignoring ASCII case.

}  // namespace duckpond
