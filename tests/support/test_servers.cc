// SPDX-License-Identifier: MIT
#include "tests/support/test_servers.h"

#include <cstdlib>

namespace duckpond {

std::string TestVariable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string TestServerPath(const char* variable, const std::string& below) {
  if (std::string named = TestVariable(variable); !named.empty()) return named;
  std::string cache = TestVariable("DUCKPOND_DEV_CACHE");
  if (cache.empty()) cache = TestVariable("HOME") + "/.cache/duckpond-dev";
  return cache + "/" + below;
}

}  // namespace duckpond
