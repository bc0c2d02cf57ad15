// SPDX-License-Identifier: MIT
#include "store/process_caches.h"

#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include "store/disk_cache.h"
#include "store/memory_cache.h"

namespace duckpond {
namespace {

// Larger parts are of data files, whose readers keep them as long as there is memory
// (sql/kept_chunks.h); one of them would push out all else.
constexpr uint64_t kPartBytesMax = 512 * 1024;

// Of one kind, by what tells them apart. Weak: a cache ends with its last user.
template <class Key, class Cache>
class Shared {
 public:
  template <class Make>
  Result<std::shared_ptr<Cache>> Get(const Key& key, Make make) {
    std::lock_guard lock(mutex_);
    if (auto open = caches_[key].lock()) return open;
    Result<std::shared_ptr<Cache>> made = make();
    if (made.ok()) caches_[key] = *made;
    return made;
  }

 private:
  std::mutex mutex_;
  std::map<Key, std::weak_ptr<Cache>> caches_;  // Guarded by mutex_.
};

}  // namespace

std::string DefaultCacheFolder(const EnvironmentLookup& environment) {
  if (const auto caches = environment("XDG_CACHE_HOME")) return *caches + "/duckpond";
  const auto home = environment("HOME");
  return home ? *home + "/.cache/duckpond" : "";
}

Result<CachingObjectStore::Caches> ProcessCaches(Env& env, const CacheOptions& options) {
  // Never destroyed: a store may outlive the statics of other files.
  static auto* memory = new Shared<std::pair<Env*, uint64_t>, MemoryCache>();
  static auto* disk = new Shared<std::tuple<Env*, std::string, uint64_t>, DiskCache>();
  CachingObjectStore::Caches caches;
  if (options.memory_bytes_max > 0) {
    using Made = Result<std::shared_ptr<MemoryCache>>;
    ASSIGN_OR_RETURN(auto cache, memory->Get({&env, options.memory_bytes_max}, [&]() -> Made {
      return std::make_shared<MemoryCache>(options.memory_bytes_max, kPartBytesMax);
    }));
    caches.push_back(std::move(cache));
  }
  if (!options.folder.empty() && options.disk_bytes_max > 0) {
    auto cache = disk->Get({&env, options.folder, options.disk_bytes_max}, [&] {
      return DiskCache::Open(env, options.folder, options.disk_bytes_max);
    });
    if (cache.ok()) {
      caches.push_back(*std::move(cache));
    } else if (!options.folder_may_fail) {
      return cache.error();
    }
  }
  return caches;
}

}  // namespace duckpond
