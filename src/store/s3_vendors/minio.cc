// SPDX-License-Identifier: MIT
//
// MinIO: ignores If-Match on DELETE, on which nothing relies. Releases before 2025-09-07 let a swap
// of a missing key succeed (minio/minio#21526), and the one of 2025-09-06 refuses creations.
// Servers that say their release are refused by it; the others have the proof to pass.
#include "store/s3_vendors/vendor.h"

namespace duckpond {
namespace {

std::string_view Defect(std::string_view server) {
  constexpr std::string_view kName = "minio/release.";
  constexpr std::string_view kFirstGood = "2025-09-07";
  if (!server.starts_with(kName)) return "";
  const std::string_view date = server.substr(kName.size(), kFirstGood.size());
  return date < kFirstGood
             ? "is older than RELEASE.2025-09-07, and lets a swap of a missing object "
               "succeed or refuses creations: update it"
             : "";
}

}  // namespace

const S3Vendor kMinio{.defect = Defect, .impossible_keys = {"XMinioParentIsObject"}};

}  // namespace duckpond
