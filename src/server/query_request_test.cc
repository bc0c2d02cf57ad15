// SPDX-License-Identifier: MIT
#include "server/query_request.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

WebRequest Post(const std::string& target, const std::string& body, WebFields headers = {}) {
  WebRequest request;
  request.method = "POST";
  EXPECT_TRUE(ParseTarget(target, request).ok());
  request.headers = std::move(headers);
  request.body = body;
  return request;
}

QueryRequest Parsed(const WebRequest& request) {
  auto parsed = ParseQueryRequest(request);
  if (auto* problem = std::get_if<Problem>(&parsed)) ADD_FAILURE() << problem->message;
  return std::get<QueryRequest>(std::move(parsed));
}

Problem Refused(const WebRequest& request) {
  auto parsed = ParseQueryRequest(request);
  EXPECT_TRUE(std::holds_alternative<Problem>(parsed));
  return std::get<Problem>(std::move(parsed));
}

TEST(ParseTarget, DecodesPathAndParametersInTheirOrder) {
  WebRequest request;
  ASSERT_TRUE(ParseTarget("/query?q=select%20%27a%2Bb%27+x&empty=&flag&&a=1=2", request).ok());
  EXPECT_EQ(request.path, "/query");
  EXPECT_EQ(request.parameter("q"), "select 'a+b' x");
  EXPECT_EQ(request.parameter("empty"), "");
  EXPECT_EQ(request.parameter("flag"), "");
  EXPECT_EQ(request.parameter("a"), "1=2");
  EXPECT_EQ(request.parameter("b"), std::nullopt);
}

TEST(ParseTarget, LeavesOutTheServersNameIfItIsThere) {
  for (const auto& [target, path] : {std::pair("http://host:80/query?q=a://b", "/query"),
                                     {"http://host?q=a://b", "/"},
                                     {"/query?q=a://b", "/query"}}) {
    WebRequest request;
    ASSERT_TRUE(ParseTarget(target, request).ok());
    EXPECT_EQ(request.path, path);
    EXPECT_EQ(request.parameter("q"), "a://b");
  }
}

TEST(ParseTarget, RefusesABrokenEscape) {
  for (const char* target : {"/%", "/%4", "/query?q=%zz", "/query?q=%2"}) {
    WebRequest request;
    EXPECT_EQ(ParseTarget(target, request).code(), StatusCode::kInvalid) << target;
  }
}

TEST(QueryRequest, TakesSqlFromTheBodyThenFromTheUrl) {
  EXPECT_EQ(Parsed(Post("/query", "SELECT 1")).sql, "SELECT 1");
  EXPECT_EQ(Parsed(Post("/query?q=SELECT+2", "SELECT 1")).sql, "SELECT 1");
  EXPECT_EQ(Parsed(Post("/query?q=SELECT+2&query=SELECT+3", "")).sql, "SELECT 3");
  EXPECT_EQ(Parsed(Post("/?q=SELECT+2", "")).sql, "SELECT 2");
  EXPECT_EQ(Refused(Post("/query", " ;\n")).status, 400);
}

TEST(QueryRequest, TakesTheFormatFromTheFirstPlaceThatNamesIt) {
  EXPECT_EQ(Parsed(Post("/", "SELECT 1")).format, ResultFormat::kJsonEachRow);
  EXPECT_EQ(Parsed(Post("/", "SELECT 1", {{"format", "CSV"}})).format, ResultFormat::kCsv);
  EXPECT_EQ(
      Parsed(Post("/", "SELECT 1", {{"format", "CSV"}, {"x-clickhouse-format", "JSON"}})).format,
      ResultFormat::kJson);
  EXPECT_EQ(Parsed(Post("/?default_format=JSONCompact", "SELECT 1", {{"format", "CSV"}})).format,
            ResultFormat::kJsonCompact);
  const Problem problem = Refused(Post("/?default_format=Yaml", "SELECT 1"));
  EXPECT_EQ(problem.status, 400);
  EXPECT_NE(problem.message.find("Yaml"), std::string::npos);
  EXPECT_NE(problem.hint.find("JSONEachRow"), std::string::npos);
}

TEST(QueryRequest, RefusesBytesThatAreNotUtf8) {
  EXPECT_EQ(Refused(Post("/", "SELECT '\xff'")).status, 400);
  EXPECT_EQ(Refused(Post("/?q=SELECT+%27%FF%27", "")).status, 400);
  EXPECT_EQ(Refused(Post("/?param_x=%FF", "SELECT $x")).status, 400);
  const Problem name = Refused(Post("/?param_%FF=x", "SELECT 1"));
  EXPECT_EQ(name.message.find('\xff'), std::string::npos);
  EXPECT_EQ(Parsed(Post("/", "SELECT 'é'")).sql, "SELECT 'é'");
}

TEST(QueryRequest, RefusesSqlThatTheParserWouldNotReadToItsEnd) {
  EXPECT_EQ(Refused(Post("/", std::string("SELECT 1\0; SELECT 2", 19))).status, 400);
  EXPECT_EQ(Refused(Post("/?q=SELECT+1%00", "")).status, 400);
}

TEST(QueryRequest, HowNewTheAnswerIs) {
  const auto reading = [](const std::string& parameters) {
    return Parsed(Post("/?" + parameters, "SELECT 1")).run.reading;
  };
  EXPECT_FALSE(reading("").consistency.has_value());
  EXPECT_EQ(reading("consistency=cached").consistency->kind, Consistency::Kind::kCached);
  EXPECT_EQ(reading("freshness=1.5").consistency->age_us, 1'500'000);
  EXPECT_EQ(reading("min_version=18").min_version, 18u);
  for (const char* wrong :
       {"consistency=now", "consistency=%FF", "freshness=", "freshness=1s", "freshness=-1",
        "consistency=latest&freshness=1", "min_version=-1", "min_version=1.5", "min_version="}) {
    EXPECT_EQ(Refused(Post("/?" + std::string(wrong), "SELECT 1")).status, 400) << wrong;
  }
}

TEST(QueryRequest, AGetOnlyReadsAndParametersKeepTheirNames) {
  WebRequest get = Post("/?q=SELECT+$x&param_x=5&param_y=6", "");
  get.method = "GET";
  const QueryRequest query = Parsed(get);
  EXPECT_TRUE(query.run.only_reads);
  EXPECT_EQ(query.run.parameters,
            (std::vector<std::pair<std::string, std::string>>{{"x", "5"}, {"y", "6"}}));
  EXPECT_FALSE(Parsed(Post("/", "SELECT 1")).run.only_reads);
}

}  // namespace
}  // namespace duckpond
