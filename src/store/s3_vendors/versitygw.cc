// SPDX-License-Identifier: MIT
//
// versitygw over a directory: "a" and "a/b" cannot both be objects, and the folder of a new object
// may go with its last one at that moment.
#include "store/s3_vendors/vendor.h"

namespace duckpond {

const S3Vendor kVersitygw{.impossible_keys = {"ObjectParentIsFile", "DirectoryObjectContainsData"},
                          .folder_in_the_way = "ExistingObjectIsDirectory"};

}  // namespace duckpond
