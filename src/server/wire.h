// SPDX-License-Identifier: MIT
//
// wire: the server's side of HTTP/1.1 as text, and what Beast's parser understood of the client's.
#pragma once

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <string_view>

#include "server/web_message.h"

namespace duckpond {

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// Everything but the body. Errors: kInvalid for a target that cannot be decoded, and where it is
// not clear what the request is or where it ends: nothing that follows it may be read.
Status FromWire(const boost::beast::http::request<boost::beast::http::string_body>& message,
                WebRequest& request);

// Whether the bytes were not HTTP, rather than too few or none.
bool IsProtocolError(const boost::beast::error_code& error);

struct WireOptions {
  bool keep_alive = false;
  // Pages of other sites may read the answer. They need the token to get one.
  bool any_origin = false;
  bool with_body = true;  // Not for HEAD.
};

// An answer with its length and body.
std::string WireWhole(const WebAnswer& answer, WireOptions options);
// The head of an answer whose body follows in chunks, the chunks, and its end.
std::string WireHead(const WebAnswer& answer, WireOptions options);
std::string WireChunk(std::string_view block);
std::string WireLast(const WebFields& trailers);

WebAnswer TextAnswer(std::string text);
// What a browser asks before it lets a page of another site send a token.
WebAnswer PreflightAnswer();

}  // namespace duckpond
