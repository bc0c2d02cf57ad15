// SPDX-License-Identifier: MIT
//
// PartCache: parts of objects that were read before, bounded by bytes. What it has forgotten, or
// cannot read any more, it does not have: a cache is never a reason to fail.
//
// Threads:  all methods may be called concurrently.
// Units:    sizes and offsets in bytes, times in microseconds since the Unix epoch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "store/object_store.h"

namespace duckpond {

struct CachedPart {
  uint64_t offset = 0;
  Bytes bytes;
  uint64_t object_size = 0;
  ObjectTag tag;         // Empty where it was not asked for.
  int64_t asked_us = 0;  // When the store was asked: what it said is at least so old.

  uint64_t end() const { return offset + bytes.size(); }
  bool IsWhole() const { return offset == 0 && bytes.size() == object_size; }
  bool Covers(const CachedPart& other) const {
    return offset <= other.offset && other.end() <= end();
  }
  // Whether both may be of the same content: a tag that was not asked for says nothing.
  bool FitsTo(const CachedPart& other) const {
    const bool tagged = !tag.value.empty() && !other.tag.value.empty();
    return object_size == other.object_size && (!tagged || tag == other.tag);
  }
  // Whether all that `range` would be answered with is in it. A range behind the end is not: how an
  // object ends is for the store to say.
  bool Covers(const ByteRange& range) const {
    if (range.offset < offset || range.offset >= object_size) return false;
    const uint64_t rest = object_size - range.offset;
    const uint64_t wanted = range.length ? std::min(*range.length, rest) : rest;
    return range.offset - offset <= bytes.size() &&
           wanted <= bytes.size() - (range.offset - offset);
  }
};

class PartCache {
 public:
  virtual ~PartCache() = default;

  // A part of the object `name` (unique over all stores) that covers `range`.
  virtual std::optional<CachedPart> Find(const std::string& name, const ByteRange& range) = 0;
  // Keeps `part`, at the cost of others. A part of another version of the object (with another size
  // or tag) replaces all that was kept of it.
  virtual void Insert(const std::string& name, const CachedPart& part) = 0;
  virtual void Forget(const std::string& name) = 0;
};

}  // namespace duckpond
