// SPDX-License-Identifier: MIT
#include "server/problem.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/encoding.h"
#include "base/json_writer.h"

namespace duckpond {
namespace {

struct Told {
  int status;
  const char* hint;
  bool retryable;
};

Told TellOf(StatusCode code, Blame blame) {
  const bool store = blame == Blame::kStore;
  switch (code) {
    case StatusCode::kConflict:
      return {409, "Somebody else changed the same data first. Run the request again.", true};
    case StatusCode::kUnknown:
      return {504, "The change may have happened. Read before you run it again.", false};
    case StatusCode::kUnavailable:
      return {503, "The store did not answer; nothing was changed. Try again later.", true};
    case StatusCode::kFenced:
      return {503, "Another process took over.", false};
    case StatusCode::kCorrupt:
      return {500, "Stored data is damaged. See `duckpond log verify`.", false};
    case StatusCode::kExhausted:
      if (store) return {507, "The store is full, or a limit of it was reached.", false};
      return {400, "A limit of this server was reached. Ask for less.", false};
    case StatusCode::kInternal:
      return {500, "This is a fault of duckpond. Please report it.", false};
    case StatusCode::kCancelled:
      return {503, "The server gave the query up.", true};
    default:
      if (store) return {500, "The server's store refuses it; its operator can help.", false};
      return {400, "", false};
  }
}

Problem Make(int status, std::string code, std::string message, std::string hint) {
  CHECK(status >= 400 && status < 600 && !code.empty());
  Problem problem;
  problem.status = status;
  problem.code = std::move(code);
  problem.message = std::move(message);
  problem.hint = std::move(hint);
  return problem;
}

}  // namespace

WebAnswer Problem::ToAnswer(bool as_text) const {
  WebAnswer answer;
  answer.status = status;
  answer.headers = headers;
  if (as_text) {
    answer.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
    answer.body = message + "\n" + (hint.empty() ? "" : hint + "\n");
    return answer;
  }
  JsonWriter json;
  json.BeginObject().Key("error").BeginObject();
  json.Key("code").String(code).Key("message").String(message);
  json.Key("hint").String(hint).Key("retryable").Bool(retryable);
  json.EndObject().EndObject();
  answer.headers.emplace_back("Content-Type", "application/json");
  answer.body = json.Take() + "\n";
  return answer;
}

Problem ProblemOfStatement(const Status& status, Blame blame, bool only_reads) {
  CHECK(!status.ok());
  const std::string code(CodeName(status.code()));
  if (blame == Blame::kPolicy) {
    if (!only_reads) return Make(403, "FORBIDDEN", status.message(), "");
    Problem problem = Make(405, "METHOD_NOT_ALLOWED", status.message(),
                           "GET only reads, so that it is safe to repeat. Use POST.");
    problem.headers.emplace_back("Allow", "POST");
    return problem;
  }
  const Told told = TellOf(status.code(), blame);
  Problem problem = Make(told.status, code, status.message(), told.hint);
  problem.retryable = told.retryable;
  if (told.status == 503) problem.headers.emplace_back("Retry-After", "1");
  return problem;
}

Problem AfterCommits(Problem problem) {
  const std::string hint =
      "What the request had committed before stays: do not send all of it again.";
  if (!problem.retryable) {
    problem.hint += (problem.hint.empty() ? "" : " ") + hint;
    return problem;
  }
  problem.status = 504;
  problem.retryable = false;
  problem.hint = hint;
  problem.headers.clear();  // Retry-After.
  return problem;
}

Problem BadRequest(std::string message, std::string hint) {
  return Make(400, "INVALID", std::move(message), std::move(hint));
}

Problem Unauthorized() {
  Problem problem = Make(401, "UNAUTHORIZED", "this server asks for its token",
                         "Send it as `Authorization: Bearer <token>`, as `X-API-Key: <token>`, or "
                         "as the password of Basic authentication.");
  problem.headers.emplace_back("WWW-Authenticate",
                               "Bearer realm=\"duckpond\", Basic realm=\"duckpond\"");
  return problem;
}

Problem ForeignPage() {
  return Make(403, "FORBIDDEN",
              "a page of another site may not use this server without sending its token",
              "Send the token as `Authorization: Bearer <token>` or as `X-API-Key: <token>`, to a "
              "server that has one.");
}

Problem StrangeHost() {
  return Make(421, "FORBIDDEN",
              "a server without a token answers only to localhost and to addresses",
              "Call it by its address, or start it with a token.");
}

Problem NoSuchPath(const std::string& path) {
  // Encoded: it may be anything but text.
  return Make(404, "NOT_FOUND", "there is nothing at " + PercentEncode(path, /*keep_slash=*/true),
              "Send SQL to /query.");
}

Problem WrongMethod(const std::string& method) {
  Problem problem =
      Make(405, "METHOD_NOT_ALLOWED", method + " is not understood here", "Use GET or POST.");
  problem.headers.emplace_back("Allow", "GET, POST, OPTIONS");
  return problem;
}

Problem BodyTooLarge(uint64_t bytes_max) {
  return Make(413, "EXHAUSTED",
              fmt::format("the body is larger than this server's limit of {} bytes", bytes_max),
              "Split it into several requests.");
}

Problem CannotExpect() {
  return Make(417, "UNSUPPORTED", "only 100-continue can be expected here", "");
}

Problem HeaderTooLarge(uint64_t bytes_max) {
  return Make(431, "EXHAUSTED",
              fmt::format("the header is larger than this server's limit of {} bytes", bytes_max),
              "Send long SQL in the body of a POST.");
}

Problem TooBusy(const std::string& limit) {
  Problem problem =
      Make(503, "UNAVAILABLE", "the server is at its limit of " + limit, "Try again in a second.");
  problem.retryable = true;
  problem.headers.emplace_back("Retry-After", "1");
  return problem;
}

Problem TookTooLong(int64_t ms_max) {
  return Make(408, "EXHAUSTED",
              fmt::format("the query was cancelled after this server's limit of {} ms", ms_max),
              "Ask for less.");
}

Problem ShuttingDown() {
  Problem problem =
      Make(503, "UNAVAILABLE", "the server is shutting down", "Try again, it may be back soon.");
  problem.retryable = true;
  problem.headers.emplace_back("Retry-After", "1");
  return problem;
}

bool WantsText(const WebRequest& request) {
  const auto accept = request.header("Accept");
  return accept && accept->find("text/plain") != std::string_view::npos &&
         accept->find("json") == std::string_view::npos;
}

}  // namespace duckpond
