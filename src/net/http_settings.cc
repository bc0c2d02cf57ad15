// SPDX-License-Identifier: MIT
#include "net/http_settings.h"

#include <cstdlib>
#include <initializer_list>

namespace duckpond {
namespace {

std::string FirstSet(const EnvironmentLookup& lookup,
                     std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (auto value = lookup(name)) return *value;
  }
  return {};
}

}  // namespace

std::optional<std::string> ProcessEnvironment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

HttpSettings HttpSettings::FromEnvironment(const EnvironmentLookup& lookup) {
  HttpSettings settings;
  settings.http_proxy = FirstSet(lookup, {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
  settings.https_proxy = FirstSet(lookup, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  settings.no_proxy = FirstSet(lookup, {"no_proxy", "NO_PROXY"});
  settings.ca_file = FirstSet(lookup, {"AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"});
  return settings;
}

}  // namespace duckpond
