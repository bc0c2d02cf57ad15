// SPDX-License-Identifier: MIT
#include "base/encoding.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace duckpond {
namespace {

std::string RandomBytes(Random& random, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(random.Next()));
  return bytes;
}

TEST(EncodingTest, Base64MatchesTheVectorsOfRfc4648) {
  EXPECT_EQ(Base64Encode(""), "");
  EXPECT_EQ(Base64Encode("f"), "Zg==");
  EXPECT_EQ(Base64Encode("fo"), "Zm8=");
  EXPECT_EQ(Base64Encode("foobar"), "Zm9vYmFy");
}

TEST(EncodingTest, EveryFormReadsBack) {
  SeededRandom random(7);
  for (size_t size = 0; size < 200; ++size) {
    const std::string bytes = RandomBytes(random, size);
    EXPECT_EQ(*Base64Decode(Base64Encode(bytes)), bytes);
    EXPECT_EQ(*HexDecode(HexEncode(bytes)), bytes);
    EXPECT_EQ(*PercentDecode(PercentEncode(bytes, size % 2 == 0)), bytes);
  }
}

TEST(EncodingTest, TextThatNoEncoderWritesIsRefused) {
  for (const char* text : {"Zg=", "Zg", "Z===", "Zh==", "Zm9=", "Z g=", "=Zg=", "Zg==Zg=="}) {
    EXPECT_EQ(Base64Decode(text).status().code(), StatusCode::kInvalid) << text;
  }
  for (const char* text : {"0", "0x", "zz"}) {
    EXPECT_EQ(HexDecode(text).status().code(), StatusCode::kInvalid) << text;
  }
  for (const char* text : {"%", "%1", "%zz", "abc%2"}) {
    EXPECT_EQ(PercentDecode(text).status().code(), StatusCode::kInvalid) << text;
  }
}

TEST(EncodingTest, PercentKeepsSlashOnlyWhenAsked) {
  EXPECT_EQ(PercentEncode("a/b c=é", true), "a/b%20c%3D%C3%A9");
  EXPECT_EQ(PercentEncode("a/b", false), "a%2Fb");
}

}  // namespace
}  // namespace duckpond
