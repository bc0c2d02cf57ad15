// SPDX-License-Identifier: MIT
//
// AWS S3: the others are measured by it. 409 is a write under way, 404 a swap of a missing key.
#include "store/s3_vendors/vendor.h"

namespace duckpond {
namespace {

void Adjust(std::string_view host, std::string_view, S3Quirks* quirks) {
  if (IsHostIn(host, "amazonaws.com") || IsHostIn(host, "amazonaws.com.cn")) {
    quirks->swaps_per_second_max = 15;
  }
}

}  // namespace

const S3Vendor kAws{.adjust = Adjust};

}  // namespace duckpond
