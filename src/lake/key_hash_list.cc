// SPDX-License-Identifier: MIT
#include "lake/key_hash_list.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "base/hash.h"
#include "base/little_endian.h"
#include "lake/data_read.h"
#include "lake/limits.h"
#include "store/object_rules.h"

namespace duckpond {
namespace {

using Place = HashLists::Place;

constexpr int kHashBits = 48;
static_assert(kListedHashBytes * 8 == kHashBits);
static_assert(HashListBytes(kPageHashes + 1) ==
              (kPageHashes + 1) * kListedHashBytes + 2 * kPageChecksumBytes);
// More keys than this are looked for in the whole list.
constexpr size_t kWindowsMax = 4;
// Lists of at most so many bytes are read whole, and remembered.
constexpr uint64_t kSmallListBytes = 8 * 1024;
// Answers that are remembered, some 100 bytes each, before all are forgotten.
constexpr size_t kAnswersMax = 100'000;

// What is compared: the upper bits, in the order of the numbers.
std::string ListedHash(uint64_t hash) {
  std::string bytes;
  for (int shift = 56; shift > 56 - kHashBits; shift -= 8)
    bytes += static_cast<char>(hash >> shift);
  return bytes;
}

// Empty behind the last one.
std::string_view At(std::string_view list, uint64_t index) {
  DCHECK(index * kListedHashBytes <= list.size());
  return list.substr(index * kListedHashBytes, kListedHashBytes);
}

// The index of the first hash that is not below `hash`.
uint64_t LowerBound(std::string_view list, std::string_view hash) {
  uint64_t begin = 0;
  uint64_t end = list.size() / kListedHashBytes;
  while (begin < end) {
    const uint64_t middle = begin + (end - begin) / 2;
    At(list, middle) < hash ? begin = middle + 1 : end = middle;
  }
  return begin;
}

bool Contains(std::string_view list, std::string_view hash) {
  return At(list, LowerBound(list, hash)) == hash;
}

// A part of a list that is whole pages, by index of its hashes.
struct Window {
  uint64_t begin = 0;
  uint64_t end = 0;
};

uint64_t PageStart(uint64_t index) { return index / kPageHashes * kPageHashes; }

// Where in a list of `count` a hash must be. The place of an evenly spread value deviates by at
// most half the root of their number, so that six times as much is never left in practice; whether
// it was is seen from the window's ends.
Window WindowOf(uint64_t hash, uint64_t count) {
  constexpr uint64_t kSlackMin = 32;
  CHECK(count > 0);
  const auto place = static_cast<uint64_t>((static_cast<unsigned __int128>(hash) * count) >> 64);
  const uint64_t slack = kSlackMin + 3 * static_cast<uint64_t>(std::sqrt(double(count)));
  return {PageStart(place - std::min(place, slack)),
          std::min(count, PageStart(place + slack) + kPageHashes)};
}

// The hashes of whole pages, without the checksums; none if one of those is wrong.
std::optional<std::string> CheckedHashes(std::string_view pages, uint64_t count) {
  CHECK(pages.size() == HashListBytes(count));
  std::string hashes;
  hashes.reserve(count * kListedHashBytes);
  while (count > 0) {
    const uint64_t here = std::min(count, kPageHashes);
    const std::string_view page = pages.substr(0, here * kListedHashBytes);
    if (Xxh3_64(page) != ReadLittleEndian<uint64_t>(pages, page.size())) return std::nullopt;
    hashes += page;
    pages.remove_prefix(page.size() + kPageChecksumBytes);
    count -= here;
  }
  return hashes;
}

// Parameters by value: the task may outlive the call.
Task<Result<Bytes>> Fetch(std::shared_ptr<ObjectStore> store, Context context, Place place,
                          Window window) {
  const DataFile& file = *place.file;
  DataPart part{file.path, file.bytes, place.list.offset + HashListBytes(window.begin),
                HashListBytes(window.end - window.begin)};
  const uint64_t count = window.end - window.begin;
  CO_ASSIGN_OR_RETURN(Bytes pages, co_await ReadDataPart(*store, context, part));
  auto hashes = CheckedHashes(pages.view(), count);
  if (!hashes) {
    CO_ASSIGN_OR_RETURN(pages, co_await ReadDataPartAnew(*store, context, std::move(part)));
    hashes = CheckedHashes(pages.view(), count);
    if (hashes) NoteMended(*store, file.path);
  }
  if (!hashes) {
    co_return Status::Corrupt("data file " + file.path +
                              " was altered: its key hashes do not have their checksum");
  }
  co_return Bytes(*std::move(hashes));
}

// Whether the part of the list says for sure that `hash` can be nowhere else.
bool Brackets(std::string_view part, Window window, uint64_t count, std::string_view hash) {
  const uint64_t size = part.size() / kListedHashBytes;
  return size > 0 && (window.begin == 0 || At(part, 0) < hash) &&
         (window.end == count || At(part, size - 1) > hash);
}

bool HaveCommonHash(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view first = At(a, 0);
    const std::string_view second = At(b, 0);
    if (first == second) return true;
    (first < second ? a : b).remove_prefix(kListedHashBytes);
  }
  return false;
}

}  // namespace

std::string EncodeHashList(std::vector<uint64_t> hashes) {
  std::ranges::sort(hashes);
  std::string list;
  list.reserve(HashListBytes(hashes.size()));
  for (size_t begin = 0; begin < hashes.size(); begin += kPageHashes) {
    const size_t page = list.size();
    for (size_t i = begin; i < std::min(hashes.size(), begin + kPageHashes); ++i) {
      list += ListedHash(hashes[i]);
    }
    AppendLittleEndian(list, Xxh3_64(std::string_view(list).substr(page)));
  }
  CHECK(list.size() == HashListBytes(hashes.size()));  // Readers reckon by it where a page lies.
  return list;
}

void HashLists::Remember(const Place& place, const Result<Bytes>& content) {
  if (!content.ok() || content->size() > kHashListBytesInMemoryMax) return;
  std::lock_guard lock(mutex_);
  // Files are compared one after the other: which list comes again is not known, so all go.
  if (known_bytes_ + content->size() > kHashListBytesInMemoryMax) {
    known_.clear();
    known_bytes_ = 0;
  }
  const auto key = std::make_pair(place.file->id, place.list.offset);
  if (known_.emplace(key, *content).second) known_bytes_ += content->size();
}

Task<Result<Bytes>> HashLists::Whole(Context context, Place place) {
  {
    std::lock_guard lock(mutex_);
    const auto found = known_.find({place.file->id, place.list.offset});
    if (found != known_.end()) co_return found->second;
  }
  auto content = co_await Fetch(store_, context, place, {0, place.list.count});
  Remember(place, content);
  co_return content;
}

std::optional<HashLists::Keys> HashLists::Recall(const Place& place, const Keys& keys) {
  const auto list = std::make_pair(place.file->id, place.list.offset);
  Keys listed;
  std::lock_guard lock(mutex_);
  for (const std::string& key : keys) {
    const auto answer = answers_.find({list, Xxh3_64(key)});
    if (answer == answers_.end()) return std::nullopt;
    if (answer->second) listed.push_back(key);
  }
  return listed;
}

void HashLists::RememberAnswers(const Place& place, const Keys& keys, const Keys& listed) {
  const auto list = std::make_pair(place.file->id, place.list.offset);
  std::lock_guard lock(mutex_);
  if (answers_.size() + keys.size() > kAnswersMax) answers_.clear();
  for (const std::string& key : keys) {
    answers_[{list, Xxh3_64(key)}] = std::ranges::find(listed, key) != listed.end();
  }
}

Task<Result<HashLists::Keys>> HashLists::Listed(Context context, Place place, Keys keys) {
  if (auto known = Recall(place, keys)) co_return *std::move(known);
  std::vector<uint64_t> hashes;
  for (const std::string& key : keys) hashes.push_back(Xxh3_64(key));
  const uint64_t count = place.list.count;
  CHECK(count > 0);
  Keys listed;
  bool all_known = keys.size() <= kWindowsMax && HashListBytes(count) > kSmallListBytes;
  if (all_known) {
    std::vector<Task<Result<Bytes>>> fetches;
    for (const uint64_t hash : hashes) {
      fetches.push_back(Fetch(store_, context, place, WindowOf(hash, count)));
    }
    auto parts = co_await WhenAll(std::move(fetches));
    for (size_t i = 0; i < parts.size(); ++i) {
      if (!parts[i].ok()) co_return parts[i].error();
      const std::string hash = ListedHash(hashes[i]);
      const std::string_view part = parts[i]->view();
      all_known = all_known && Brackets(part, WindowOf(hashes[i], count), count, hash);
      if (Contains(part, hash)) listed.push_back(keys[i]);
    }
  }
  if (all_known) {
    RememberAnswers(place, keys, listed);
    co_return listed;
  }
  CO_ASSIGN_OR_RETURN(const Bytes list, co_await Whole(context, place));
  listed.clear();
  for (size_t i = 0; i < keys.size(); ++i) {
    if (Contains(list.view(), ListedHash(hashes[i]))) listed.push_back(keys[i]);
  }
  co_return listed;
}

Task<Result<bool>> HashLists::HaveCommon(Context context, Place a, Place b) {
  std::vector<Task<Result<Bytes>>> fetches;
  fetches.push_back(Whole(context, a));
  fetches.push_back(Whole(context, b));
  auto lists = co_await WhenAll(std::move(fetches));
  for (const auto& list : lists) {
    if (!list.ok()) co_return list.error();
  }
  co_return HaveCommonHash(lists[0]->view(), lists[1]->view());
}

Task<Result<Bytes>> HashLists::Between(Context context, Place place, Range range) {
  const uint64_t count = place.list.count;
  const std::string first = ListedHash(range.first);
  const std::string last = ListedHash(range.last);
  const Window window{WindowOf(range.first, count).begin, WindowOf(range.last, count).end};
  Bytes part;
  bool whole = window.begin == 0 && window.end == count;
  if (!whole) {
    CO_ASSIGN_OR_RETURN(part, co_await Fetch(store_, context, place, window));
    whole =
        !Brackets(part.view(), window, count, first) || !Brackets(part.view(), window, count, last);
  }
  if (whole) {
    CO_ASSIGN_OR_RETURN(part, co_await Whole(context, place));
  }
  const uint64_t begin = LowerBound(part.view(), first);
  uint64_t end = LowerBound(part.view(), last);
  while (At(part.view(), end) == last) ++end;
  co_return part.Slice(begin * kListedHashBytes, (end - begin) * kListedHashBytes);
}

}  // namespace duckpond
