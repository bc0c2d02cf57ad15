// SPDX-License-Identifier: MIT
//
// Google Cloud Storage's S3 door: it ignores If-None-Match and If-Match on writes and says 200. Its
// own conditions (x-goog-if-generation-match) are another protocol.
#include "store/s3_vendors/vendor.h"

namespace duckpond {
namespace {

void Adjust(std::string_view host, std::string_view, S3Quirks* quirks) {
  if (!IsHostIn(host, "storage.googleapis.com")) return;
  quirks->vendor = "GCS";
  quirks->price_name = "gcs";
  quirks->default_region = "auto";
  quirks->refusal =
      "Google Cloud Storage ignores the conditions of S3's writes, so that writers would lose each "
      "other's commits: keep the pond on AWS S3, R2, Tigris, MinIO, Ceph or in a directory; what "
      "was copied to Google's can be read there";
}

}  // namespace

const S3Vendor kGoogle{.adjust = Adjust};

}  // namespace duckpond
