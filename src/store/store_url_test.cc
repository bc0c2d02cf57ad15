// SPDX-License-Identifier: MIT
#include "store/store_url.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

using Kind = StoreUrl::Kind;

void ExpectUrl(std::string_view url, Kind kind, std::string_view place, std::string_view prefix) {
  const auto parsed = ParseStoreUrl(url);
  ASSERT_TRUE(parsed.ok()) << url << ": " << parsed.status().ToString();
  EXPECT_EQ(parsed->kind, kind) << url;
  EXPECT_EQ(parsed->place, place) << url;
  EXPECT_EQ(parsed->prefix, prefix) << url;
}

void ExpectRefused(std::string_view url, StatusCode code, std::string_view advice) {
  const auto parsed = ParseStoreUrl(url);
  ASSERT_FALSE(parsed.ok()) << url;
  EXPECT_EQ(parsed.error().code(), code) << url;
  EXPECT_NE(parsed.error().message().find(advice), std::string::npos) << parsed.error().ToString();
}

TEST(StoreUrlTest, PathsAndFileUrlsNameDirectories) {
  ExpectUrl("./dir", Kind::kDirectory, "./dir", "");
  ExpectUrl("/dir/sub dir", Kind::kDirectory, "/dir/sub dir", "");
  ExpectUrl("dir", Kind::kDirectory, "dir", "");
  ExpectUrl("./a:b", Kind::kDirectory, "./a:b", "");
  ExpectUrl("50%", Kind::kDirectory, "50%", "");
  ExpectUrl("file:///dir/a%20b", Kind::kDirectory, "/dir/a b", "");
  ExpectUrl("file://localhost/dir", Kind::kDirectory, "/dir", "");
  ExpectUrl("file:/dir", Kind::kDirectory, "/dir", "");
  ExpectUrl("FILE:///dir", Kind::kDirectory, "/dir", "");
}

TEST(StoreUrlTest, MemoryMayHaveAName) {
  ExpectUrl("memory:", Kind::kMemory, "", "");
  ExpectUrl("memory:name", Kind::kMemory, "name", "");
}

TEST(StoreUrlTest, S3NamesABucketAndMaybeAPrefix) {
  ExpectUrl("s3://bucket", Kind::kS3, "bucket", "");
  ExpectUrl("s3://bucket/", Kind::kS3, "bucket", "");
  ExpectUrl("s3://my.bucket-1/a/b c", Kind::kS3, "my.bucket-1", "a/b c");
  ExpectUrl("s3://bucket/a/", Kind::kS3, "bucket", "a");
  ExpectUrl("dynamodb://my.table-1/a/b", Kind::kDynamo, "my.table-1", "a/b");
}

TEST(StoreUrlTest, HttpIsTakenAsItStands) {
  ExpectUrl("https://host/dir/", Kind::kHttp, "https://host/dir", "");
  ExpectUrl("HTTP://127.0.0.1:8080", Kind::kHttp, "http://127.0.0.1:8080", "");
}

TEST(StoreUrlTest, RefusalsTeachTheRightForm) {
  ExpectRefused("", StatusCode::kInvalid, "s3://bucket/prefix");
  ExpectRefused("s3://", StatusCode::kInvalid, "s3://bucket");
  ExpectRefused("s3:///prefix", StatusCode::kInvalid, "names no bucket");
  ExpectRefused("s3://bucket//x", StatusCode::kInvalid, "empty segment");
  ExpectRefused("s3://bucket/../x", StatusCode::kInvalid, "segment");
  ExpectRefused("file://host/dir", StatusCode::kInvalid, "file:///dir");
  ExpectRefused("file:", StatusCode::kInvalid, "names no directory");
  ExpectRefused("ftp://host/dir", StatusCode::kInvalid, "unknown scheme \"ftp:\"");
  ExpectRefused("https://", StatusCode::kInvalid, "https://host/path");
  ExpectRefused("https://host/dir?list", StatusCode::kInvalid, "takes no parameters");
  ExpectRefused("gs://bucket", StatusCode::kUnsupported, "s3://bucket/prefix");
  ExpectRefused("dynamodb:///prefix", StatusCode::kInvalid, "names no table");
}

TEST(StoreUrlTest, SecretInABucketNameIsNotRepeated) {
  const auto parsed = ParseStoreUrl("s3://KEY:SECRET@bucket/prefix");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().message().find("SECRET"), std::string::npos);
}

TEST(StoreUrlTest, WhatMayBeASecretIsInNoMessage) {
  for (const char* url :
       {"http://user:SECRET@host/path", "https://user:SE/CRET@host", "gopher://SECRET@host",
        "gopher:user:SECRET@host", "dynamodb://KEY:SECRET@table", "gs://bucket/x?key=SECRET",
        "az://account/box?sig=SECRET#SECRET", "ftp://host/dir?SECRET@SECRET",
        "file://user:SECRET@host/dir", "s3:///user:SECRET@bucket",
        "s3://bucket/prefix?secret_access_key=SECRET"}) {
    const auto parsed = ParseStoreUrl(url);
    ASSERT_FALSE(parsed.ok()) << url;
    EXPECT_EQ(parsed.error().message().find("CRET"), std::string::npos)
        << parsed.error().ToString();
  }
  const auto parsed = ParseStoreUrl("ftp://user:SECRET@host/path?key=SECRET");
  EXPECT_NE(parsed.error().message().find("ftp://…@host/path?…"), std::string::npos)
      << parsed.error().ToString();
}

TEST(StoreUrlTest, NamedMemoryIsSharedAndUnnamedIsNot) {
  Env& env = Env::Process();
  const auto put = [&env](const std::string& url) {
    const auto store = OpenStore(env, url, {});
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    const auto reply =
        Block(env.executor, (*store)->Put({}, "k", Bytes("x"), PutCondition::IfAbsent()));
    return reply->state;
  };
  EXPECT_EQ(put("memory:store-url-test"), PutReply::State::kWritten);
  EXPECT_EQ(put("memory:store-url-test"), PutReply::State::kConflict);
  EXPECT_EQ(put("memory:"), PutReply::State::kWritten);
  EXPECT_EQ(put("memory:"), PutReply::State::kWritten);
}

TEST(StoreUrlTest, TheSecondDoorIsHttp) {
  OpenOptions options;
  options.cdn = "https://host/pond";
  EXPECT_TRUE(OpenStore(Env::Process(), "memory:", options).ok());
  options.cdn = "s3://bucket";
  const auto store = OpenStore(Env::Process(), "memory:", options);
  EXPECT_EQ(store.status().code(), StatusCode::kInvalid);
  EXPECT_NE(store.status().message().find("the CDN"), std::string::npos);
}

TEST(StoreUrlTest, UnknownLatencyProfileIsInvalidAndListsTheKnown) {
  OpenOptions options;
  options.latency = "moon";
  const auto store = OpenStore(Env::Process(), "memory:", options);
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code(), StatusCode::kInvalid);
  EXPECT_NE(store.error().message().find("s3-express"), std::string::npos);
}

}  // namespace
}  // namespace duckpond
