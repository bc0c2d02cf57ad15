// SPDX-License-Identifier: MIT
//
// KeptChunks: the column chunks of one data file, and those of their bytes that are still in memory
// from an earlier read. A file never changes, so bytes that had their checksum once need neither be
// fetched nor checked again.
//
// Memory:    DuckDB's buffers, which memory_limit bounds. They are the first that DuckDB takes back
//            when a query needs room; of the last eighth of the memory nothing is used for more
//            than an eighth. Nothing is kept under enable_external_file_cache = false.
// Threads:   all methods may be called concurrently.
// Lifetime:  in DuckDB's object cache, and shared by the scans that use it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lake/read_plan.h"
#include "sql/duckdb_api.h"

namespace duckpond {

// A part of a file that is checked as one.
struct FileChunk {
  FilePiece where;
  uint64_t checksum = 0;
};

class KeptChunks final : public duckdb::ObjectCacheEntry {
 public:
  // `chunks` in the order of the file, apart from each other.
  KeptChunks(duckdb::DatabaseInstance& instance, std::vector<FileChunk> chunks);

  const std::vector<FileChunk>& chunks() const { return chunks_; }
  // The chunk that has the byte at `offset`, or else the first one behind it; may be the end.
  size_t FindOrNext(uint64_t offset) const;

  // Whether bytes of any chunk were kept; they may have gone since.
  bool any() const;
  // The bytes of a chunk, held in memory; not valid if they are not there.
  duckdb::BufferHandle Pin(size_t chunk);
  // Keeps the bytes of a chunk if there is room: they had their checksum.
  void Keep(size_t chunk, std::string_view bytes);

  static std::string ObjectType() { return "duckpond_chunks"; }
  std::string GetObjectType() override { return ObjectType(); }
  duckdb::optional_idx GetEstimatedCacheMemory() const override;

 private:
  using Block = duckdb::shared_ptr<duckdb::BlockHandle>;

  duckdb::DatabaseInstance& instance_;
  const std::vector<FileChunk> chunks_;
  mutable std::mutex mutex_;
  std::vector<Block> blocks_;  // As many as chunks; null: never kept.
  bool any_ = false;
};

using KeptChunksPtr = duckdb::shared_ptr<KeptChunks>;

}  // namespace duckpond
