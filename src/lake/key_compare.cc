// SPDX-License-Identifier: MIT
#include "lake/key_compare.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "lake/limits.h"

namespace duckpond {
namespace {

using Keys = std::vector<std::string>;
using Range = DataEngine::KeyRange;

bool Overlap(const KeyExtent& a, const KeyExtent& b) {
  return *a.min <= *b.max && *b.min <= *a.max;
}

bool HaveCommonHash(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j]) return true;
    a[i] < b[j] ? ++i : ++j;
  }
  return false;
}

// Those of `sorted` that lie in [min, max] and, where hashes are known, have one of them.
Keys Candidates(const Keys& sorted, const std::string& min, const std::string& max,
                const std::vector<uint64_t>* hashes) {
  DCHECK(std::ranges::is_sorted(sorted) && min <= max);
  const auto first = std::ranges::lower_bound(sorted, min);
  const auto last = std::ranges::upper_bound(sorted, max);
  Keys candidates;
  for (auto key = first; key < last; ++key) {
    if (hashes == nullptr || std::ranges::binary_search(*hashes, Xxh3_64(*key))) {
      candidates.push_back(*key);
    }
  }
  return candidates;
}

MaybeKey FirstCommon(const Keys& a, const Keys& b) {
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j]) return a[i];
    a[i] < b[j] ? ++i : ++j;
  }
  return std::nullopt;
}

// Whether the row groups of `file` say which of these keys are in them.
bool GroupsKnow(const KeySite& site, const DataFile& file) {
  return site.place == 0 && std::ranges::any_of(file.row_groups, [](const RowGroup& group) {
           return !group.key_max.empty();
         });
}

// The parts of `file` in which `candidates` may be, each as narrow as can be.
std::vector<Range> RangesOf(const KeySite& site, const DataFile& file, const Keys& candidates) {
  CHECK(!candidates.empty());
  if (!GroupsKnow(site, file)) {
    return {{site.constraint, candidates.front(), candidates.back()}};
  }
  std::vector<Range> ranges;
  for (const RowGroup& group : file.row_groups) {
    const auto first = std::ranges::lower_bound(candidates, group.key_min);
    if (first == candidates.end() || *first > group.key_max) continue;
    const auto last = std::prev(std::ranges::upper_bound(candidates, group.key_max));
    ranges.push_back({site.constraint, *first, *last});
  }
  return ranges;
}

// Reads the ranges of `file`, a few at a time; the keys are sorted.
Task<Result<Keys>> ReadRanges(Context context, KeySite site, DataFilePtr file,
                              std::vector<Range> ranges) {
  Keys keys;
  for (size_t begin = 0; begin < ranges.size(); begin += kKeyReadsInFlightMax) {
    std::vector<Task<Result<Keys>>> reads;
    for (size_t i = begin; i < std::min(ranges.size(), begin + kKeyReadsInFlightMax); ++i) {
      reads.push_back(site.engine->ReadKeys(context, site.table, file, ranges[i]));
    }
    auto results = co_await WhenAll(std::move(reads));
    for (auto& some : results) {
      if (!some.ok()) {
        co_return some.error().Prefixed("reading keys of " + file->path);
      }
      keys.insert(keys.end(), some->begin(), some->end());
    }
  }
  std::ranges::sort(keys);
  co_return keys;
}

// A file, and what is known of the hashes of its keys.
struct FileKeys {
  DataFilePtr file;
  const std::vector<uint64_t>* hashes = nullptr;
  HashList hash_list = {};
  uint64_t rows() const { return file->rows; }
  HashLists::Place list() const { return {file, hash_list}; }
};

FileKeys KeysOfFile(const KeySource& source, const KeyExtent& extent) {
  CHECK(source.file != nullptr);  // Else its keys would be known.
  return {source.file, extent.hashes, extent.hash_list};
}

// Whether the file has one of `candidates`.
Task<Result<MaybeKey>> FindInFile(Context context, KeySite site, FileKeys keys_of_file,
                                  Keys candidates) {
  if (candidates.empty()) co_return MaybeKey();
  const DataFilePtr file = keys_of_file.file;
  if (keys_of_file.hash_list.count > 0) {
    auto listed = co_await site.hash_lists->Listed(context, keys_of_file.list(), candidates);
    if (!listed.ok()) co_return std::move(listed).error();
    candidates = *std::move(listed);
    if (candidates.empty()) co_return MaybeKey();
  }
  std::vector<Range> ranges = RangesOf(site, *file, candidates);
  CO_ASSIGN_OR_RETURN(const Keys keys, co_await ReadRanges(context, site, file, std::move(ranges)));
  co_return FirstCommon(candidates, keys);
}

// [min, max] cut into slices that have about kKeysInMemoryMax keys of `file` each.
std::vector<Range> SlicesOf(const KeySite& site, const DataFile& file, const std::string& min,
                            const std::string& max) {
  std::vector<Range> slices;
  if (GroupsKnow(site, file)) {
    uint64_t rows = 0;
    for (const RowGroup& group : file.row_groups) {
      if (group.key_max < min || group.key_min > max) continue;
      const std::string begin = std::max(group.key_min, min);
      const std::string end = std::min(group.key_max, max);
      // Groups of a file that is not sorted overlap: a slice covers them all the same.
      if (slices.empty() || rows + group.rows > kKeysInMemoryMax) {
        slices.push_back({site.constraint, begin, end});
        rows = 0;
      }
      slices.back().min = std::min(slices.back().min, begin);
      slices.back().max = std::max(slices.back().max, end);
      rows += group.rows;
    }
    return slices;
  }
  return {{site.constraint, min, max}};
}

// Both are files: the smaller one is read slice by slice and looked for in the other.
Task<Result<MaybeKey>> FindInBothFiles(Context context, KeySite site, FileKeys small,
                                       FileKeys large, Range overlap) {
  if (small.hash_list.count > 0 && large.hash_list.count > 0) {
    auto common = co_await site.hash_lists->HaveCommon(context, small.list(), large.list());
    if (!common.ok()) co_return std::move(common).error();
    if (!*common) co_return MaybeKey();
  }
  std::vector<Range> slices = SlicesOf(site, *small.file, overlap.min, overlap.max);
  for (const Range& slice : slices) {
    std::vector<Range> one(1, slice);
    CO_ASSIGN_OR_RETURN(const Keys keys,
                        co_await ReadRanges(context, site, small.file, std::move(one)));
    Keys candidates = Candidates(keys, overlap.min, overlap.max, large.hashes);
    auto found = co_await FindInFile(context, site, large, std::move(candidates));
    if (!found.ok() || found->has_value()) co_return found;
  }
  co_return MaybeKey();
}

}  // namespace

bool SurelyApart(const KeySite& site, const KeySource& ours, const KeySource& theirs) {
  const auto a = ExtentOf(ours, site.place, site.constraint);
  const auto b = ExtentOf(theirs, site.place, site.constraint);
  if (!a || !b || !Overlap(*a, *b)) return true;
  return a->hashes != nullptr && b->hashes != nullptr && !HaveCommonHash(*a->hashes, *b->hashes);
}

Task<Result<MaybeKey>> FindCommonKey(Context context, KeySite site, KeySourcePtr ours,
                                     KeySourcePtr theirs) {
  if (SurelyApart(site, *ours, *theirs)) co_return MaybeKey();
  const KeyExtent a = *ExtentOf(*ours, site.place, site.constraint);
  const KeyExtent b = *ExtentOf(*theirs, site.place, site.constraint);
  if (a.keys != nullptr && b.keys != nullptr) co_return FirstCommon(*a.keys, *b.keys);
  if (site.engine == nullptr) {
    co_return Status::Internal("keys of a file must be read, and nobody was set to read them");
  }
  if (a.keys != nullptr) {
    Keys candidates = Candidates(*a.keys, *b.min, *b.max, b.hashes);
    co_return co_await FindInFile(context, site, KeysOfFile(*theirs, b), std::move(candidates));
  }
  if (b.keys != nullptr) {
    Keys candidates = Candidates(*b.keys, *a.min, *a.max, a.hashes);
    co_return co_await FindInFile(context, site, KeysOfFile(*ours, a), std::move(candidates));
  }
  Range overlap{site.constraint, std::max(*a.min, *b.min), std::min(*a.max, *b.max)};
  FileKeys small = KeysOfFile(*ours, a);
  FileKeys large = KeysOfFile(*theirs, b);
  if (small.rows() > large.rows()) std::swap(small, large);
  co_return co_await FindInBothFiles(context, site, small, large, std::move(overlap));
}

}  // namespace duckpond
