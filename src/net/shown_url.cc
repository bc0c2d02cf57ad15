// SPDX-License-Identifier: MIT
#include "net/shown_url.h"

namespace duckpond {

std::string ShownUrl(std::string_view url) {
  const size_t query = url.find_first_of("?#");
  std::string shown(url.substr(0, query));
  // The last one: a password may have an '@' that nobody has encoded.
  const size_t at = shown.rfind('@');
  if (at != std::string::npos) {
    size_t from = shown.find(':') + 1;
    while (from < at && shown[from] == '/') ++from;
    shown.replace(from, at - from, "…");
  }
  if (query != std::string_view::npos) shown += "?…";
  return shown;
}

}  // namespace duckpond
