// SPDX-License-Identifier: MIT
//
// Frames: the zstd frames that a log is made of, and the header in front of them. Knows bytes, not
// what they say.
//
// Threads:  functions without state.
// Errors:   kCorrupt – not a frame of ours, naming the place, what was expected and what was found;
//           kExhausted – larger than a limit of log/limits.h allows; kUnsupported – a newer format.
// Format:   docs/formats/log.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duckpond {

// Where bytes came from, for messages: "pond.log at byte 40".
struct Place {
  std::string object;
  uint64_t offset = 0;

  std::string ToString() const;
  // kCorrupt with "<place>: expected …, found …".
  Status Corrupt(std::string_view expected, std::string_view found) const;
};

// One zstd frame of `text`, with its size in the frame's header and a content checksum.
std::string CompressFrame(std::string_view text);

// The size in bytes of the frame that `bytes` starts with.
Result<size_t> FrameSize(std::string_view bytes, const Place& place);

// How many bytes of text `frame` says it has: no more is ever made of it.
Result<uint64_t> FrameTextSize(std::string_view frame, const Place& place);

// Ok if the frames that make up `bytes` say no more text than is read of one object. Decompresses
// nothing, so that a small object cannot cost much memory.
Status CheckObjectText(std::string_view bytes, const Place& place);

// The text of `frame`, exactly one frame. `padding` zero bytes follow it, as simdjson wants.
Result<std::string> DecompressFrame(std::string_view frame, const Place& place, size_t padding);

// The skippable frame that a log object starts with. It says what follows and holds the hash of the
// base frame, which no later frame's `prev` covers.
inline constexpr size_t kLogHeaderBytes = 40;
struct LogHeader {
  uint32_t format = 0;
  uint32_t base_bytes = 0;
  std::string base_hash;  // XXH3-128, 16 bytes.
};
std::string EncodeLogHeader(std::string_view base_frame);
Result<LogHeader> DecodeLogHeader(std::string_view bytes, const Place& place);

}  // namespace duckpond
