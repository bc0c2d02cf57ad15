// SPDX-License-Identifier: MIT
//
// Cloudflare R2: one region; one write of a key a second, then 429; 412 also for a swap of a
// missing key; what is read costs nothing.
#include "store/s3_vendors/vendor.h"

namespace duckpond {
namespace {

void Adjust(std::string_view host, std::string_view, S3Quirks* quirks) {
  if (!IsHostIn(host, "r2.cloudflarestorage.com")) return;
  quirks->vendor = "R2";
  quirks->price_name = "r2";
  quirks->default_region = "auto";
  quirks->swaps_per_second_max = 1;
}

}  // namespace

const S3Vendor kCloudflare{.adjust = Adjust};

}  // namespace duckpond
