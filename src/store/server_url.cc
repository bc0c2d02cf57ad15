// SPDX-License-Identifier: MIT
#include "store/server_url.h"

#include <fmt/format.h>

#include <algorithm>

namespace duckpond {

std::string_view HostName(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

Result<ServerUrl> ParseServerUrl(std::string_view service, std::string endpoint, bool use_tls) {
  const auto bad = [&](const char* why) {
    return Status::Invalid(fmt::format("the {} endpoint \"{}\" {}", service, endpoint, why));
  };
  if (endpoint.find('@') != std::string::npos) {
    // Not quoted: what stands before the '@' may be a password.
    return Status::Invalid(
        fmt::format("the {} endpoint has a '@': keys do not belong there", service));
  }
  if (endpoint.find("://") == std::string::npos) {
    endpoint = (use_tls ? "https://" : "http://") + endpoint;
  }
  ServerUrl url;
  const size_t scheme_end = endpoint.find("://");
  url.scheme = endpoint.substr(0, scheme_end);
  if (url.scheme != "https" && url.scheme != "http") return bad("is not http or https");
  const std::string rest = endpoint.substr(scheme_end + 3);
  const size_t slash = std::min(rest.find('/'), rest.size());
  url.host = rest.substr(0, slash);
  const std::string default_port = url.scheme == "https" ? ":443" : ":80";
  if (url.host.ends_with(default_port)) url.host.resize(url.host.size() - default_port.size());
  url.base_path = rest.substr(slash);
  while (url.base_path.ends_with('/')) url.base_path.pop_back();
  const bool odd = std::any_of(endpoint.begin(), endpoint.end(), [](unsigned char c) {
    return c <= 0x20 || c >= 0x7f || c == '?' || c == '#' || c == '%';
  });
  if (odd || HostName(url.host).empty()) return bad("is not a URL of a server");
  return url;
}

std::string FirstOf(std::initializer_list<std::string> values) {
  for (const std::string& value : values) {
    if (!value.empty()) return value;
  }
  return {};
}

}  // namespace duckpond
