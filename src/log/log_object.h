// SPDX-License-Identifier: MIT
//
// LogObject: the bytes of pond.log, or of a history segment, taken apart: header, base frame, one
// frame for each commit. Checks all that can be checked without reading another object: hashes,
// the chain, versions, times.
//
// Threads:  values and functions without state.
// Errors:   kCorrupt – naming object, byte, what was expected and what was found; kExhausted;
//           kUnsupported.
// Format:   docs/formats/log.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "log/records.h"

namespace duckpond {

// Where a commit's frame is, without its events.
struct FrameRef {
  Version version = 0;
  Uuid transaction;
  int64_t time_us = 0;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  Hash hash;
  std::string idempotency_key;
};

// What the next frame must continue.
struct ChainEnd {
  Version version = 0;
  int64_t time_us = 0;
  Hash hash;
};

struct DecodedCommits {
  std::vector<FrameRef> frames;
  std::vector<CommitRecord> commits;  // As many.
};

struct DecodedLog {
  BaseRecord base;
  std::vector<Event> state_lines;  // Of the base; empty when it has parts.
  uint64_t base_end = 0;
  DecodedCommits commits;
};

// `content` from the beginning.
Result<DecodedLog> DecodeLog(std::string_view content, const std::string& object);

// Frames that continue `end`; the first is at byte `offset` of the object.
Result<DecodedCommits> DecodeTail(std::string_view bytes, uint64_t offset, ChainEnd end,
                                  const std::string& object);

// The commit in `frame`, a part of `content`. REQUIRES: `content` is the object in which DecodeLog
// or DecodeTail found the frame, or what a roll made of it.
Result<CommitRecord> DecodeFrame(std::string_view content, const FrameRef& frame,
                                 const std::string& object);

// Header and base frame.
std::string EncodeLogStart(const BaseRecord& base, std::string_view state_text);

}  // namespace duckpond
