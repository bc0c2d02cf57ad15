// SPDX-License-Identifier: MIT
#include "sql/kept_chunks.h"

#include <algorithm>
#include <cstring>

#include "duckdb/storage/buffer_manager.hpp"
#include "duckdb/storage/external_file_cache.hpp"
#include "sql/reserved_memory.h"

namespace duckpond {
namespace {

// What is kept of DuckDB's memory at least before the oldest of it makes room for new bytes
// instead.
constexpr uint64_t kKeptShare = 8;

// Whether bytes can be kept without taking the memory of a query, which would spill to disk.
bool HasRoom(const duckdb::BufferManager& manager, uint64_t bytes) {
  return manager.GetUsedMemory() + bytes <= SpareMemoryMax(manager) ||
         KeptMemory(manager) >= bytes + manager.GetMaxMemory() / kKeptShare;
}

}  // namespace

KeptChunks::KeptChunks(duckdb::DatabaseInstance& instance, std::vector<FileChunk> chunks)
    : instance_(instance), chunks_(std::move(chunks)), blocks_(chunks_.size()) {}

size_t KeptChunks::FindOrNext(uint64_t offset) const {
  const auto ends_behind = std::ranges::upper_bound(
      chunks_, offset, {}, [](const FileChunk& chunk) { return chunk.where.end(); });
  return ends_behind - chunks_.begin();
}

bool KeptChunks::any() const {
  std::lock_guard lock(mutex_);
  return any_;
}

duckdb::BufferHandle KeptChunks::Pin(size_t chunk) {
  const bool is_enabled = duckdb::ExternalFileCache::Get(instance_).IsEnabled();
  Block block;
  {
    std::lock_guard lock(mutex_);
    if (!is_enabled) blocks_[chunk].reset();
    block = blocks_[chunk];
  }
  // A block that is not in memory was taken back for good: to pin it would make room in vain.
  if (!block || block->GetMemory().IsUnloaded()) return {};
  try {
    return duckdb::BufferManager::GetBufferManager(instance_).Pin(block);
  } catch (const duckdb::OutOfMemoryException&) {
    return {};  // It went just now.
  }
}

void KeptChunks::Keep(size_t chunk, std::string_view bytes) {
  if (!duckdb::ExternalFileCache::Get(instance_).IsEnabled()) return;
  auto& manager = duckdb::BufferManager::GetBufferManager(instance_);
  if (!HasRoom(manager, bytes.size())) return;
  duckdb::BufferHandle buffer;
  try {
    buffer = manager.Allocate(duckdb::MemoryTag::EXTERNAL_FILE_CACHE, bytes.size());
  } catch (const duckdb::OutOfMemoryException&) {
    return;  // The next read fetches it again.
  }
  std::memcpy(buffer.Ptr(), bytes.data(), bytes.size());
  std::lock_guard lock(mutex_);
  blocks_[chunk] = buffer.GetBlockHandle();
  any_ = true;
}

duckdb::optional_idx KeptChunks::GetEstimatedCacheMemory() const {
  return sizeof(*this) + chunks_.size() * (sizeof(FileChunk) + sizeof(Block));
}

}  // namespace duckpond
