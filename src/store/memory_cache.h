// SPDX-License-Identifier: MIT
//
// MemoryCache: a PartCache in memory. The parts that were not used for the longest time go first.
//
// Invariants:  1. bytes() <= bytes_max.  2. No part of an object covers another.
// Cost:        a lookup in the object's few parts; a range that is not a whole part is copied.
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include "store/part_cache.h"

namespace duckpond {

class MemoryCache final : public PartCache {
 public:
  // Larger parts than `part_bytes_max` are not kept.
  explicit MemoryCache(uint64_t bytes_max, uint64_t part_bytes_max = UINT64_MAX)
      : bytes_max_(bytes_max), part_bytes_max_(std::min(part_bytes_max, bytes_max)) {}

  std::optional<CachedPart> Find(const std::string& name, const ByteRange& range) override;
  void Insert(const std::string& name, const CachedPart& part) override;
  void Forget(const std::string& name) override;

  // What is kept, names and bookkeeping included.
  uint64_t bytes() const;

 private:
  struct Entry {
    std::string name;
    CachedPart part;
  };
  using Entries = std::list<Entry>;
  using Parts = std::map<uint64_t, Entries::iterator>;  // By offset.

  static uint64_t BytesOf(const Entry& entry);
  // Removes what `entry` replaces; false if there is a part that makes it needless.
  bool MakePlaceFor(const Entry& entry);
  void Remove(Entries::iterator entry);
  void RemoveAll(const std::string& name);

  const uint64_t bytes_max_;
  const uint64_t part_bytes_max_;
  mutable std::mutex mutex_;
  Entries entries_;  // Guarded by mutex_, as are the next; the one that was used last comes first.
  std::unordered_map<std::string, Parts> objects_;
  uint64_t bytes_ = 0;
};

}  // namespace duckpond
