// SPDX-License-Identifier: MIT
//
// The listing of store/local_store.h: the files below a directory in the order of their keys, a
// page at a time, reading only folders that can hold a key of the page.
#pragma once

#include <optional>
#include <string>

#include "store/object_store.h"

namespace duckpond {

// Regular files below the directory `root` whose keys start with `prefix` and come after `token`.
// Cost: blocks for one readdir and stat per entry of each folder on the way.
Result<ListReply> ListFiles(int root, const std::string& prefix,
                            const std::optional<std::string>& token);

}  // namespace duckpond
