// SPDX-License-Identifier: MIT
//
// ReservedMemory: bytes that a scan holds outside of DuckDB's buffers, counted under memory_limit
// all the same, so that reading ahead stops before it takes the memory of a query.
//
// Threads:   all methods may be called concurrently.
// Lifetime:  borrows the instance; what is reserved is given back at the end.
#pragma once

#include <cstdint>
#include <mutex>

#include "sql/duckdb_api.h"

namespace duckpond {

// What DuckDB may use of its memory for anything but queries: an eighth is left to these.
uint64_t SpareMemoryMax(const duckdb::BufferManager& manager);
// What is kept of files (kept_chunks.h) and is given up when somebody needs the room.
uint64_t KeptMemory(const duckdb::BufferManager& manager);

class ReservedMemory {
 public:
  explicit ReservedMemory(duckdb::DatabaseInstance& instance);
  ~ReservedMemory();
  ReservedMemory(const ReservedMemory&) = delete;
  ReservedMemory& operator=(const ReservedMemory&) = delete;

  // Whether there was room, that of kept chunks included; if not, nothing is reserved.
  bool Add(uint64_t bytes);
  // Gives back at most what is reserved: what had to be read without room was not.
  void Remove(uint64_t bytes);

 private:
  duckdb::BufferManager& manager_;
  std::mutex mutex_;
  uint64_t bytes_ = 0;
};

}  // namespace duckpond
