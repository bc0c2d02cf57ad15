// SPDX-License-Identifier: MIT
//
// FileChunks: where the column chunks of a data file lie and what their bytes hash to, so that what
// is read of the file can be checked.
//
// Format:   docs/formats/events.md, "Checksums".
// Threads:  immutable once made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/kept_chunks.h"

namespace duckpond {

// The checksums of `chunks` of a file with this content, as they are written into it.
std::string EncodeChecksums(std::string_view content, const std::vector<FilePiece>& chunks);

// `chunks` of a file of `file_bytes`, in the order in which their checksums stand in `checksums`.
// Gives them in the order of the file.
// Errors: kCorrupt if those are not as many, or a chunk lies outside of the file or in another one.
Result<std::vector<FileChunk>> DecodeChecksums(std::string_view checksums,
                                               const std::vector<FilePiece>& chunks,
                                               uint64_t file_bytes);

}  // namespace duckpond
