// SPDX-License-Identifier: MIT
#include "store/s3_options.h"

#include <gtest/gtest.h>

#include <map>

namespace duckpond {
namespace {

using Variables = std::map<std::string, std::string>;

EnvironmentLookup Lookup(Variables variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

S3Options With(Variables variables) {
  S3Options options;
  options.environment = Lookup(std::move(variables));
  return options;
}

std::string Located(const std::string& url, const S3Options& options) {
  const auto place = LocateS3(url, options);
  if (!place.ok()) return std::string(CodeName(place.status().code()));
  return place->scheme + "://" + place->HostIn(place->region) + place->PathOf(place->prefix + "k") +
         " " + place->region;
}

TEST(S3OptionsTest, BucketIsAHostOfAwsUnlessItsNameHasADot) {
  EXPECT_EQ(Located("s3://bucket", With({})),
            "https://bucket.s3.us-east-1.amazonaws.com/k us-east-1");
  EXPECT_EQ(Located("s3://bucket/a b/c/", With({{"AWS_REGION", "eu-west-1"}})),
            "https://bucket.s3.eu-west-1.amazonaws.com/a b/c/k eu-west-1");
  EXPECT_EQ(Located("s3://my.bucket/p", With({{"AWS_DEFAULT_REGION", "cn-north-1"}})),
            "https://s3.cn-north-1.amazonaws.com.cn/my.bucket/p/k cn-north-1");
}

TEST(S3OptionsTest, OwnEndpointMeansPathStyleUnlessSaidOtherwise) {
  EXPECT_EQ(Located("s3://bucket/p", With({{"S3_ENDPOINT", "http://127.0.0.1:9000/"}})),
            "http://127.0.0.1:9000/bucket/p/k us-east-1");
  EXPECT_EQ(Located("s3://bucket", With({{"S3_ENDPOINT", "https://s3.example:443/base"},
                                         {"S3_USE_PATH_STYLE", "false"}})),
            "https://bucket.s3.example/base/k us-east-1");
  EXPECT_EQ(Located("s3://bucket", With({{"S3_USE_PATH_STYLE", "true"}})),
            "https://s3.us-east-1.amazonaws.com/bucket/k us-east-1");
  EXPECT_EQ(Located("s3://bucket", With({{"S3_USE_PATH_STYLE", "perhaps"}})), "INVALID");
}

TEST(S3OptionsTest, EndpointSaidCloserWins) {
  Variables variables = {{"S3_ENDPOINT", "http://third"}};
  EXPECT_EQ(Located("s3://bucket", With(variables)), "http://third/bucket/k us-east-1");
  variables["AWS_ENDPOINT_URL"] = "http://second";
  EXPECT_EQ(Located("s3://bucket", With(variables)), "http://second/bucket/k us-east-1");
  variables["AWS_ENDPOINT_URL_S3"] = "http://first";
  EXPECT_EQ(Located("s3://bucket", With(variables)), "http://first/bucket/k us-east-1");
  S3Options options = With(variables);
  options.endpoint = "own:8080";
  options.use_tls = false;
  options.region = "here";
  options.path_style = false;
  EXPECT_EQ(Located("s3://bucket", options), "http://bucket.own:8080/k here");
}

TEST(S3OptionsTest, WhatCannotBeABucketOrAnEndpointIsInvalid) {
  for (const char* url :
       {"http://bucket", "s3://", "s3:///key", "s3://ab", "s3://bucket?x/p", "s3://buc ket",
        "s3://bucket/a//b", "s3://bucket/../x", "s3://bucket/.duckpond", "s3://user:pw@bucket/x"}) {
    EXPECT_EQ(Located(url, With({})), "INVALID") << url;
  }
  EXPECT_EQ(Located("s3://bucket/" + std::string(200, 'x'), With({})), "INVALID");
  for (const char* endpoint : {"ftp://host", "http://", "http://:80", "http://host/?q",
                               "http://a b", "http://user:password@host", "http://host/%2e"}) {
    EXPECT_EQ(Located("s3://bucket", With({{"S3_ENDPOINT", endpoint}})), "INVALID") << endpoint;
  }
  EXPECT_EQ(Located("s3://bucket", With({{"AWS_REGION", "x.evil.example/"}})), "INVALID");
  EXPECT_EQ(Located("s3://bucket--x-s3", With({})), "INVALID");
}

TEST(S3OptionsTest, PasswordInAnEndpointIsNotRepeated) {
  const auto place = LocateS3("s3://bucket", With({{"S3_ENDPOINT", "http://user:password@host"}}));
  EXPECT_EQ(place.status().message().find("password"), std::string::npos);
}

TEST(S3OptionsTest, DirectoryBucketsAreReachedInTheirZone) {
  EXPECT_EQ(Located("s3://b--use1-az4--x-s3", With({})),
            "https://b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com/k us-east-1");
}

TEST(S3OptionsTest, VendorsAreKnownByTheirHosts) {
  const auto r2 =
      LocateS3("s3://bucket", With({{"S3_ENDPOINT", "https://id.r2.cloudflarestorage.com"}}));
  ASSERT_TRUE(r2.ok());
  EXPECT_EQ(r2->region, "auto");
  EXPECT_EQ(r2->quirks.swaps_per_second_max, 1);
  const auto tigris = LocateS3("s3://bucket", With({{"S3_ENDPOINT", "https://t3.storage.dev"}}));
  ASSERT_TRUE(tigris.ok());
  ASSERT_EQ(tigris->quirks.headers.size(), 1u);
  EXPECT_EQ(tigris->quirks.headers[0].name, "X-Tigris-Consistent");
  const auto other =
      LocateS3("s3://bucket", With({{"S3_ENDPOINT", "https://notr2.cloudflarestorage.com.x"}}));
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(other->quirks.vendor, "S3");
}

}  // namespace
}  // namespace duckpond
