// SPDX-License-Identifier: MIT
//
// S3Options: what may be said about a bucket, by a URL, a DuckDB secret, or the environment; and
// S3Place: what follows from it, the one place that a store talks to.
//
// Threads:   values.
// Secrets:   `keys` are in no message.
// Errors:    kInvalid, saying which setting is wrong; kUnsupported for a bucket we cannot talk to.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/http_client.h"
#include "net/sigv4.h"
#include "store/credentials.h"
#include "store/s3_quirks.h"
#include "store/server_clock.h"

namespace duckpond {

// All may be left out. What is said here wins over the environment, which wins over the files.
struct S3Options {
  // "https://host[:port][/path]", or "host[:port]" with `use_tls`. Else AWS_ENDPOINT_URL_S3,
  // AWS_ENDPOINT_URL, S3_ENDPOINT, the profile's endpoint_url, or AWS's own of the region.
  std::string endpoint;
  bool use_tls = true;  // For an endpoint that names no scheme.
  // Else AWS_REGION, AWS_DEFAULT_REGION, the profile's, or the vendor's default.
  std::string region;
  // https://host/bucket/key instead of https://bucket.host/key. Else S3_USE_PATH_STYLE, or true for
  // any endpoint but AWS's own and for buckets with a dot, whose certificate would not match.
  std::optional<bool> path_style;

  AwsKeys keys;         // Of a secret. Else `credentials`, or what FindCredentials finds.
  std::string profile;  // Of the shared files.
  std::shared_ptr<CredentialsProvider> credentials;

  // Objects of twice this size and more are uploaded in parts (store/s3_upload.h). A part keeps a
  // connection busy for a good part of a second, and of 120 MB makes four: less would cost more
  // requests and gain no time.
  uint64_t part_bytes = uint64_t{32} << 20;

  std::shared_ptr<HttpClient> http;    // Else one of the store's own.
  std::shared_ptr<ServerClock> clock;  // The same.
  EnvironmentLookup environment = ProcessEnvironment;
};

struct S3Place {
  std::string bucket;
  std::string prefix;     // Empty, or ends with '/'.
  std::string scheme;     // "https" or "http".
  std::string host;       // With the port if it is not the scheme's own. Empty for AWS's own.
  std::string base_path;  // Before the bucket or key: empty, or starts with '/'.
  std::string region;     // Where to start; the bucket may turn out to live elsewhere.
  bool path_style = true;
  S3Quirks quirks;

  // The Host header in `in_region`, and the path of a key.
  std::string HostIn(const std::string& in_region) const;
  std::string PathOf(const std::string& full_key) const;
};

// `url` is "s3://bucket" or "s3://bucket/prefix"; nothing in it is decoded.
Result<S3Place> LocateS3(const std::string& url, const S3Options& options);

// Fills in the credentials, HTTP client and clock that `options` leaves out: keys are those of the
// options, else what FindCredentials finds. Makes no request. Errors: kInvalid, kUnsupported as
// FindCredentials.
Status FindAccess(Env& env, S3Options& options);

}  // namespace duckpond
