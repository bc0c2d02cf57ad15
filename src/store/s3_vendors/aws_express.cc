// SPDX-License-Identifier: MIT
//
// AWS S3 Express One Zone: directory buckets, named "base--zone--x-s3". Requests go to the zone's
// own host and are signed with keys of a session; objects can be appended to, 10,000 times at most;
// a listing is in no order and knows whole folders only.
#include "store/s3_vendors/vendor.h"

namespace duckpond {
namespace {

constexpr std::string_view kSuffix = "--x-s3";

void Adjust(std::string_view, std::string_view bucket, S3Quirks* quirks) {
  if (!bucket.ends_with(kSuffix)) return;
  bucket.remove_suffix(kSuffix.size());
  const size_t zone = bucket.rfind("--");
  if (zone == std::string_view::npos) return;  // CheckBucketKind refuses it.
  quirks->vendor = "S3 Express";
  quirks->price_name = "s3-express";
  quirks->zone = bucket.substr(zone + 2);
  quirks->signing_service = "s3express";
  quirks->session_header = "x-amz-s3session-token";
  quirks->can_append = true;
  quirks->lists_whole_folders = true;
  quirks->swaps_per_second_max = 70;
}

}  // namespace

const S3Vendor kAwsExpress{.adjust = Adjust};

}  // namespace duckpond
