// SPDX-License-Identifier: MIT
#include "sql/file_chunks.h"

#include <algorithm>

#include "base/hash.h"
#include "base/little_endian.h"

namespace duckpond {

std::string EncodeChecksums(std::string_view content, const std::vector<FilePiece>& chunks) {
  std::string checksums;
  for (const FilePiece& chunk : chunks) {
    AppendLittleEndian(checksums, Xxh3_64(content.substr(chunk.offset, chunk.bytes)));
  }
  return checksums;
}

Result<std::vector<FileChunk>> DecodeChecksums(std::string_view checksums,
                                               const std::vector<FilePiece>& chunks,
                                               uint64_t file_bytes) {
  if (checksums.size() != chunks.size() * sizeof(uint64_t)) {
    return Status::Corrupt("has " + std::to_string(checksums.size()) + " bytes of checksums for " +
                           std::to_string(chunks.size()) + " column chunks");
  }
  std::vector<FileChunk> result;
  for (size_t i = 0; i < chunks.size(); ++i) {
    if (!chunks[i].IsWithin(file_bytes)) {
      return Status::Corrupt("has a column chunk that lies outside of it");
    }
    result.push_back({chunks[i], ReadLittleEndian<uint64_t>(checksums, i * sizeof(uint64_t))});
  }
  std::ranges::sort(result, {}, [](const FileChunk& chunk) { return chunk.where.offset; });
  const auto overlap =
      std::ranges::adjacent_find(result, [](const FileChunk& one, const FileChunk& next) {
        return one.where.end() > next.where.offset;
      });
  if (overlap != result.end()) return Status::Corrupt("has column chunks that overlap");
  return result;
}

}  // namespace duckpond
