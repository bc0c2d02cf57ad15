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

  // Whether a page of some other site, opened in a browser, uses what is not its own: a server
  // without a token, which is for this machine's own programs, or a password that the browser
  // remembers (Basic) and sends along by itself. Browsers say where a request comes from.
  bool IsForeignPage(const WebRequest& request) const;

  bool open() const { return token_hash_.empty(); }

 private:
  bool IsToken(std::string_view text) const;
  std::string token_hash_;
};

// Whether a Host header names an address or localhost. Another name may be one that its owner has
// pointed at this machine, so that a browser takes our answers for those of the owner's pages.
bool IsLocalHost(std::string_view host);

// A new token: 160 bits of chance.
std::string MakeToken(Random& random);

}  // namespace duckpond
