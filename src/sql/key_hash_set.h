// SPDX-License-Identifier: MIT
//
// KeyHashSet: which keys were seen, by 128-bit hashes of them.
//
// Threads:  one at a time.
// Errors:   DuckDB's OutOfMemoryException at its memory_limit.
// Memory:   22 to 43 bytes a key, half as much again while it grows; counted against memory_limit.
#pragma once

#include <cstdint>
#include <string_view>

#include "sql/duckdb_api.h"

namespace duckpond {

class KeyHashSet {
 public:
  explicit KeyHashSet(duckdb::ClientContext& client) : client_(client) {}

  // Returns whether the key of this hash, of 16 bytes, was not there yet.
  bool Insert(std::string_view hash);

 private:
  struct Slot {
    uint64_t low;
    uint64_t high;
    bool operator==(const Slot&) const = default;
    bool is_free() const { return low == 0 && high == 0; }
  };
  Slot* slots() { return reinterpret_cast<Slot*>(table_.get()); }
  Slot& Find(const Slot& wanted);
  void Grow();

  duckdb::ClientContext& client_;
  duckdb::AllocatedData table_;  // Of Slots, a power of two of them.
  uint64_t size_ = 0;
  uint64_t used_ = 0;
};

}  // namespace duckpond
