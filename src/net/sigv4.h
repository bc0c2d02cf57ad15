// SPDX-License-Identifier: MIT
//
// SigV4: AWS Signature Version 4 in the Authorization header, for S3 and for services whose path is
// always "/". Checked against AWS's published vectors and botocore's signer (tests/golden/sigv4).
//
// Example:
//   SigV4Request request{.method = "GET", .host = "b.s3.us-east-1.amazonaws.com", .path = "/a b"};
//   SignV4(keys, {.region = "us-east-1", .service = "s3"}, clock.NowUs(), &request);
//   // request.headers now has X-Amz-Date, X-Amz-Content-Sha256, Authorization, …; the URL to send
//   // it to is "https://" + request.host + EncodedTarget(request).
//
// Threads:   pure functions.
// Units:     times in microseconds since the Unix epoch, UTC.
// Secrets:   keys are never part of a message; nothing here prints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_message.h"

namespace duckpond {

struct AwsKeys {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // Empty for long-lived keys.
};

struct SigningScope {
  std::string region;
  std::string service;
};

struct SigV4Request {
  std::string method;
  std::string host;  // As the Host header will have it: without the scheme's default port.
  std::string path;  // Starts with '/'; not encoded.
  std::vector<std::pair<std::string, std::string>> query;  // Not encoded; any order.
  // All of them are signed. Signing appends to them.
  std::vector<HttpHeader> headers;
  // In hexadecimal; PayloadHash() of the body, or kUnsignedPayload.
  std::string payload_hash;
};

// In place of a body's hash, where TLS alone is trusted to keep the body whole.
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

std::string PayloadHash(std::string_view body);

// Path and query as they go on the wire, encoded just as they are signed.
std::string EncodedTarget(const SigV4Request& request);

// Appends X-Amz-Date, X-Amz-Content-Sha256 (for service "s3"), X-Amz-Security-Token (if there is
// one) and Authorization.
void SignV4(const AwsKeys& keys, const SigningScope& scope, int64_t now_us, SigV4Request* request);

}  // namespace duckpond
