// SPDX-License-Identifier: MIT
//
// Records: the log's own lines (`commit`, `base`, `key`) as structures, and frames made of them.
//
// Threads:  functions without state.
// Errors:   kCorrupt, kExhausted, kUnsupported as in log/lines.h.
// Format:   docs/formats/log.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "log/event.h"
#include "log/folder.h"
#include "log/frame.h"

namespace duckpond {

// An XXH3-128 hash: 16 bytes.
using Hash = std::string;
inline constexpr size_t kHashBytes = 16;

// A commit whose idempotency key is still remembered.
struct KeyRecord {
  std::string key;
  Version version = 0;
  int64_t time_us = 0;
  Uuid transaction;
  bool operator==(const KeyRecord&) const = default;
};

// An older part of the history: a log object as it was when a roll replaced its base.
struct SegmentRef {
  std::string path;
  Version first = 0;  // Its frames are first..last; its base stands for first - 1.
  Version last = 0;
  int64_t first_time_us = 0;
  int64_t last_time_us = 0;
  uint64_t bytes = 0;
  Hash hash;  // Of the whole object.
};

// The places (log/folder.h) of a part's first and last line.
struct PartBounds {
  std::string first;
  std::string last;
  bool operator==(const PartBounds&) const = default;
};

// One object of a state that is too large for the base: a single frame of lines.
struct PartRef {
  std::string path;
  uint64_t bytes = 0;
  uint64_t lines = 0;
  Hash hash;                         // Of the whole object.
  std::optional<PartBounds> bounds;  // None: it may have lines of any place.
  // Of all its lines (log/folder.h), one JSON object; empty where there is none.
  std::string summary = {};
};

struct BaseRecord {
  Uuid id;
  uint32_t format = 0;
  Uuid pond;
  Version version = 0;  // The state is the pond's after this commit.
  int64_t time_us = 0;  // That commit's; of version 0, the pond's birth.
  Hash chain;           // The hash of that commit's frame; of version 0, ChainStart.
  std::string writer;
  std::string proof;                 // Of the store it was written to, see store/store_proof.h.
  std::vector<SegmentRef> segments;  // Oldest first.
  std::vector<PartRef> parts;        // In the order of the state's lines, after those here.
};

// What the lines of a base, or of its first parts, say.
struct BaseState {
  std::vector<KeyRecord> keys;
  std::vector<Event> events;
};

// What the first commit of a pond chains to: the hash of the pond's id as text.
Hash ChainStart(const Uuid& pond);

// The commit frame of `record` on top of the frame with hash `prev`.
std::string EncodeCommit(const CommitRecord& record, const Hash& prev);
struct DecodedCommit {
  CommitRecord record;
  Hash prev;
};
Result<DecodedCommit> DecodeCommit(std::string_view frame, const Place& place);

// Lines of a state begin with the keys. They go into the base frame, into parts, or into both.
std::vector<Event> KeyLines(const std::vector<KeyRecord>& keys);
Result<BaseState> ParseStateLines(std::vector<Event> lines, const Place& place);

std::string EncodeBase(const BaseRecord& base, std::string_view state_text);
struct DecodedBase {
  BaseRecord record;
  std::vector<Event> state_lines;
};
Result<DecodedBase> DecodeBase(std::string_view frame, const Place& place);

}  // namespace duckpond
