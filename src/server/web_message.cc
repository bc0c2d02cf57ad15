// SPDX-License-Identifier: MIT
#include "server/web_message.h"

#include <algorithm>
#include <cctype>

#include "base/encoding.h"

namespace duckpond {
namespace {

// Of a form: '+' is a space. Lenient where base/encoding.h is strict: clients escape as they like.
Result<std::string> FormDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return Status::Invalid("the URL ends inside a %-escape");
      ASSIGN_OR_RETURN(const std::string byte, HexDecode(text.substr(i + 1, 2)));
      decoded += byte;
      i += 2;
    } else {
      decoded.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return decoded;
}

std::optional<std::string_view> Find(const WebFields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (SameText(key, name)) return value;
  }
  return std::nullopt;
}

}  // namespace

bool SameText(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::optional<std::string_view> WebRequest::header(std::string_view name) const {
  return Find(headers, name);
}
std::optional<std::string_view> WebRequest::parameter(std::string_view name) const {
  return Find(parameters, name);
}

Status ParseTarget(std::string_view target, WebRequest& request) {
  if (const size_t scheme = target.find("://"); scheme < target.find_first_of("/?")) {
    constexpr size_t kSeparator = 3;
    const std::string_view behind = target.substr(scheme + kSeparator);
    target = behind.substr(std::min(behind.find_first_of("/?"), behind.size()));
  }
  const size_t mark = target.find('?');
  ASSIGN_OR_RETURN(request.path, FormDecode(target.substr(0, mark)));
  if (request.path.empty()) request.path = "/";
  if (mark == std::string_view::npos) return Status::Ok();
  std::string_view rest = target.substr(mark + 1);
  rest = rest.substr(0, rest.find('#'));
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    ASSIGN_OR_RETURN(std::string name, FormDecode(pair.substr(0, equals)));
    ASSIGN_OR_RETURN(std::string value, FormDecode(pair.substr(std::min(equals + 1, pair.size()))));
    request.parameters.emplace_back(std::move(name), std::move(value));
  }
  return Status::Ok();
}

}  // namespace duckpond
