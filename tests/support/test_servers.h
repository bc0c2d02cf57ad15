// SPDX-License-Identifier: MIT
//
// Where scripts/setup has put the servers of the tests, and how a developer names others.
//
// Threads:  as the environment: not while it is changed.
#pragma once

#include <string>

namespace duckpond {

// An environment variable, or "".
std::string TestVariable(const char* name);

// What `variable` names, or `below` in the folder of scripts/setup: $DUCKPOND_DEV_CACHE, or
// ~/.cache/duckpond-dev.
std::string TestServerPath(const char* variable, const std::string& below);

}  // namespace duckpond
