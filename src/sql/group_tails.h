// SPDX-License-Identifier: MIT
//
// GroupTails: a tail behind each row group of a file, so that whoever reads one row needs neither
// the file's footer, which tells of all groups, nor a second request.
//
// A tail has what the file's own tail has, of its group alone: checksums of the column chunks, then
// a Parquet footer that names no other group and has no statistics. Behind them stands what they
// hash to together with the file's path. All tails of a file are of the same length: that by which
// its groups lie apart, as the log has it. Readers of Parquet find the groups by the footer, and do
// not look between them.
//
// Threads:   free functions.
// Cost:      linear in the file; of the order of a percent of its bytes.
// Format:    docs/formats/events.md, "Group tails".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lake/data_file.h"
#include "lake/read_plan.h"

namespace duckpond {

// Puts a tail behind each row group of `file`, a whole Parquet file with its footer, which moves.
// The file stays as it is if it has one group only, tails would be too much of it, or its footer
// says more than where columns are.
void AddGroupTails(std::string& file, std::string_view path);

// Where the tail of a row group is, if the file has tails: files that were written otherwise may
// have something else there.
std::optional<FilePiece> GroupTailOf(const DataFile& file, uint64_t group);

struct GroupTail {
  std::string_view checksums;  // And zeros behind them.
  std::string_view footer;     // With its length and magic.
};

// Errors: kCorrupt if it is not what was written into the file at `path`.
Result<GroupTail> ReadGroupTail(std::string_view tail, std::string_view path);

}  // namespace duckpond
