// SPDX-License-Identifier: MIT
//
// Authenticator: decides whether a request carries the server's token, as `Authorization: Bearer`,
// as `X-API-Key`, or as the password of Basic authentication (the user name is not looked at).
//
// Threads:  immutable; any.
// Secrets:  the token is kept as its SHA-256, and compared without revealing how much of it fits.
#pragma once

#include <string>

#include "base/random.h"
#include "server/web_message.h"

namespace duckpond {

class Authenticator {
 public:
  // An empty token lets everybody in.
  explicit Authenticator(const std::string& token);

  bool Admits(const WebRequest& request) const;

  // A server without a token is for this machine's own programs: a page of some other site, opened
  // in a browser here, must not reach it. Browsers say where a request comes from.
  bool IsForeignPage(const WebRequest& request) const;

  bool open() const { return token_hash_.empty(); }

 private:
  bool IsToken(std::string_view text) const;
  std::string token_hash_;
};

// A new token: 160 bits of chance.
std::string MakeToken(Random& random);

}  // namespace duckpond
