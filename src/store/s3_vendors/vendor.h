// SPDX-License-Identifier: MIT
//
// S3Vendor: what one vendor of S3 does otherwise, each in a file of its own. store/s3_quirks.h is
// where the rest of the store asks.
//
// Threads:  constants and pure functions.
#pragma once

#include <array>
#include <string_view>

#include "store/s3_quirks.h"

namespace duckpond {

struct S3Vendor {
  // Changes `quirks` if the place is this vendor's; may be null.
  void (*adjust)(std::string_view host, std::string_view bucket, S3Quirks* quirks) = nullptr;
  // What is known against a server that calls itself so, in lower case; may be null.
  std::string_view (*defect)(std::string_view server) = nullptr;
  // Error codes, see s3_quirks.h; empty for none.
  std::array<std::string_view, 2> impossible_keys = {};
  std::string_view folder_in_the_way = {};
};

extern const S3Vendor kAws;
extern const S3Vendor kAwsExpress;
extern const S3Vendor kBackblaze;
extern const S3Vendor kCloudflare;
extern const S3Vendor kEmulators;
extern const S3Vendor kGoogle;
extern const S3Vendor kMinio;
extern const S3Vendor kTigris;
extern const S3Vendor kVersitygw;

// Whether `host` is `domain` or below it.
bool IsHostIn(std::string_view host, std::string_view domain);

}  // namespace duckpond
