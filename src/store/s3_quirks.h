// SPDX-License-Identifier: MIT
//
// S3Quirks: in what a place differs from AWS's S3, as the rest of the store needs to know it. Which
// vendor differs how is in s3_vendors/, a file each (docs/provider-compat.md tells people).
//
// Threads:  pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/http_message.h"

namespace duckpond {

struct S3Quirks {
  std::string vendor = "S3";                 // For messages.
  std::string default_region = "us-east-1";  // What its requests are signed for when nobody says.
  // Sent with every request, and signed.
  std::vector<HttpHeader> headers = {};
  double swaps_per_second_max = 0;  // 0 when no limit is known.
  std::string price_name = "s3";    // In price lists (store/prices.h).
  // Why nothing may be written there, and what to do instead; empty where one may write.
  std::string refusal = {};

  // Of directory buckets.
  std::string zone = {};  // Part of the host's name.
  std::string signing_service = "s3";
  std::string session_header = {};  // Where the session's token goes; empty for no sessions.
  bool can_append = false;
  bool lists_whole_folders = false;  // A prefix that ends within a name finds nothing.
};

// By the endpoint's host name, without a port, and the bucket. A host that is nobody's has AWS's
// quirks and prices.
S3Quirks QuirksOf(std::string_view host, std::string_view bucket);

// Why a server that calls itself so loses commits though it may pass a single-handed test; empty if
// nothing is known against it.
std::string_view KnownDefect(std::string_view server_header);

// Whether `name` may be one: it becomes part of host names, so nothing else is let through.
bool IsRegionName(std::string_view name);

// The host of one of AWS's own services ("s3", "sts") in a region.
std::string AwsHost(std::string_view service, std::string_view region);

// Errors: kInvalid for a bucket whose name promises a kind that it does not describe.
Status CheckBucketKind(std::string_view bucket);

// Whether a 409 with this error code says that the key can never be written, rather than that
// somebody else writes it now.
bool IsImpossibleKey(std::string_view error_code);
// Whether it says that the server's own files were in the way for a moment: nothing was written,
// and the same request may succeed next.
bool IsFolderInTheWay(std::string_view error_code);

}  // namespace duckpond
