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

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "lake/pond.h"
#include "sql/file_source.h"
#include "sql/parquet_file.h"
#include "sql/pond_file_system.h"
#include "sql/scan_units.h"

namespace duckpond {

class ScanFiles {
 public:
  // What is read of each file.
  struct Request {
    std::vector<ParquetFile::Column> columns;
    bool row_numbers = false;
    bool row_ids = false;  // Of files that have them in a column: after the columns.
    // By place in `columns`; borrowed.
    std::map<size_t, const duckdb::TableFilter*> filters;
    // About how much of a row is read, from 0 to 1.
    double share = 1;
  };

  // `units` are all that will be read, each of them once.
  ScanFiles(duckdb::ClientContext& client, std::shared_ptr<Pond> pond,
            std::vector<DataFilePtr> files, std::span<const ScanUnit> units, Request request);
  ~ScanFiles();

  // Starts the requests of units that follow each other: row groups that lie side by side in a
  // file are one request, up to kRequestBytes. Of large row groups only the columns that are read
  // are fetched, once the footer that tells their places is there; so are those of files of which
  // something was kept, less what was.
  void Want(std::span<const ScanUnit> units);
  // The file of a unit, opened. Waits for the footer.
  std::shared_ptr<ParquetFile> Open(const ScanUnit& unit);
  // The unit was read: its pieces may go, and with the last unit of a file what is open of it.
  void Done(const ScanUnit& unit);

  // About how many bytes are fetched for the unit; 0 for rows that lie in the log.
  uint64_t UnitBytes(const ScanUnit& unit) const;

  const DataFile& file(size_t index) const { return *files_[index]->file; }

 private:
  struct Opened {
    DataFilePtr file;
    std::mutex mutex;
    uint64_t units_left = 0;  // Not Done.
    std::shared_ptr<FileSource> source;
    bool may_be_kept = false;  // Chunks of it, by an earlier statement; set with `source`.
    std::unique_ptr<FilePath> path;
    std::shared_ptr<ParquetFile> parquet;
    // Pieces that hold row groups: by group, where they start; by start, groups not done.
    std::map<uint64_t, std::vector<uint64_t>> pieces_of_group;
    std::map<uint64_t, uint64_t> groups_left;
    std::vector<uint64_t> groups_waiting;  // For the footer, to know where their columns are.
  };
  FileSource& SourceOf(Opened& opened);
  void WantOpening(Opened& opened);
  size_t WantGroups(std::span<const ScanUnit> units);
  bool WantsColumnsOnly(const RowGroup& group) const;
  void WantColumns(Opened& opened, uint64_t group);
  void WantPiece(Opened& opened, FileSource::Piece piece, std::span<const uint64_t> groups);
  void KnowChunks(Opened& opened);
  static void Close(Opened& opened);

  duckdb::ClientContext& client_;
  std::shared_ptr<Pond> pond_;
  Request request_;
  std::shared_ptr<FileSource::Control> control_;
  std::vector<std::unique_ptr<Opened>> files_;
};

}  // namespace duckpond
