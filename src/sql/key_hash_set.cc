// SPDX-License-Identifier: MIT
#include "sql/key_hash_set.h"

#include <cstring>
#include <utility>

#include "base/check.h"
#include "duckdb/storage/buffer_manager.hpp"

namespace duckpond {
namespace {

constexpr uint64_t kSlotsMin = 1024;
static_assert((kSlotsMin & (kSlotsMin - 1)) == 0);  // Places are taken by the low bits of a hash.

}  // namespace

bool KeyHashSet::Insert(std::string_view hash) {
  Slot wanted;
  CHECK(hash.size() == sizeof(wanted));
  // A quarter stays free, which ends each search.
  if (used_ >= size_ / 4 * 3) Grow();
  std::memcpy(&wanted, hash.data(), sizeof(wanted));
  // All zeros mean a free slot; no two keys meet in it more likely than in any other.
  if (wanted.is_free()) wanted.low = 1;
  Slot& slot = Find(wanted);
  if (!slot.is_free()) return false;
  slot = wanted;
  ++used_;
  CHECK(used_ < size_);
  return true;
}

// Where it is, or the free slot where it belongs.
KeyHashSet::Slot& KeyHashSet::Find(const Slot& wanted) {
  uint64_t place = wanted.low & (size_ - 1);
  while (!slots()[place].is_free() && slots()[place] != wanted) place = (place + 1) & (size_ - 1);
  return slots()[place];
}

void KeyHashSet::Grow() {
  const uint64_t size = size_ == 0 ? kSlotsMin : size_ * 2;
  auto table = duckdb::BufferAllocator::Get(client_).Allocate(size * sizeof(Slot));
  std::memset(table.get(), 0, size * sizeof(Slot));
  const auto old = std::exchange(table_, std::move(table));
  const uint64_t old_size = std::exchange(size_, size);
  const auto* old_slots = reinterpret_cast<const Slot*>(old.get());
  for (uint64_t i = 0; i < old_size; ++i) {
    if (!old_slots[i].is_free()) Find(old_slots[i]) = old_slots[i];
  }
}

}  // namespace duckpond
