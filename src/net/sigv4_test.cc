// SPDX-License-Identifier: MIT
#include "net/sigv4.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

namespace duckpond {
namespace {

std::string HeaderOf(const SigV4Request& request, std::string_view name) {
  for (const HttpHeader& header : request.headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

std::string SignatureOf(const SigV4Request& request) {
  const std::string text = HeaderOf(request, "Authorization");
  constexpr std::string_view kBefore = "Signature=";
  const size_t place = text.find(kBefore);
  return place == std::string::npos ? text : text.substr(place + kBefore.size());
}

// AWS's published test suite: one key, one moment, service "service".
std::string SuiteSignature(SigV4Request request) {
  constexpr int64_t kMomentUs = 1'440'938'160'000'000;  // 20150830T123600Z
  request.host = "example.amazonaws.com";
  request.payload_hash = PayloadHash("");
  SignV4({"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""},
         {.region = "us-east-1", .service = "service"}, kMomentUs, &request);
  return SignatureOf(request);
}

SigV4Request Request(std::string method, std::string path,
                     std::vector<std::pair<std::string, std::string>> query = {},
                     std::vector<HttpHeader> headers = {}) {
  SigV4Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.query = std::move(query);
  request.headers = std::move(headers);
  return request;
}

TEST(SigV4Test, PublishedSuiteOfPathsAndQueries) {
  const std::string unreserved =
      "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  EXPECT_EQ(SuiteSignature(Request("GET", "/")),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_EQ(SuiteSignature(Request("GET", "/ሴ")),
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
  EXPECT_EQ(SuiteSignature(Request("GET", "/" + unreserved)),
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f");
  EXPECT_EQ(SuiteSignature(Request("GET", "/", {{"Param2", "value2"}, {"Param1", "value1"}})),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  EXPECT_EQ(SuiteSignature(Request("GET", "/", {{"Param1", "value1"}})),
            "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb");
  EXPECT_EQ(SuiteSignature(Request("GET", "/", {{unreserved, unreserved}})),
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197");
  EXPECT_EQ(SuiteSignature(Request("POST", "/")),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  EXPECT_EQ(SuiteSignature(Request("POST", "/", {{"Param1", "value1"}})),
            "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11");
}

TEST(SigV4Test, PublishedSuiteOfHeaders) {
  EXPECT_EQ(SuiteSignature(Request("GET", "/", {},
                                   {{"My-Header1", "value4"},
                                    {"My-Header1", "value1"},
                                    {"My-Header1", "value3"},
                                    {"My-Header1", "value2"}})),
            "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01");
  EXPECT_EQ(SuiteSignature(Request(
                "GET", "/", {},
                {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}})),
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");
  EXPECT_EQ(SuiteSignature(Request("GET", "/", {},
                                   {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}})),
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
  EXPECT_EQ(SuiteSignature(Request("POST", "/", {}, {{"My-Header1", "value1"}})),
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c");
  EXPECT_EQ(SuiteSignature(Request("POST", "/", {}, {{"My-Header1", "VALUE1"}})),
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d");
}

// The examples of S3's own documentation of signing.
std::string S3ExampleSignature(SigV4Request request, std::string_view body) {
  constexpr int64_t kMomentUs = 1'369'353'600'000'000;  // 20130524T000000Z
  request.host = "examplebucket.s3.amazonaws.com";
  request.payload_hash = PayloadHash(body);
  SignV4({"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""},
         {.region = "us-east-1", .service = "s3"}, kMomentUs, &request);
  return SignatureOf(request);
}

TEST(SigV4Test, PublishedExamplesOfS3) {
  EXPECT_EQ(S3ExampleSignature(Request("GET", "/test.txt", {}, {{"Range", "bytes=0-9"}}), ""),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(S3ExampleSignature(Request("PUT", "/test$file.text", {},
                                       {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                        {"x-amz-storage-class", "REDUCED_REDUNDANCY"}}),
                               "Welcome to Amazon S3."),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  EXPECT_EQ(S3ExampleSignature(Request("GET", "/", {{"lifecycle", ""}}), ""),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(S3ExampleSignature(Request("GET", "/", {{"max-keys", "2"}, {"prefix", "J"}}), ""),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

std::string Text(simdjson::dom::element element, const char* name) {
  return std::string(std::string_view(element[name]));
}

// One line of tests/golden/sigv4/cases.json, which make_cases.py writes with botocore.
void CheckGoldenCase(simdjson::dom::element golden) {
  SigV4Request request = Request(Text(golden, "method"), Text(golden, "path"));
  request.host = Text(golden, "host");
  for (const auto pair : simdjson::dom::array(golden["query"])) {
    request.query.emplace_back(std::string_view(pair.at(0)), std::string_view(pair.at(1)));
  }
  for (const auto pair : simdjson::dom::array(golden["headers"])) {
    request.headers.push_back(
        {std::string(std::string_view(pair.at(0))), std::string(std::string_view(pair.at(1)))});
  }
  request.payload_hash = bool(golden["unsigned"]) ? std::string(kUnsignedPayload)
                                                  : PayloadHash(std::string_view(golden["body"]));
  SignV4({Text(golden, "access_key_id"), Text(golden, "secret_access_key"),
          Text(golden, "session_token")},
         {.region = Text(golden, "region"), .service = Text(golden, "service")},
         int64_t(golden["time_s"]) * 1'000'000, &request);
  EXPECT_EQ(EncodedTarget(request), Text(golden, "target"));
  EXPECT_EQ(HeaderOf(request, "Authorization"), Text(golden, "authorization"));
}

TEST(SigV4Test, GeneratedRequestsAreSignedAsBotocoreSignsThem) {
  simdjson::dom::parser parser;
  const auto cases = simdjson::dom::array(parser.load(DUCKPOND_GOLDEN_DIR "/sigv4/cases.json"));
  ASSERT_GE(cases.size(), 200u);
  for (const auto golden : cases) {
    CheckGoldenCase(golden);
    if (testing::Test::HasFailure()) FAIL() << "in the case " << golden;
  }
}

TEST(SigV4Test, SecretKeyIsNotPartOfWhatIsSent) {
  SigV4Request request = Request("GET", "/");
  request.host = "example.amazonaws.com";
  request.payload_hash = PayloadHash("");
  SignV4({"ID", "THESECRET", "THETOKEN"}, {.region = "r", .service = "s3"}, 0, &request);
  for (const HttpHeader& header : request.headers) {
    EXPECT_EQ(header.value.find("THESECRET"), std::string::npos) << header.name;
  }
  EXPECT_EQ(HeaderOf(request, "X-Amz-Security-Token"), "THETOKEN");
}

}  // namespace
}  // namespace duckpond
