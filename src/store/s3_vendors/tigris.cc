// SPDX-License-Identifier: MIT
//
// Tigris: a bucket that lives in several regions answers with what it had a moment ago, unless each
// request says otherwise.
#include "store/s3_vendors/vendor.h"

namespace duckpond {
namespace {

void Adjust(std::string_view host, std::string_view, S3Quirks* quirks) {
  if (!IsHostIn(host, "fly.storage.tigris.dev") && !IsHostIn(host, "t3.storage.dev")) return;
  quirks->vendor = "Tigris";
  quirks->price_name = "tigris";
  quirks->default_region = "auto";
  quirks->headers.push_back({"X-Tigris-Consistent", "true"});
}

}  // namespace

const S3Vendor kTigris{.adjust = Adjust};

}  // namespace duckpond
