// SPDX-License-Identifier: MIT
//
// RewriteLongOptions: "-json" becomes "--json" before the option parser sees it, which would take
// it for -j -s -o -n. Values of options and what follows "--" stay as they are.
#pragma once

#include <string>
#include <vector>

namespace duckpond {

std::vector<std::string> RewriteLongOptions(const std::vector<std::string>& arguments);

}  // namespace duckpond
