// SPDX-License-Identifier: MIT
#include "sql/file_chunks.h"

#include <algorithm>

#include "base/hash.h"
#include "base/little_endian.h"

namespace duckpond {

using Piece = FileSource::Piece;

std::string EncodeChecksums(std::string_view content, const std::vector<Piece>& chunks) {
  std::string checksums;
  for (const Piece& chunk : chunks) {
    AppendLittleEndian(checksums, Xxh3_64(content.substr(chunk.offset, chunk.bytes)));
  }
  return checksums;
}

Result<std::shared_ptr<const FileSource::Chunks>> DecodeChecksums(std::string_view checksums,
                                                                  const std::vector<Piece>& chunks,
                                                                  uint64_t file_bytes) {
  if (checksums.size() != chunks.size() * sizeof(uint64_t)) {
    return Status::Corrupt("has " + std::to_string(checksums.size()) + " bytes of checksums for " +
                           std::to_string(chunks.size()) + " column chunks");
  }
  auto result = std::make_shared<FileSource::Chunks>();
  for (size_t i = 0; i < chunks.size(); ++i) {
    if (!chunks[i].IsWithin(file_bytes)) {
      return Status::Corrupt("has a column chunk that lies outside of it");
    }
    result->push_back({chunks[i], ReadLittleEndian<uint64_t>(checksums, i * sizeof(uint64_t))});
  }
  std::ranges::sort(*result, {}, [](const FileSource::Chunk& chunk) { return chunk.where.offset; });
  return std::shared_ptr<const FileSource::Chunks>(std::move(result));
}

}  // namespace duckpond
