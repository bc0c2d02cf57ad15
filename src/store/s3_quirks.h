// SPDX-License-Identifier: MIT
//
// S3Quirks: in what the vendors of S3 differ from AWS, all in one place (docs/provider-compat.md
// tells people). Nothing outside s3_quirks.cc names a vendor.
//
// Threads:  pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/http_message.h"
#include "store/object_store.h"

namespace duckpond {

struct S3Quirks {
  std::string vendor;          // For messages.
  std::string default_region;  // What its requests are signed for when nobody says.
  // Sent with every request, and signed.
  std::vector<HttpHeader> headers;
  double swaps_per_second_max = 0;  // 0 when no limit is known.
  StoreTraits::Prices prices;
};

// By the endpoint's host name, without a port. A host that is nobody's has AWS's quirks and prices.
S3Quirks QuirksOf(std::string_view host);

// Whether `name` may be one: it becomes part of host names, so nothing else is let through.
bool IsRegionName(std::string_view name);

// The host of one of AWS's own services ("s3", "sts") in a region.
std::string AwsHost(std::string_view service, std::string_view region);

// Errors: kUnsupported for a bucket of a kind that answers to another protocol of sign-in.
Status CheckBucketKind(std::string_view bucket);

// Whether a 409 with this error code says that the key can never be written, rather than that
// somebody else writes it now.
bool IsImpossibleKey(std::string_view error_code);
// Whether it says that the server's own files were in the way for a moment: nothing was written,
// and the same request may succeed next.
bool IsFolderInTheWay(std::string_view error_code);

}  // namespace duckpond
