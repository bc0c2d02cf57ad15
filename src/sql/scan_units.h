// SPDX-License-Identifier: MIT
//
// ScanUnits: what a scan has to look at, in the order of the rows or of a wish: row groups of files
// and inline rows that the predicate does not rule out, by what the log knows of them.
//
// Cost:     linear in the files that the summaries of their blocks do not rule out, and in the row
//           groups of those that are kept.
// Threads:  a value.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "lake/catalog.h"
#include "lake/predicate.h"

namespace duckpond {

struct ScanUnit {
  enum class Kind : uint8_t { kRowGroup, kInline };
  Kind kind = Kind::kRowGroup;
  size_t file = 0;         // Index in ScanUnits::files, or of kInline in ScanUnits::inline_rows.
  uint64_t group = 0;      // Of kRowGroup.
  uint64_t first_row = 0;  // Of the group, in its file.
  uint64_t rows = 0;
};

struct ScanUnits {
  std::vector<DataFilePtr> files;
  std::vector<InlineRowsPtr> inline_rows;
  std::vector<ScanUnit> units;
  uint64_t groups_skipped = 0;  // Row groups that were ruled out, those of skipped files included.
};

// `read` reads the files of blocks that are wanted, as FileList::Some; not asked if there are no
// blocks.
using ReadFiles = std::function<std::vector<DataFilePtr>(const FileList::Wanted& wanted)>;
ScanUnits PlanScan(const Table& table, const Predicate& predicate, const ReadFiles& read);

// What ORDER BY … LIMIT wants first: rows with the least or the greatest values of a column.
struct ScanOrder {
  uint32_t field_id = 0;
  bool descending = false;
  bool operator==(const ScanOrder&) const = default;
};

// Leaves out all of the files for which `keep`, as many as plan.files, says false.
void KeepFiles(const std::vector<bool>& keep, ScanUnits& plan);

// Puts what may have those rows to the front, as far as the log tells.
void Reorder(const TableDef& def, const ScanOrder& order, ScanUnits& plan);

}  // namespace duckpond
