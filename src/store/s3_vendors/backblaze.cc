// SPDX-License-Identifier: MIT
//
// Backblaze B2: the region is part of the host's name. Conditions are answered 501 NotImplemented,
// which the proof refuses; reading works.
#include "store/s3_vendors/vendor.h"

namespace duckpond {
namespace {

void Adjust(std::string_view host, std::string_view, S3Quirks* quirks) {
  if (!IsHostIn(host, "backblazeb2.com")) return;
  quirks->vendor = "B2";
  quirks->price_name = "b2";
  // "s3.us-west-004.backblazeb2.com"
  constexpr std::string_view kStart = "s3.";
  if (!host.starts_with(kStart)) return;
  host.remove_prefix(kStart.size());
  const std::string_view region = host.substr(0, host.find('.'));
  if (IsRegionName(region)) quirks->default_region = region;
}

}  // namespace

const S3Vendor kBackblaze{.adjust = Adjust};

}  // namespace duckpond
