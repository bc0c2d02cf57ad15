// SPDX-License-Identifier: MIT
//
// Hash lists: the hashes of all keys of a large data file, kept in the file itself, between its
// last row group and Parquet's footer, where a reader of Parquet never looks. Whether a new key is
// already in a file of a hundred thousand rows is then one read of a few kilobytes: hashes are
// evenly spread, so where in the sorted list one must be is known beforehand (interpolation search;
// Peterson, "Addressing for random-access storage", 1957).
//
// Format:   docs/formats/events.md: 48 bits of each key's XXH3-64, ascending, in pages that carry a
//           checksum each. Two files of 100,000 keys each that have none in common share a hash by
//           accident once in 28,000 such pairs, and then the keys are read.
// Threads:  all methods may be called concurrently.
// Lifetime: outlives its tasks.
// Memory:   lists that were read whole are remembered, up to kHashListBytesInMemoryMax; of others
//           the last answers.
// Errors:   kCorrupt for a file that is missing, has another size or altered bytes; those of the
//           store.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lake/data_file.h"
#include "store/object_store.h"

namespace duckpond {

// The list, sorted. `hashes` are the keys' XXH3-64, in any order.
std::string EncodeHashList(std::vector<uint64_t> hashes);

class HashLists {
 public:
  explicit HashLists(std::shared_ptr<ObjectStore> store) : store_(std::move(store)) {}

  // A list and the file that it is in. REQUIRES: list.count > 0.
  struct Place {
    DataFilePtr file;
    HashList list;
  };

  // Those of `keys` whose hash is in the list: nearly always just those that are in the file.
  // Cost: for few keys a GET of a few kilobytes each, at the same time; else one of the list, as
  // for a list of a few kilobytes. None for what is remembered.
  using Keys = std::vector<std::string>;
  Task<Result<Keys>> Listed(Context context, Place place, Keys keys);

  // Whether a hash is in both lists. Cost: a GET of each.
  Task<Result<bool>> HaveCommon(Context context, Place a, Place b);

  // Those listed hashes, of kListedHashBytes each, that lie in the range, which counts keys'
  // XXH3-64 and is cut to listed bits. Cost: a GET of about that part of the list; none for a list
  // that is remembered. The range of all hashes has the list remembered.
  struct Range {
    uint64_t first = 0;
    uint64_t last = UINT64_MAX;
  };
  Task<Result<Bytes>> Between(Context context, Place place, Range range);

 private:
  Task<Result<Bytes>> Whole(Context context, Place place);
  void Remember(const Place& place, const Result<Bytes>& content);
  std::optional<Keys> Recall(const Place& place, const Keys& keys);
  void RememberAnswers(const Place& place, const Keys& keys, const Keys& listed);

  const std::shared_ptr<ObjectStore> store_;
  std::mutex mutex_;
  std::map<std::pair<Uuid, uint64_t>, Bytes> known_;  // By file and offset.
  uint64_t known_bytes_ = 0;
  // Whether a key is listed: by file and offset, and the key's hash.
  std::map<std::pair<std::pair<Uuid, uint64_t>, uint64_t>, bool> answers_;
};

}  // namespace duckpond
