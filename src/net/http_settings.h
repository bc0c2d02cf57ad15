// SPDX-License-Identifier: MIT
//
// HttpSettings: how a client reaches the world: proxy, trusted certificates, time and size limits.
//
// Lifetime:  values, read once when a client is made.
// Units:     milliseconds.
// Secrets:   a proxy's URL may carry a password: it is never printed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace duckpond {

// Looks up an environment variable; empty ones count as not set. Tests bring their own.
using EnvironmentLookup = std::function<std::optional<std::string>(std::string_view name)>;

// The process's own environment.
std::optional<std::string> ProcessEnvironment(std::string_view name);

struct HttpSettings {
  std::string http_proxy;   // For http URLs; empty for none.
  std::string https_proxy;  // For https URLs; empty for none.
  // Hosts reached directly, comma-separated, as curl reads it. This machine's own addresses always
  // are: a proxy's loopback is not ours.
  std::string no_proxy;
  std::string ca_file;  // PEM; empty for the system's own.

  // A server that does not accept a connection in this time is taken for unreachable.
  int connect_timeout_ms = 10'000;
  // A request that moves next to nothing for this long is given up even if its caller set no
  // deadline.
  int stall_timeout_ms = 60'000;
  // Connections to one host: enough for a scan's parallel ranges, few enough for small servers.
  // Requests beyond wait for a free one.
  int connections_per_host_max = 64;
  // Connections unused for longer are not used again: S3 and its kin close them after 5 to 20 s,
  // and a request that crosses with the close has no known outcome.
  int idle_connection_ms_max = 4'000;
  // Requests under way or waiting for a connection; more are refused.
  int requests_max = 16'384;

  // Reads http_proxy, https_proxy, all_proxy, no_proxy (either case), and the certificates from
  // AWS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE, the first that is set.
  static HttpSettings FromEnvironment(const EnvironmentLookup& lookup = ProcessEnvironment);
};

}  // namespace duckpond
