// SPDX-License-Identifier: MIT
#include "sql/reserved_memory.h"

#include <algorithm>

#include "duckdb/storage/buffer_manager.hpp"
#include "sql/errors.h"

namespace duckpond {
namespace {

constexpr uint64_t kQueryShare = 8;

}  // namespace

uint64_t SpareMemoryMax(const duckdb::BufferManager& manager) {
  return manager.GetMaxMemory() - manager.GetMaxMemory() / kQueryShare;
}

uint64_t KeptMemory(const duckdb::BufferManager& manager) {
  for (const auto& usage : manager.GetMemoryUsageInfo()) {
    if (usage.tag == duckdb::MemoryTag::EXTERNAL_FILE_CACHE) return usage.size;
  }
  return 0;
}

ReservedMemory::ReservedMemory(duckdb::DatabaseInstance& instance)
    : manager_(duckdb::BufferManager::GetBufferManager(instance)) {}

ReservedMemory::~ReservedMemory() { manager_.FreeReservedMemory(bytes_); }

bool ReservedMemory::Add(uint64_t bytes) {
  const uint64_t kept = KeptMemory(manager_);
  const uint64_t used = manager_.GetUsedMemory();
  if (used - std::min(used, kept) + bytes > SpareMemoryMax(manager_)) return false;
  // Somebody else may have taken it in between.
  if (!CatchToStatus([&] { manager_.ReserveMemory(bytes); }).ok()) return false;
  std::lock_guard lock(mutex_);
  bytes_ += bytes;
  return true;
}

void ReservedMemory::Remove(uint64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    bytes = std::min(bytes, bytes_);
    bytes_ -= bytes;
  }
  manager_.FreeReservedMemory(bytes);
}

}  // namespace duckpond
