// SPDX-License-Identifier: MIT
//
// HttpRequest and HttpReply: one exchange, as values.
//
// Threads:  values.
// Units:    sizes in bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace duckpond {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method = "GET";
  // Absolute, http or https, percent-encoded; sent as it stands, without resolving "..".
  std::string url = {};
  // Names and values without control characters. Host, Content-Length, Expect and User-Agent are
  // the client's.
  std::vector<HttpHeader> headers = {};
  // Sent with a Content-Length whenever the method is PUT or POST; other methods have none.
  Bytes body = {};
  // Ask the server whether it wants the body before sending it ("Expect: 100-continue"): worth a
  // round trip where a large body may be refused, since a server that refuses one it did not wait
  // for closes the connection, often before its answer could be read.
  bool expect_continue = false;
  // A longer reply is given up with kExhausted, so that a server that never stops is survived.
  uint64_t reply_bytes_max = uint64_t{1} << 30;
};

struct HttpReply {
  int status = 0;
  std::vector<HttpHeader> headers;  // Names in lower case, in the order they came.
  Bytes body;

  // The value of the first header of that name, which is given in lower case.
  std::optional<std::string_view> Find(std::string_view name) const;
};

}  // namespace duckpond
