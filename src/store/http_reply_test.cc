// SPDX-License-Identifier: MIT
//
// How old an answer may be, as its headers say. (Parts and ranges are tested through the stores.)
#include "store/http_reply.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kNowUs = 784'111'777 * kSecondUs;  // Sun, 06 Nov 1994 08:49:37 GMT

HttpReply Reply(std::vector<HttpHeader> headers) { return {200, std::move(headers), {}}; }

// In seconds.
int64_t Age(std::vector<HttpHeader> headers) {
  const int64_t age_us = AgeOf(Reply(std::move(headers)), kNowUs);
  EXPECT_EQ(age_us % kSecondUs, 0);
  return age_us / kSecondUs;
}

TEST(HttpDateTest, OneFormIsADate) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), kNowUs);
  EXPECT_EQ(ParseHttpDate("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  EXPECT_EQ(ParseHttpDate("Thu, 29 Feb 2024 23:59:59 GMT"), 1'709'251'199 * kSecondUs);
  for (const char* text : {"", "yesterday", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 CET",
                           "Sun, 30 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Noo 1994 08:49:37 GMT"}) {
    EXPECT_EQ(ParseHttpDate(text), std::nullopt) << text;
  }
}

TEST(CacheControlTest, DirectivesAreReadHoweverTheyAreWritten) {
  const CacheControl control = ParseCacheControl(
      Reply({{"cache-control", "public,Max-Age = 60 , stale-while-revalidate=\"30\""},
             {"cache-control", "s-maxage=90,stale-if-error=10"}}));
  EXPECT_FALSE(control.must_ask);
  EXPECT_EQ(control.max_age_us, 60 * kSecondUs);
  EXPECT_EQ(control.shared_max_age_us, 90 * kSecondUs);
  EXPECT_EQ(control.stale_while_revalidate_us, 30 * kSecondUs);
  EXPECT_EQ(control.stale_if_error_us, 10 * kSecondUs);
  EXPECT_EQ(control.Lifetime(), 120 * kSecondUs);
}

TEST(CacheControlTest, WhatIsNoTimeIsNotTakenForOne) {
  for (const char* text : {"", "max-age", "max-age=", "max-age=-1", "max-age=1.5", "max-age=soon",
                           "immutable, public", ",,,", "=5", "maxage=5"}) {
    const CacheControl control = ParseCacheControl(Reply({{"cache-control", text}}));
    EXPECT_EQ(control.Lifetime(), std::nullopt) << text;
  }
  const auto huge = ParseCacheControl(Reply({{"cache-control", "max-age=99999999999999999999"}}));
  EXPECT_EQ(huge.Lifetime(), (int64_t{1} << 31) * kSecondUs);
  EXPECT_EQ(ParseCacheControl(Reply({{"cache-control", "max-age=5, no-cache"}})).Lifetime(), 0);
  EXPECT_EQ(ParseCacheControl(Reply({{"cache-control", "no-store"}})).Lifetime(), 0);
}

TEST(AgeTest, ACacheThatSaysSoIsBelieved) {
  EXPECT_EQ(Age({{"age", "7"}}), 7);
  EXPECT_EQ(Age({{"age", "7"}, {"cache-control", "max-age=60"}}), 7);
  EXPECT_EQ(Age({{"age", "100"}, {"cache-control", "max-age=60"}}), 100);
  EXPECT_EQ(Age({{"age", "0"}, {"date", "Sun, 06 Nov 1994 07:49:37 GMT"}}), 0);
}

TEST(AgeTest, WithoutAgeItIsAsOldAsACacheMayMakeIt) {
  EXPECT_EQ(Age({}), 0);
  EXPECT_EQ(Age({{"cache-control", "no-cache"}}), 0);
  EXPECT_EQ(Age({{"cache-control", "max-age=60"}}), 60);
  EXPECT_EQ(Age({{"cache-control", "max-age=60, stale-while-revalidate=600"}}), 660);
  EXPECT_EQ(Age({{"age", "old"}, {"cache-control", "max-age=60"}}), 60);
}

TEST(AgeTest, ADateInThePastMakesItOlderNeverYounger) {
  EXPECT_EQ(Age({{"date", "Sun, 06 Nov 1994 08:49:37 GMT"}}), 0);
  EXPECT_EQ(Age({{"date", "Sun, 06 Nov 1994 08:49:36 GMT"}}), 0);
  EXPECT_EQ(Age({{"date", "Sun, 06 Nov 1994 08:48:37 GMT"}}), 60);
  EXPECT_EQ(Age({{"date", "Sun, 06 Nov 1994 09:49:37 GMT"}}), 0) << "a clock that is ahead";
  EXPECT_EQ(Age({{"date", "Sun, 06 Nov 1994 08:49:37 GMT"}, {"cache-control", "max-age=9"}}), 9);
}

}  // namespace
}  // namespace duckpond
