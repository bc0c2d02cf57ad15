// SPDX-License-Identifier: MIT
//
// Problem: why a request was not answered, and how that is said over HTTP:
// {"error":{"code","message","hint","retryable"}}, or plain text for clients that ask for text.
//
// Statuses:  4xx when the client can do something about it, 5xx when it cannot. 409 – somebody else
//            was first: run it again. 504 – a change may or may not have happened, or a part of the
//            request has.
#pragma once

#include <string>

#include "base/status.h"
#include "server/web_message.h"
#include "sql/engine_session.h"

namespace duckpond {

struct Problem {
  int status = 500;
  std::string code;  // A Status code's name, or HTTP's own: "UNAUTHORIZED".
  std::string message;
  std::string hint;
  bool retryable = false;
  WebFields headers;  // Retry-After, Allow, WWW-Authenticate.

  WebAnswer ToAnswer(bool as_text) const;
};

// For a statement that failed. `only_reads`: the request was a GET.
Problem ProblemOfStatement(const Status& status, Blame blame, bool only_reads);

// The same failure of a request that has committed something before: who sent all of it again would
// do that twice, so nothing in the answer may invite to it.
Problem AfterCommits(Problem problem);

Problem BadRequest(std::string message, std::string hint);
Problem Unauthorized();
Problem ForeignPage();
Problem StrangeHost();
Problem NoSuchPath(const std::string& path);
Problem WrongMethod(const std::string& method);
Problem BodyTooLarge(uint64_t bytes_max);
Problem CannotExpect();
Problem HeaderTooLarge(uint64_t bytes_max);
Problem TooBusy(const std::string& limit);
Problem TookTooLong(int64_t ms_max);
Problem ShuttingDown();

// Whether the request's Accept header prefers text to JSON.
bool WantsText(const WebRequest& request);

}  // namespace duckpond
