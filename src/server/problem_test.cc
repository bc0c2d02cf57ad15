// SPDX-License-Identifier: MIT
#include "server/problem.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

int StatusFor(StatusCode code, Blame blame, bool only_reads = false) {
  return ProblemOfStatement(Status(code, "m"), blame, only_reads).status;
}

TEST(Problem, SaysByItsStatusWhoCanDoSomething) {
  EXPECT_EQ(StatusFor(StatusCode::kInvalid, Blame::kStatement), 400);
  EXPECT_EQ(StatusFor(StatusCode::kNotFound, Blame::kStatement), 400);
  EXPECT_EQ(StatusFor(StatusCode::kExists, Blame::kStatement), 400);
  EXPECT_EQ(StatusFor(StatusCode::kUnsupported, Blame::kStatement), 400);
  EXPECT_EQ(StatusFor(StatusCode::kExhausted, Blame::kStatement), 400);
  EXPECT_EQ(StatusFor(StatusCode::kConflict, Blame::kStatement), 409);
  EXPECT_EQ(StatusFor(StatusCode::kUnknown, Blame::kStore), 504);
  EXPECT_EQ(StatusFor(StatusCode::kUnavailable, Blame::kStore), 503);
  EXPECT_EQ(StatusFor(StatusCode::kFenced, Blame::kStore), 503);
  EXPECT_EQ(StatusFor(StatusCode::kCorrupt, Blame::kStore), 500);
  EXPECT_EQ(StatusFor(StatusCode::kInvalid, Blame::kStore), 500);
  EXPECT_EQ(StatusFor(StatusCode::kExhausted, Blame::kStore), 507);
  EXPECT_EQ(StatusFor(StatusCode::kInternal, Blame::kInternal), 500);
  EXPECT_EQ(StatusFor(StatusCode::kInvalid, Blame::kPolicy), 403);
  EXPECT_EQ(StatusFor(StatusCode::kInvalid, Blame::kPolicy, /*only_reads=*/true), 405);
}

TEST(Problem, OnlyWhatMayBeRunAgainAsItIsIsRetryable) {
  EXPECT_TRUE(ProblemOfStatement(Status::Conflict("m"), Blame::kStatement, false).retryable);
  EXPECT_TRUE(ProblemOfStatement(Status::Unavailable("m"), Blame::kStore, false).retryable);
  EXPECT_FALSE(ProblemOfStatement(Status::Unknown("m"), Blame::kStore, false).retryable);
  EXPECT_FALSE(ProblemOfStatement(Status::Invalid("m"), Blame::kStatement, false).retryable);
}

TEST(Problem, NothingInvitesToRepeatWhatWasCommittedInPart) {
  for (const Status& status : {Status::Conflict("m"), Status::Unavailable("m")}) {
    const Problem problem =
        AfterCommits(ProblemOfStatement(status, Blame::kStore, /*only_reads=*/false));
    EXPECT_EQ(problem.status, 504);
    EXPECT_EQ(problem.code, CodeName(status.code()));
    EXPECT_FALSE(problem.retryable);
    EXPECT_EQ(problem.hint.find("again."), problem.hint.size() - 6) << problem.hint;
    EXPECT_EQ(problem.hint.find("Run the request"), std::string::npos);
    EXPECT_TRUE(problem.headers.empty());
  }
  const Problem wrong =
      AfterCommits(ProblemOfStatement(Status::Invalid("m"), Blame::kStatement, false));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_NE(wrong.hint.find("do not send all of it again"), std::string::npos);
}

TEST(Problem, IsJsonOrTextAsTheClientAsks) {
  const Problem problem = BadRequest("bad \"thing\"", "do better");
  EXPECT_EQ(problem.ToAnswer(false).body,
            "{\"error\":{\"code\":\"INVALID\",\"message\":\"bad \\\"thing\\\"\","
            "\"hint\":\"do better\",\"retryable\":false}}\n");
  EXPECT_EQ(problem.ToAnswer(true).body, "bad \"thing\"\ndo better\n");
  WebRequest request;
  EXPECT_FALSE(WantsText(request));
  request.headers = {{"Accept", "text/plain"}};
  EXPECT_TRUE(WantsText(request));
  request.headers = {{"Accept", "application/json, text/plain, */*"}};
  EXPECT_FALSE(WantsText(request));
}

TEST(Problem, BusyAndUnavailableSayWhenToTryAgain) {
  const auto has = [](const Problem& problem, const std::string& name) {
    for (const auto& [key, value] : problem.headers) {
      if (key == name) return !value.empty();
    }
    return false;
  };
  EXPECT_TRUE(has(TooBusy("3 connections"), "Retry-After"));
  EXPECT_TRUE(has(ShuttingDown(), "Retry-After"));
  EXPECT_TRUE(
      has(ProblemOfStatement(Status::Unavailable("m"), Blame::kStore, false), "Retry-After"));
  EXPECT_TRUE(has(Unauthorized(), "WWW-Authenticate"));
  EXPECT_TRUE(has(WrongMethod("PUT"), "Allow"));
}

}  // namespace
}  // namespace duckpond
