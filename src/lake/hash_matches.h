// SPDX-License-Identifier: MIT
//
// MatchHashes: which files may have a key in common, of many at once: a load of hundreds of files
// whose keys are random would else be compared pair by pair, with each list read hundreds of times.
//
// Method:   the hashes of ours are sorted together, a part of them at a time, and the lists of the
//           others run by (a merge join).
// Threads:  a task; parameters by value.
// Memory:   8 bytes for each of kHashesMergedMax hashes, and some lists that are under way.
// Errors:   those of HashLists.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "lake/key_hash_list.h"
#include "lake/limits.h"

namespace duckpond {

struct HashMatches {
  // Of those lists that share a hash: the place in `ours`, and that in `ours` followed by `theirs`.
  std::vector<std::pair<size_t, size_t>> pairs;
  // False if there are more: what shares so many hashes shares keys, or somebody has made them.
  bool complete = true;
};

// REQUIRES: at most kMatchedListsMax of ours. Cost: a GET of each list for each kHashesMergedMax
// hashes of ours.
struct MatchedLists {
  std::vector<HashLists::Place> ours;
  std::vector<HashLists::Place> theirs;
  uint64_t merged_max = kHashesMergedMax;
};
Task<Result<HashMatches>> MatchHashes(std::shared_ptr<HashLists> lists, Context context,
                                      MatchedLists matched);

}  // namespace duckpond
