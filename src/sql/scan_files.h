// SPDX-License-Identifier: MIT
//
// ScanFiles: the data files of one scan: starts their requests, opens them once for all threads,
// and forgets them when they are done.
//
// Threads:   all methods may be called concurrently.
// Lifetime:  owned by the scan's global state; requests that are under way when it dies are
//            cancelled.
// Cost:      see table_scan.h.
// Memory:    the pieces of the units that were Wanted and are not Done, and what is open of the
//            files that have such; nothing is kept of a file whose units are all Done.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lake/key_probe.h"
#include "lake/pond.h"
#include "lake/read_plan.h"
#include "sql/file_source.h"
#include "sql/group_tails.h"
#include "sql/parquet_file.h"
#include "sql/pond_file_system.h"
#include "sql/scan_units.h"

namespace duckpond {

// What reading the units of each file from the start takes, as ScanFiles does it.
std::vector<ProbedFile> CostOfFiles(const ScanUnits& plan);

class ScanFiles {
 public:
  // What is read of each file.
  struct Request {
    std::vector<ParquetFile::Column> columns;
    bool row_numbers = false;
    bool row_ids = false;  // Of files that have them in a column: after the columns.
    // By place in `columns`; borrowed.
    std::map<size_t, const duckdb::TableFilter*> filters;
    std::shared_ptr<CostLedger> ledger;  // Whose requests they are.
    // About how much of a group's bytes is in those columns.
    std::function<uint64_t(const RowGroup&)> column_bytes = [](const RowGroup& group) {
      return group.bytes;
    };
  };

  // `units` are all that will be read, each of them once.
  ScanFiles(duckdb::ClientContext& client, std::shared_ptr<Pond> pond,
            std::vector<DataFilePtr> files, std::span<const ScanUnit> units, Request request);
  ~ScanFiles();

  // Starts the requests of units that follow each other, as lake/read_plan.h has it: of row groups
  // as a whole, up to kRequestBytes each; or, where that pays or nothing has to be waited for, of
  // the columns that are read, once the footers that tell their places are there. What was kept of
  // a file is not fetched.
  void Want(std::span<const ScanUnit> units);
  // Starts what waits for footers, which are on their way together: of units that were Wanted. An
  // error is left to who opens the file.
  void WantWaiting(std::span<const ScanUnit> units);
  // The file of a unit, opened. Waits for the footer.
  std::shared_ptr<ParquetFile> Open(const ScanUnit& unit);
  // The unit was read, or need not be: its pieces may go, and with the last unit of a file what is
  // open of it.
  void Done(const ScanUnit& unit);

  // About how many bytes are fetched for the unit; 0 for rows that lie in the log.
  uint64_t UnitBytes(const ScanUnit& unit) const;

  const DataFile& file(size_t index) const { return *files_[index]->file; }

 private:
  struct Opened {
    DataFilePtr file;
    std::mutex mutex;
    uint64_t units_left = 0;  // Not Done.
    // The only one that is read, by its own tail instead of the file's (sql/group_tails.h).
    std::optional<uint64_t> lone_group;
    std::optional<FileSource::Piece> lone_tail;  // Where that is; what it says, and its bytes.
    GroupTail group_tail;
    std::string group_tail_bytes;
    std::shared_ptr<FileSource> source;
    // Set with `source`: what is known from before; its tail need not be fetched; chunks of it may
    // be kept.
    KnownFooter footer;
    KeptChunksPtr chunks;
    bool has_tail = false;
    bool may_be_kept = false;
    std::unique_ptr<FilePath> path;
    std::shared_ptr<ParquetFile> parquet;
    // Pieces that hold row groups: by group, where they start; by start, groups not done.
    std::map<uint64_t, std::vector<uint64_t>> pieces_of_group;
    std::map<uint64_t, uint64_t> groups_left;
    std::vector<uint64_t> groups_waiting;  // For the footer, to know where their columns are.
  };
  static GroupsToRead Measure(const std::vector<DataFilePtr>& files,
                              std::span<const ScanUnit> units, const Request& request);
  static std::string KeyOf(const Opened& opened);
  static bool IsReadWhole(const Opened& opened);
  void ChooseLoneGroups(std::span<const ScanUnit> units);
  FileSource& SourceOf(Opened& opened);
  void ReadLoneTail(Opened& opened);
  void WantOpening(Opened& opened);
  size_t WantGroups(std::span<const ScanUnit> units);
  void WantColumns(Opened& opened);
  void WantPiece(Opened& opened, FileSource::Piece piece, std::span<const uint64_t> groups);
  void KnowChunks(Opened& opened);
  static void Close(Opened& opened);

  duckdb::ClientContext& client_;
  std::shared_ptr<Pond> pond_;
  const Request request_;
  const ReadPrice price_;
  const bool waits_for_places_;  // Of columns, before row groups are fetched.
  std::shared_ptr<FileSource::Control> control_;
  std::vector<std::unique_ptr<Opened>> files_;
};

}  // namespace duckpond
