// SPDX-License-Identifier: MIT
#include "store/memory_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "base/check.h"

namespace duckpond {
namespace {

// The two nodes, the entry in the map and what the allocator adds.
constexpr uint64_t kEntryOverheadBytes = 256;

}  // namespace

uint64_t MemoryCache::BytesOf(const Entry& entry) {
  return entry.part.bytes.size() + entry.part.tag.value.size() + 2 * entry.name.size() +
         kEntryOverheadBytes;
}

std::optional<CachedPart> MemoryCache::Find(const std::string& name, const ByteRange& range) {
  std::lock_guard lock(mutex_);
  const auto object = objects_.find(name);
  if (object == objects_.end()) return std::nullopt;
  // Parts may overlap, so that the nearest before need not be the one.
  auto after = object->second.upper_bound(range.offset);
  while (after != object->second.begin()) {
    const Entries::iterator entry = std::prev(after)->second;
    if (entry->part.Covers(range)) {
      entries_.splice(entries_.begin(), entries_, entry);
      return entry->part;
    }
    --after;
  }
  return std::nullopt;
}

void MemoryCache::Insert(const std::string& name, const CachedPart& part) {
  Entry entry{name, part};
  const uint64_t bytes = BytesOf(entry);
  std::lock_guard lock(mutex_);
  if (!MakePlaceFor(entry)) return;
  if (bytes > part_bytes_max_) return;
  while (bytes_ + bytes > bytes_max_) {
    CHECK(!entries_.empty());  // Alone it fits: part_bytes_max_ is not above bytes_max_.
    Remove(std::prev(entries_.end()));
  }
  entries_.push_front(std::move(entry));
  const bool fresh = objects_[name].emplace(part.offset, entries_.begin()).second;
  CHECK(fresh);
  bytes_ += bytes;
  CHECK(bytes_ <= bytes_max_);
}

bool MemoryCache::MakePlaceFor(const Entry& entry) {
  const auto object = objects_.find(entry.name);
  if (object == objects_.end()) return true;
  const bool replaces = !object->second.begin()->second->part.FitsTo(entry.part);
  std::vector<Entries::iterator> covered;
  for (const auto& [offset, kept] : object->second) {
    if (replaces || entry.part.Covers(kept->part)) {
      covered.push_back(kept);
    } else if (kept->part.Covers(entry.part)) {
      kept->part.asked_us = std::max(kept->part.asked_us, entry.part.asked_us);
      entries_.splice(entries_.begin(), entries_, kept);
      return false;
    }
  }
  for (const Entries::iterator kept : covered) Remove(kept);
  return true;
}

void MemoryCache::Forget(const std::string& name) {
  std::lock_guard lock(mutex_);
  RemoveAll(name);
}

uint64_t MemoryCache::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

void MemoryCache::Remove(Entries::iterator entry) {
  const auto object = objects_.find(entry->name);
  CHECK(object != objects_.end() && bytes_ >= BytesOf(*entry));
  object->second.erase(entry->part.offset);
  if (object->second.empty()) objects_.erase(object);
  bytes_ -= BytesOf(*entry);
  entries_.erase(entry);
}

void MemoryCache::RemoveAll(const std::string& name) {
  const auto object = objects_.find(name);
  if (object == objects_.end()) return;
  std::vector<Entries::iterator> all;
  for (const auto& [offset, entry] : object->second) all.push_back(entry);
  for (const Entries::iterator entry : all) Remove(entry);
}

}  // namespace duckpond
