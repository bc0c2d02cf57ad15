// SPDX-License-Identifier: MIT
#include "net/http_message.h"

namespace duckpond {

std::optional<std::string_view> HttpReply::Find(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (header.name == name) return header.value;
  }
  return std::nullopt;
}

}  // namespace duckpond
