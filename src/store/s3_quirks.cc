// SPDX-License-Identifier: MIT
#include "store/s3_quirks.h"

#include <algorithm>
#include <array>

namespace duckpond {
namespace {

constexpr size_t kRegionBytesMax = 64;
constexpr StoreTraits::Prices kAwsPrices{.put = 5e-6, .get = 0.4e-6, .list = 5e-6, .read_gb = 0.09};
constexpr StoreTraits::Prices kR2Prices{.put = 4.5e-6, .get = 0.36e-6, .list = 4.5e-6};

bool IsHostIn(std::string_view host, std::string_view domain) {
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

}  // namespace

S3Quirks QuirksOf(std::string_view host) {
  S3Quirks quirks;
  quirks.vendor = "S3";
  quirks.default_region = "us-east-1";
  quirks.prices = kAwsPrices;
  if (IsHostIn(host, "r2.cloudflarestorage.com")) {
    quirks.vendor = "R2";
    quirks.default_region = "auto";
    quirks.swaps_per_second_max = 1;
    quirks.prices = kR2Prices;
  } else if (IsHostIn(host, "fly.storage.tigris.dev") || IsHostIn(host, "t3.storage.dev")) {
    quirks.vendor = "Tigris";
    quirks.default_region = "auto";
    // Without it, a bucket that lives in several regions answers with what it had a moment ago.
    quirks.headers.push_back({"X-Tigris-Consistent", "true"});
  } else if (IsHostIn(host, "storage.googleapis.com")) {
    quirks.vendor = "GCS";
    quirks.default_region = "auto";
    quirks.swaps_per_second_max = 1;
  } else {
    quirks.swaps_per_second_max = IsHostIn(host, "amazonaws.com") ? 15 : 0;
  }
  return quirks;
}

bool IsRegionName(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !name.empty() && name.size() <= kRegionBytesMax &&
         std::all_of(name.begin(), name.end(), allowed);
}

std::string AwsHost(std::string_view service, std::string_view region) {
  const std::string_view domain = region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return std::string(service) + "." + std::string(region) + "." + std::string(domain);
}

Status CheckBucketKind(std::string_view bucket) {
  if (bucket.ends_with("--x-s3")) {
    return Status::Unsupported("bucket " + std::string(bucket) +
                               " is a directory bucket (S3 Express), which is not offered yet");
  }
  return Status::Ok();
}

bool IsImpossibleKey(std::string_view error_code) {
  // Servers that keep objects as files cannot have "a" and "a/b" at the same time.
  constexpr std::array<std::string_view, 3> kCodes = {
      "ObjectParentIsFile", "DirectoryObjectContainsData", "XMinioParentIsObject"};
  return std::find(kCodes.begin(), kCodes.end(), error_code) != kCodes.end();
}

bool IsFolderInTheWay(std::string_view error_code) {
  // versitygw: the folder was removed with its last object while the new one was put there.
  return error_code == "ExistingObjectIsDirectory";
}

}  // namespace duckpond
