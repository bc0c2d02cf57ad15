// SPDX-License-Identifier: MIT
#include "server/answer_tag.h"

#include <gtest/gtest.h>

#include <set>

namespace duckpond {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

QueryRequest Request() {
  QueryRequest request;
  request.sql = "FROM t";
  request.run.note_answer = true;
  return request;
}

std::string CacheControl(Consistency consistency, int64_t age_us) {
  const WebFields fields = CacheFields(Request(), consistency, ReadVersion{7, 1, age_us, "UTC"});
  return fields.at(1).second;
}

TEST(AnswerTag, EachThingThatWasAskedOrReadMakesAnother) {
  const ReadVersion read{7, 1, 0, "UTC"};
  QueryRequest sql = Request();
  sql.sql = "FROM u";
  QueryRequest csv = Request();
  csv.format = ResultFormat::kCsv;
  QueryRequest value = Request();
  value.run.parameters = {{"a", "b"}};
  QueryRequest other = Request();
  other.run.parameters = {{"ab", ""}};
  const std::set<std::string> tags = {TagOf(Request(), read),
                                      TagOf(sql, read),
                                      TagOf(csv, read),
                                      TagOf(value, read),
                                      TagOf(other, read),
                                      TagOf(Request(), {8, 1, 0, "UTC"}),
                                      TagOf(Request(), {7, 2, 0, "UTC"}),
                                      TagOf(Request(), {7, 1, 0, "CET"})};
  EXPECT_EQ(tags.size(), 8U);
  EXPECT_EQ(TagOf(Request(), {7, 1, 5, "UTC"}), TagOf(Request(), read)) << "of whatever age";
}

TEST(AnswerTag, IfNoneMatchIsAListOfWeakOrStrongTags) {
  const std::string tag = "W/\"7-ab\"";
  for (const char* list : {"W/\"7-ab\"", "\"7-ab\"", "\"x\", W/\"7-ab\"", " \"7-ab\" ,\"x\""}) {
    EXPECT_TRUE(HasTag(list, tag)) << list;
  }
  for (const char* list : {"", "*", "\"7-a\"", "7-ab", ",", "W/", "\"7-ab"}) {
    EXPECT_FALSE(HasTag(list, tag)) << list;
  }
}

TEST(AnswerTag, AnAnswerLivesAsLongAsTheRequestAllowedLessItsAge) {
  using Kind = Consistency::Kind;
  EXPECT_EQ(CacheControl({Kind::kLatest, {}}, 0), "no-cache");
  EXPECT_EQ(CacheControl({Kind::kBounded, 60 * kSecondUs}, 0), "max-age=60");
  EXPECT_EQ(CacheControl({Kind::kBounded, 60 * kSecondUs}, kSecondUs / 2), "max-age=59");
  EXPECT_EQ(CacheControl({Kind::kBounded, 60 * kSecondUs}, 99 * kSecondUs), "max-age=0");
  EXPECT_EQ(CacheControl({Kind::kBounded, {}}, 0), "max-age=10");
  EXPECT_EQ(CacheControl({Kind::kCached, 60 * kSecondUs}, 0),
            "max-age=60, stale-while-revalidate=86400");
  EXPECT_EQ(CacheControl({Kind::kCached, {}}, 0), "max-age=0, stale-while-revalidate=86400");
}

TEST(AnswerTag, WhatMayNotBeKeptSaysSo) {
  const ReadVersion read{7, 1, 0, "UTC"};
  QueryRequest posted = Request();
  posted.run.note_answer = false;
  EXPECT_TRUE(CacheFields(posted, {}, read).empty());
  const WebFields passing = {{"Cache-Control", "no-store"}};
  EXPECT_EQ(CacheFields(Request(), {}, std::nullopt), passing);
  QueryRequest own = Request();
  own.has_token = true;
  EXPECT_EQ(CacheFields(own, {}, read).at(1).second, "private, no-cache");
}

}  // namespace
}  // namespace duckpond
