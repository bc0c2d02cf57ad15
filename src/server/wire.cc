// SPDX-License-Identifier: MIT
#include "server/wire.h"

#include <fmt/format.h>

#include <boost/beast/http/error.hpp>

#include "base/check.h"

namespace duckpond {

namespace http = boost::beast::http;

namespace {

std::string_view ReasonOf(int status) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(status));
  return {reason.data(), reason.size()};
}

// Nothing of a client's stands in a field: a line break in one would begin an answer of its own.
std::string FieldLine(std::string_view name, std::string_view value) {
  CHECK(!name.empty() && name.find_first_of(":\r\n") == name.npos);
  CHECK(value.find_first_of("\r\n") == value.npos);
  return fmt::format("{}: {}\r\n", name, value);
}
std::string HeadText(const WebAnswer& answer, const WireOptions& options) {
  CHECK(answer.status >= 200 && answer.status < 600);
  std::string text =
      fmt::format("HTTP/1.1 {} {}\r\nServer: duckpond\r\n", answer.status, ReasonOf(answer.status));
  for (const auto& [name, value] : answer.headers) text += FieldLine(name, value);
  text += "X-Content-Type-Options: nosniff\r\n";
  if (options.any_origin) {
    text +=
        "Access-Control-Allow-Origin: *\r\n"
        "Access-Control-Expose-Headers: Duckpond-Cost, Duckpond-Version, ETag, Server-Timing\r\n";
  }
  text += options.keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
  return text;
}

// Beast takes a body whose coding it does not know for none, and would read it as the next request:
// one that somebody else wrote, where a proxy in between saw it as the body.
Status CheckFraming(const WebRequest& request) {
  size_t hosts = 0;
  for (const auto& [name, value] : request.headers) {
    if (SameText(name, "Host")) ++hosts;
    if (!SameText(name, "Transfer-Encoding")) continue;
    if (!request.is_http11 || !SameText(value, "chunked")) {
      return Status::Invalid("the transfer coding of the body is not understood: only chunked is");
    }
  }
  if (hosts > 1 || (hosts == 0 && request.is_http11)) {
    return Status::Invalid("a request of HTTP/1.1 has one Host header");
  }
  return Status::Ok();
}

}  // namespace

Status FromWire(const http::request<http::string_body>& message, WebRequest& request) {
  request.method = std::string(message.method_string());
  constexpr unsigned kHttp11 = 11;
  request.is_http11 = message.version() >= kHttp11;
  for (const auto& field : message) {
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  RETURN_IF_ERROR(CheckFraming(request));
  return ParseTarget(std::string(message.target()), request);
}

bool IsProtocolError(const boost::beast::error_code& error) {
  const boost::beast::error_code end = http::error::end_of_stream;
  return error.category() == end.category() && error != end &&
         error != http::error::partial_message;
}

std::string WireWhole(const WebAnswer& answer, WireOptions options) {
  std::string text = HeadText(answer, options);
  constexpr int kNoContent =
      204;  // Which may not have the field; 304 would tell the length of 200.
  constexpr int kNotModified = 304;
  if (answer.status != kNoContent && answer.status != kNotModified)
    text += fmt::format("Content-Length: {}\r\n", answer.body.size());
  text += "\r\n";
  if (options.with_body) text += answer.body;
  return text;
}

std::string WireHead(const WebAnswer& answer, WireOptions options) {
  return HeadText(answer, options) + "Transfer-Encoding: chunked\r\n\r\n";
}

std::string WireChunk(std::string_view block) {
  CHECK(!block.empty());  // A chunk of no bytes is the end of the body.
  std::string text = fmt::format("{:x}\r\n", block.size());
  text.reserve(text.size() + block.size() + 2);
  text += block;
  text += "\r\n";
  return text;
}

std::string WireLast(const WebFields& trailers) {
  std::string text = "0\r\n";
  for (const auto& [name, value] : trailers) text += FieldLine(name, value);
  return text + "\r\n";
}

WebAnswer TextAnswer(std::string text) {
  WebAnswer answer;
  answer.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  answer.body = std::move(text);
  return answer;
}

WebAnswer PreflightAnswer() {
  WebAnswer answer;
  answer.status = 204;
  answer.headers = {
      {"Access-Control-Allow-Methods", "GET, POST, OPTIONS"},
      {"Access-Control-Allow-Headers",
       "Authorization, X-API-Key, Content-Type, If-None-Match, format, X-ClickHouse-Format"},
      {"Access-Control-Max-Age", "86400"}};
  return answer;
}

}  // namespace duckpond
