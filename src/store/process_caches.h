// SPDX-License-Identifier: MIT
//
// ProcessCaches: the caches that the stores of a process share, by what was asked for: whoever asks
// with equal options is given the same ones.
//
// Threads:   any.
// Lifetime:  shared; a cache ends with its last user.
#pragma once

#include <cstdint>
#include <string>

#include "base/env.h"
#include "base/result.h"
#include "net/http_settings.h"
#include "store/caching_store.h"

namespace duckpond {

struct CacheOptions {
  uint64_t memory_bytes_max = uint64_t{32} << 20;  // 0 for none.
  std::string folder;                              // Empty for none.
  bool folder_may_fail = false;                    // Then it is as if it were empty.
  uint64_t disk_bytes_max = uint64_t{1} << 30;     // 0 for none.
};

// The folder for those who name none: duckpond in XDG_CACHE_HOME or in ~/.cache; empty without a
// home.
std::string DefaultCacheFolder(const EnvironmentLookup& environment = ProcessEnvironment);

// Errors: kInvalid – the folder cannot be used: see DiskCache::Open.
Result<CachingObjectStore::Caches> ProcessCaches(Env& env, const CacheOptions& options);

}  // namespace duckpond
