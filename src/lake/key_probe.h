// SPDX-License-Identifier: MIT
//
// KeyProbe: the keys that a predicate fixes, to be looked for in the hash lists of files
// (lake/key_hash_list.h) before any of the files is read. Where keys are random, as UUIDv4 and
// e-mail addresses are, all files' bounds overlap, and all but one of them would be read in vain.
//
// Cost:     one round trip, of a GET of a few kilobytes a file and key; none for lists and answers
//           that are remembered. Whether that pays is reckoned first, see lake/read_plan.h.
// Threads:  free functions; the task outlives nothing that it was not given.
// Errors:   those of HashLists.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lake/key_hash_list.h"
#include "lake/pond.h"
#include "lake/predicate.h"
#include "lake/read_plan.h"
#include "lake/schema.h"

namespace duckpond {

// Of more keys than that, files are read.
inline constexpr size_t kProbedKeysMax = 16;

struct KeyProbe {
  uint32_t constraint = 0;  // Index in TableDef::constraints.
  std::vector<std::string> keys;
};

// None if the predicate leaves a column of each key open.
std::optional<KeyProbe> KeyProbeOf(const Predicate& predicate, const TableDef& def);

// A file that may be read, and what that would take.
struct ProbedFile {
  DataFilePtr file;
  uint64_t requests = 0;
  uint64_t bytes = 0;
};

// Whether to look into the lists of those files that have one before they are read.
bool ProbePays(const ReadPrice& price, const KeyProbe& probe, const std::vector<ProbedFile>& files);

// Those of the pond's files, that it remembers.
std::shared_ptr<HashLists> HashListsOf(Pond& pond);

// For each of the files, whether it may have one of the keys.
Task<Result<std::vector<bool>>> MayHaveKeys(std::shared_ptr<HashLists> lists, Context context,
                                            KeyProbe probe, std::vector<DataFilePtr> files);

}  // namespace duckpond
