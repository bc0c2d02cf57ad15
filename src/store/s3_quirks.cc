// SPDX-License-Identifier: MIT
#include "store/s3_quirks.h"

#include <algorithm>
#include <array>

#include "store/s3_vendors/vendor.h"

namespace duckpond {
namespace {

constexpr size_t kRegionBytesMax = 64;

// AWS first: what it sets holds for everybody who does not say otherwise.
const std::array<const S3Vendor*, 9> kVendors = {&kAws,        &kAwsExpress, &kBackblaze,
                                                 &kCloudflare, &kEmulators,  &kGoogle,
                                                 &kMinio,      &kTigris,     &kVersitygw};

}  // namespace

bool IsHostIn(std::string_view host, std::string_view domain) {
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

S3Quirks QuirksOf(std::string_view host, std::string_view bucket) {
  S3Quirks quirks;
  for (const S3Vendor* vendor : kVendors) {
    if (vendor->adjust != nullptr) vendor->adjust(host, bucket, &quirks);
  }
  return quirks;
}

std::string_view KnownDefect(std::string_view server_header) {
  std::string server(server_header);
  for (char& c : server) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const S3Vendor* vendor : kVendors) {
    if (vendor->defect == nullptr) continue;
    if (const std::string_view defect = vendor->defect(server); !defect.empty()) return defect;
  }
  return {};
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
  if (!bucket.ends_with("--x-s3") || !QuirksOf("", bucket).zone.empty()) return Status::Ok();
  return Status::Invalid("bucket " + std::string(bucket) +
                         " is no directory bucket: their names are name--zone--x-s3");
}

bool IsImpossibleKey(std::string_view error_code) {
  return !error_code.empty() &&
         std::any_of(kVendors.begin(), kVendors.end(), [error_code](const S3Vendor* vendor) {
           const auto& codes = vendor->impossible_keys;
           return std::find(codes.begin(), codes.end(), error_code) != codes.end();
         });
}

bool IsFolderInTheWay(std::string_view error_code) {
  return !error_code.empty() &&
         std::any_of(kVendors.begin(), kVendors.end(), [error_code](const S3Vendor* vendor) {
           return vendor->folder_in_the_way == error_code;
         });
}

}  // namespace duckpond
