// SPDX-License-Identifier: MIT
#include "base/hash_in_parts.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace duckpond {

struct HashInParts::State {
  XXH3_state_t hash;
};

HashInParts::HashInParts() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(&state_->hash);
}
HashInParts::~HashInParts() = default;

void HashInParts::Add(std::string_view part) {
  XXH3_128bits_update(&state_->hash, part.data(), part.size());
}

std::string HashInParts::Hash() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state_->hash));
  return {reinterpret_cast<const char*>(canonical.digest), sizeof(canonical.digest)};
}

}  // namespace duckpond
