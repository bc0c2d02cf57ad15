// SPDX-License-Identifier: MIT
#include "log/log_object.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "log/limits.h"

namespace duckpond {
namespace {

// What makes a frame the next one. The times are checked too since AT (TIMESTAMP) searches by them.
Status CheckChain(const DecodedCommit& commit, const ChainEnd& end, const Place& place) {
  if (commit.record.version != end.version + 1) {
    return place.Corrupt(fmt::format("version {}", end.version + 1),
                         fmt::format("version {}", commit.record.version));
  }
  if (commit.prev != end.hash) {
    return place.Corrupt(fmt::format("version {} to continue the frame with hash {}",
                                     commit.record.version, HexEncode(end.hash)),
                         HexEncode(commit.prev));
  }
  if (commit.record.time_us <= end.time_us) {
    return place.Corrupt(fmt::format("a time after {}", end.time_us),
                         fmt::format("{}", commit.record.time_us));
  }
  return Status::Ok();
}

}  // namespace

Result<DecodedCommits> DecodeTail(std::string_view bytes, uint64_t offset, ChainEnd end,
                                  const std::string& object) {
  // Before anything is decompressed: a few kilobytes of zstd may say gigabytes of text.
  RETURN_IF_ERROR(CheckObjectText(bytes, Place{object, offset}));
  DecodedCommits decoded;
  while (!bytes.empty()) {
    const Place place{object, offset};
    ASSIGN_OR_RETURN(const size_t size, FrameSize(bytes, place));
    const std::string_view frame = bytes.substr(0, size);
    ASSIGN_OR_RETURN(DecodedCommit commit, DecodeCommit(frame, place));
    RETURN_IF_ERROR(CheckChain(commit, end, place));
    const CommitRecord& record = commit.record;
    end = {record.version, record.time_us, Xxh3_128(frame)};
    decoded.frames.push_back({record.version, record.transaction, record.time_us, offset, size,
                              end.hash, record.idempotency_key});
    decoded.commits.push_back(std::move(commit.record));
    bytes.remove_prefix(size);
    offset += size;
  }
  CHECK(decoded.frames.size() == decoded.commits.size());
  return decoded;
}

Result<DecodedLog> DecodeLog(std::string_view content, const std::string& object) {
  if (content.size() > kLogBytesMax) {
    return Status::Exhausted(
        fmt::format("{}: {} bytes; at most {} are read", object, content.size(), kLogBytesMax));
  }
  ASSIGN_OR_RETURN(const LogHeader header, DecodeLogHeader(content, Place{object, 0}));
  const Place place{object, kLogHeaderBytes};
  const std::string_view rest = content.substr(kLogHeaderBytes);
  if (header.base_bytes > rest.size()) {
    return place.Corrupt(fmt::format("a base frame of {} bytes", header.base_bytes),
                         fmt::format("{} bytes before the end", rest.size()));
  }
  const std::string_view frame = rest.substr(0, header.base_bytes);
  // Nothing behind the base covers it: it is replaced by rolls, the frames are not.
  if (const Hash hash = Xxh3_128(frame); hash != header.base_hash) {
    return place.Corrupt("a base frame with hash " + HexEncode(header.base_hash), HexEncode(hash));
  }
  ASSIGN_OR_RETURN(const size_t size, FrameSize(frame, place));
  if (size != frame.size()) {
    return place.Corrupt(fmt::format("a base frame of {} bytes", frame.size()),
                         fmt::format("{}", size));
  }
  RETURN_IF_ERROR(CheckObjectText(rest, place));
  ASSIGN_OR_RETURN(DecodedBase base, DecodeBase(frame, place));
  if (base.record.format != header.format) {
    return place.Corrupt(fmt::format("format {}", header.format),
                         fmt::format("{}", base.record.format));
  }
  DecodedLog log;
  log.base_end = kLogHeaderBytes + size;
  const ChainEnd end{base.record.version, base.record.time_us, base.record.chain};
  ASSIGN_OR_RETURN(log.commits,
                   DecodeTail(content.substr(log.base_end), log.base_end, end, object));
  log.base = std::move(base.record);
  log.state_lines = std::move(base.state_lines);
  CHECK(log.base_end <= content.size());
  return log;
}

Result<CommitRecord> DecodeFrame(std::string_view content, const FrameRef& frame,
                                 const std::string& object) {
  CHECK(frame.offset <= content.size() && frame.bytes <= content.size() - frame.offset);
  ASSIGN_OR_RETURN(DecodedCommit commit, DecodeCommit(content.substr(frame.offset, frame.bytes),
                                                      Place{object, frame.offset}));
  // The frame was read before: what it said then it says now.
  CHECK(commit.record.version == frame.version);
  return std::move(commit.record);
}

std::string EncodeLogStart(const BaseRecord& base, std::string_view state_text) {
  const std::string frame = EncodeBase(base, state_text);
  return EncodeLogHeader(frame) + frame;
}

}  // namespace duckpond
