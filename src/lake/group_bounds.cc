// SPDX-License-Identifier: MIT
#include "lake/group_bounds.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/check.h"
#include "lake/key.h"

namespace duckpond {
namespace {

// The shortest prefix of `key` that is greater than `below`. REQUIRES: below < key.
std::string CutMin(std::string_view key, std::string_view below) {
  DCHECK(below < key);
  const auto [end, other] = std::ranges::mismatch(key, below);
  return std::string(key.begin(), end == key.end() ? end : end + 1);
}

// A short bound that is not less than `key` and less than `above`. REQUIRES: key < above.
std::string CutMax(std::string_view key, std::string_view above) {
  DCHECK(key < above);
  // As long as both begin alike, a byte that is raised is above `above`.
  const auto differ = std::ranges::mismatch(key, above).in1 - key.begin();
  for (size_t bytes = static_cast<size_t>(differ) + 1; bytes < key.size(); ++bytes) {
    const auto bound = KeyUpperBound(key, bytes);
    if (bound && *bound < above) return *bound;
  }
  return std::string(key);
}

bool InOrder(const RowGroup& group, const RowGroup& next) {
  return !group.key_max.empty() && !next.key_max.empty() && group.key_max < next.key_min;
}

}  // namespace

void CutGroupBounds(std::vector<RowGroup>& groups) {
  for (size_t i = 0; i + 1 < groups.size(); ++i) {
    RowGroup& group = groups[i];
    RowGroup& next = groups[i + 1];
    if (!InOrder(group, next)) continue;
    std::string max = CutMax(group.key_max, next.key_min);
    next.key_min = CutMin(next.key_min, max);
    group.key_max = std::move(max);
    // Else a key would lie in both groups, or in none.
    DCHECK(group.key_min <= group.key_max && group.key_max < next.key_min);
  }
}

}  // namespace duckpond
