// SPDX-License-Identifier: MIT
//
// Emulators for tests that pass a single-handed test and lose races all the same: moto (served by
// Werkzeug) and s3rver.
#include "store/s3_vendors/vendor.h"

namespace duckpond {
namespace {

std::string_view Defect(std::string_view server) {
  const bool known = server.find("werkzeug") != std::string_view::npos ||
                     server.find("s3rver") != std::string_view::npos;
  return known ? "is known to let two writers win the same race" : "";
}

}  // namespace

const S3Vendor kEmulators{.defect = Defect};

}  // namespace duckpond
