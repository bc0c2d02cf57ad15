// SPDX-License-Identifier: MIT
#include "server/auth.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace duckpond {
namespace {

WebRequest With(const std::string& name, const std::string& value) {
  WebRequest request;
  request.headers = {{name, value}};
  return request;
}

TEST(Authenticator, TakesTheTokenInThreeForms) {
  const Authenticator auth("s3cret:with:colons");
  EXPECT_TRUE(auth.Admits(With("Authorization", "Bearer s3cret:with:colons")));
  EXPECT_TRUE(auth.Admits(With("authorization", "bearer  s3cret:with:colons")));
  EXPECT_TRUE(auth.Admits(With("x-api-key", "s3cret:with:colons")));
  EXPECT_TRUE(
      auth.Admits(With("Authorization", "Basic " + Base64Encode("anybody:s3cret:with:colons"))));
  EXPECT_TRUE(auth.Admits(With("Authorization", "Basic " + Base64Encode(":s3cret:with:colons"))));
}

TEST(Authenticator, RefusesEverythingElse) {
  const Authenticator auth("token");
  EXPECT_FALSE(auth.Admits(WebRequest{}));
  for (const char* value : {"", "Bearer", "Bearer ", "Bearer tok", "Bearer tokens", "Bearer TOKEN",
                            "token", "Digest token", "Basic token", "Basic !!!!", "Bearertoken"}) {
    EXPECT_FALSE(auth.Admits(With("Authorization", value))) << value;
  }
  EXPECT_FALSE(auth.Admits(With("Authorization", "Basic " + Base64Encode("token"))));
  EXPECT_FALSE(auth.Admits(With("Authorization", "Basic " + Base64Encode("token:"))));
  EXPECT_FALSE(auth.Admits(With("X-API-Key", "")));
}

TEST(Authenticator, WithoutATokenAdmitsAllButPagesOfOtherSites) {
  const Authenticator auth("");
  EXPECT_TRUE(auth.Admits(WebRequest{}));
  EXPECT_FALSE(auth.IsForeignPage(WebRequest{}));
  WebRequest page = With("Origin", "http://evil.example");
  page.headers.emplace_back("Host", "127.0.0.1:8081");
  EXPECT_TRUE(auth.IsForeignPage(page));
  page.headers[0].second = "http://127.0.0.1:8081";
  EXPECT_FALSE(auth.IsForeignPage(page));
  EXPECT_FALSE(Authenticator("token").IsForeignPage(With("Origin", "http://evil.example")));
}

TEST(Authenticator, WithoutATokenBelievesTheBrowser) {
  const Authenticator open("");
  for (const char* site : {"cross-site", "same-site", "whatever"}) {
    EXPECT_TRUE(open.IsForeignPage(With("Sec-Fetch-Site", site))) << site;
  }
  for (const char* site : {"same-origin", "none"}) {
    EXPECT_FALSE(open.IsForeignPage(With("Sec-Fetch-Site", site))) << site;
  }
  EXPECT_TRUE(open.IsForeignPage(With("Origin", "null")));
}

TEST(Authenticator, APageOfAnotherSiteCannotUseARememberedPassword) {
  const Authenticator auth("token");
  WebRequest request = With("Authorization", "Basic " + Base64Encode("a:token"));
  EXPECT_FALSE(auth.IsForeignPage(request));
  request.headers.emplace_back("Host", "here.example");
  request.headers.emplace_back("Origin", "https://here.example");
  EXPECT_FALSE(auth.IsForeignPage(request));
  request.headers.back().second = "https://evil.example";
  EXPECT_TRUE(auth.IsForeignPage(request));
  request.headers[0].second = "Bearer token";
  EXPECT_FALSE(auth.IsForeignPage(request)) << "no browser sends that by itself";
}

TEST(IsLocalHost, IsTrueForAddressesAndLocalhostOnly) {
  for (const char* host : {"localhost", "LOCALHOST:8081", "127.0.0.1", "10.0.0.7:80", "[::1]:80"}) {
    EXPECT_TRUE(IsLocalHost(host)) << host;
  }
  for (const char* host :
       {"", ":80", "evil.example", "localhost.evil.example:80", "127.0.0.1.evil"}) {
    EXPECT_FALSE(IsLocalHost(host)) << host;
  }
}

TEST(MakeToken, GivesAnotherOneEachTime) {
  SeededRandom random(1);
  const std::string one = MakeToken(random);
  EXPECT_EQ(one.size(), 40u);
  EXPECT_NE(one, MakeToken(random));
}

}  // namespace
}  // namespace duckpond
