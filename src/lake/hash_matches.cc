// SPDX-License-Identifier: MIT
#include "lake/hash_matches.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "lake/limits.h"

namespace duckpond {
namespace {

using Place = HashLists::Place;
using Range = HashLists::Range;

constexpr int kPlaceBits = 16;
static_assert(kMatchedListsMax == uint64_t{1} << kPlaceBits);

// A listed hash as a number, in the same order, with room for the place of its list.
uint64_t ShiftedHash(std::string_view list, size_t at) {
  uint64_t hash = 0;
  for (size_t i = 0; i < kListedHashBytes; ++i) {
    hash = hash << 8 | static_cast<unsigned char>(list[at + i]);
  }
  return hash << kPlaceBits;
}
uint64_t HashOf(uint64_t entry) { return entry >> kPlaceBits; }
size_t PlaceOf(uint64_t entry) { return entry & (kMatchedListsMax - 1); }

// The part of all hashes that is looked at in one of `parts` runs.
Range PartOf(uint64_t part, uint64_t parts) {
  const uint64_t step = (UINT64_MAX / parts) >> kPlaceBits << kPlaceBits;
  return {part * step, part + 1 == parts ? UINT64_MAX : (part + 1) * step - 1};
}

// Gathers pairs until there are enough.
class Pairs {
 public:
  void Add(size_t ours, size_t other) {
    if (ours == other || full()) return;
    pairs_.insert(std::minmax(ours, other));
  }
  bool full() const { return pairs_.size() >= kHashMatchesMax; }
  HashMatches Take() const { return {{pairs_.begin(), pairs_.end()}, !full()}; }

 private:
  std::set<std::pair<size_t, size_t>> pairs_;
};

void MatchAmong(const std::vector<uint64_t>& sorted, Pairs& pairs) {
  for (size_t begin = 0, i = 1; i < sorted.size() && !pairs.full(); ++i) {
    if (HashOf(sorted[i]) != HashOf(sorted[begin])) begin = i;
    for (size_t j = begin; j < i; ++j) pairs.Add(PlaceOf(sorted[j]), PlaceOf(sorted[i]));
  }
}

void MatchWith(const std::vector<uint64_t>& sorted, std::string_view list, size_t other,
               Pairs& pairs) {
  auto ours = sorted.begin();
  for (size_t at = 0; at < list.size() && !pairs.full(); at += kListedHashBytes) {
    const uint64_t hash = ShiftedHash(list, at);
    while (ours != sorted.end() && *ours < hash) ++ours;
    for (auto same = ours; same != sorted.end() && HashOf(*same) == HashOf(hash); ++same) {
      pairs.Add(PlaceOf(*same), other);
    }
  }
}

// Reads a part of some lists, a few at a time, and has `use` look at each.
template <class Use>
Task<Status> ForEachList(std::shared_ptr<HashLists> lists, Context context,
                         const std::vector<Place>* places, Range range, Use use) {
  for (size_t begin = 0; begin < places->size(); begin += kKeyReadsInFlightMax) {
    const size_t end = std::min(places->size(), begin + kKeyReadsInFlightMax);
    std::vector<Task<Result<Bytes>>> reads;
    for (size_t i = begin; i < end; ++i) {
      reads.push_back(lists->Between(context, (*places)[i], range));
    }
    const auto parts = co_await WhenAll(std::move(reads));
    for (size_t i = begin; i < end; ++i) {
      if (!parts[i - begin].ok()) co_return parts[i - begin].error();
      use(i, parts[i - begin]->view());
    }
  }
  co_return Status::Ok();
}

}  // namespace

Task<Result<HashMatches>> MatchHashes(std::shared_ptr<HashLists> lists, Context context,
                                      MatchedLists matched) {
  const std::vector<Place>& ours = matched.ours;
  CHECK(ours.size() <= kMatchedListsMax);
  uint64_t hashes = 0;
  for (const Place& place : ours) hashes += place.list.count;
  const uint64_t parts = hashes / matched.merged_max + 1;
  Pairs pairs;
  for (uint64_t part = 0; part < parts && !pairs.full(); ++part) {
    const Range range = PartOf(part, parts);
    std::vector<uint64_t> sorted;
    sorted.reserve(hashes / parts + hashes / parts / 16);
    const auto gather = [&sorted](size_t place, std::string_view list) {
      for (size_t at = 0; at < list.size(); at += kListedHashBytes) {
        sorted.push_back(ShiftedHash(list, at) | place);
      }
    };
    CO_RETURN_IF_ERROR(co_await ForEachList(lists, context, &ours, range, gather));
    std::ranges::sort(sorted);
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    MatchAmong(sorted, pairs);
    const auto match = [&](size_t place, std::string_view list) {
      MatchWith(sorted, list, ours.size() + place, pairs);
    };
    CO_RETURN_IF_ERROR(co_await ForEachList(lists, context, &matched.theirs, range, match));
  }
  co_return pairs.Take();
}

}  // namespace duckpond
