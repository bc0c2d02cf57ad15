// SPDX-License-Identifier: MIT
#include "server/auth.h"

#include <algorithm>
#include <cctype>

#include "base/check.h"
#include "base/encoding.h"
#include "base/hash.h"

namespace duckpond {
namespace {

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

// "Bearer abc" with scheme "Bearer" gives "abc".
std::optional<std::string_view> Credentials(std::string_view header, std::string_view scheme) {
  if (header.size() <= scheme.size() || header[scheme.size()] != ' ') return std::nullopt;
  if (!SameText(header.substr(0, scheme.size()), scheme)) return std::nullopt;
  header.remove_prefix(header.find_first_not_of(' ', scheme.size()) == std::string_view::npos
                           ? header.size()
                           : header.find_first_not_of(' ', scheme.size()));
  return header;
}

// "http://a:80" and "https://a:80" give "a:80": a proxy in front of us may speak TLS.
std::string_view HostOf(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return origin.substr(scheme.size());
  }
  return {};
}

bool ComesFromElsewhere(const WebRequest& request) {
  const auto site = request.header("Sec-Fetch-Site");
  if (site) return *site != "same-origin" && *site != "none";
  const auto origin = request.header("Origin");
  if (!origin) return false;
  const auto host = request.header("Host");
  return !host || !SameText(HostOf(*origin), *host);
}

}  // namespace

Authenticator::Authenticator(const std::string& token)
    : token_hash_(token.empty() ? "" : Sha256(token)) {}

bool Authenticator::IsToken(std::string_view text) const {
  CHECK(!open());
  return EqualInConstantTime(Sha256(text), token_hash_);
}

bool Authenticator::Admits(const WebRequest& request) const {
  if (open()) return true;
  if (const auto key = request.header("X-API-Key"); key && IsToken(*key)) return true;
  const auto header = request.header("Authorization");
  if (!header) return false;
  if (const auto token = Credentials(*header, "Bearer")) return IsToken(*token);
  if (const auto encoded = Credentials(*header, "Basic")) {
    const auto pair = Base64Decode(*encoded);
    if (!pair.ok()) return false;
    const size_t colon = pair->find(':');
    return colon != std::string::npos && IsToken(std::string_view(*pair).substr(colon + 1));
  }
  return false;
}

bool Authenticator::IsForeignPage(const WebRequest& request) const {
  const auto header = request.header("Authorization");
  const bool lent = open() || (header && Credentials(*header, "Basic"));
  return lent && ComesFromElsewhere(request);
}

bool IsLocalHost(std::string_view host) {
  if (host.starts_with('[')) return true;
  host = host.substr(0, host.find(':'));
  if (SameText(host, "localhost")) return true;
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isdigit(c) != 0 || c == '.';
  });
}

std::string MakeToken(Random& random) {
  constexpr int kBytes = 20;
  std::string bytes;
  for (int i = 0; i < kBytes; ++i) bytes.push_back(static_cast<char>(random.Below(256)));
  CHECK(bytes.size() == kBytes);
  return HexEncode(bytes);
}

}  // namespace duckpond
