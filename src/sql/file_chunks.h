// SPDX-License-Identifier: MIT
//
// FileChunks: where the column chunks of a data file lie and what their bytes hash to, so that what
// is read of the file can be checked.
//
// Format:   docs/formats/events.md, "Checksums".
// Threads:  immutable once made.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/file_source.h"

namespace duckpond {

// The checksums of `chunks` of a file with this content, as they are written into it.
std::string EncodeChecksums(std::string_view content, const std::vector<FileSource::Piece>& chunks);

// `chunks` of a file of `file_bytes`, in the order in which their checksums stand in `checksums`.
// Errors: kCorrupt if those are not as many, or a chunk lies outside of the file.
Result<std::shared_ptr<const FileSource::Chunks>> DecodeChecksums(
    std::string_view checksums, const std::vector<FileSource::Piece>& chunks, uint64_t file_bytes);

}  // namespace duckpond
