// SPDX-License-Identifier: MIT
//
// ScanReader: reads the units of a scan, each by one worker, and fetches the next ones meanwhile:
// as many bytes as are worth it, however few threads DuckDB has.
//
// Memory:    what is read ahead counts under memory_limit and leaves an eighth of it; without room
//            a worker fetches the unit that it reads, and nothing ahead.
// Threads:   one Worker a thread; NewWorker and the counters may be called concurrently.
// Lifetime:  workers die before the reader.
// Errors:    DuckDB exceptions.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/cost.h"
#include "lake/pond.h"
#include "sql/reserved_memory.h"
#include "sql/row_filter.h"
#include "sql/scan_columns.h"
#include "sql/scan_files.h"
#include "sql/scan_units.h"

namespace duckpond {

class ScanReader {
 public:
  // Requests are entered in `ledger`.
  ScanReader(duckdb::ClientContext& client, std::shared_ptr<CostLedger> ledger,
             std::shared_ptr<Pond> pond, std::shared_ptr<const TableDef> def, ScanColumns columns,
             ScanUnits units);
  ~ScanReader();

  class Worker;
  std::unique_ptr<Worker> NewWorker(duckdb::ClientContext& client);

  const std::vector<ScanUnit>& units() const { return plan_.units; }
  const ScanUnits& units_plan() const { return plan_; }
  // What the scan has cost so far.
  Cost cost() const { return ledger_->Total(); }
  double progress_percent() const;
  // Row groups that were left out because filters became narrower.
  uint64_t groups_dropped() const { return groups_dropped_; }

 private:
  // The next unit, whose requests and those of some that follow are on their way; units().size()
  // when there is none.
  size_t Take();
  // Starts requests of units that follow, and adds those to `wanted`. REQUIRES: mutex_ is held, as
  // for the next.
  void WantMore(const Predicate& now, std::vector<ScanUnit>& wanted);
  // Whether the filters, as they are now, rule the unit out; then it is done.
  bool Drop(const Predicate& now, size_t unit);
  void Done(const ScanUnit& unit);

  const std::shared_ptr<CostLedger> ledger_;
  std::shared_ptr<const TableDef> def_;
  const ScanColumns columns_;
  const ScanUnits plan_;
  std::unique_ptr<ScanFiles> files_;
  std::mutex mutex_;
  std::atomic<size_t> taken_{0};
  size_t wanted_ = 0;          // Units whose requests were started.
  uint64_t bytes_ahead_ = 0;   // Of those that were wanted and not taken.
  uint64_t window_bytes_ = 0;  // What bytes_ahead_ may grow to.
  ReservedMemory memory_;      // Of units that were wanted and are not done.
  std::vector<bool> dropped_;  // As many as units.
  std::atomic<uint64_t> groups_dropped_{0};
  std::atomic<bool> any_done_{false};
};

class ScanReader::Worker {
 public:
  Worker(ScanReader& reader, duckdb::ClientContext& client);
  ~Worker();

  // Fills `output` with the next rows; leaves it empty when there are no more.
  void Next(duckdb::ClientContext& client, duckdb::DataChunk& output);
  // The unit that the last rows came from.
  size_t unit() const { return unit_; }
  // Rows of the units that were begun.
  uint64_t rows_scanned() const { return rows_scanned_; }

 private:
  bool Begin(duckdb::ClientContext& client);
  bool NextOfGroup(duckdb::ClientContext& client, duckdb::DataChunk& output);
  bool NextInline(duckdb::ClientContext& client, duckdb::DataChunk& output);
  bool NextCount(duckdb::DataChunk& output);
  void BeginInline(const ScanUnit& unit);
  void NumberRows(const duckdb::Vector* row_ids, uint64_t first_row_id);
  void FilterInline(duckdb::ClientContext& client);
  void Emit(const ScanColumns::Origin& origin, duckdb::DataChunk& output);

  ScanReader& reader_;
  size_t unit_ = 0;
  bool started_ = false;
  uint64_t rows_scanned_ = 0;
  uint64_t rows_left_ = 0;  // Of inline rows, and where only counts are asked for.

  std::shared_ptr<ParquetFile> parquet_;
  std::unique_ptr<ParquetFile::Cursor> cursor_;
  duckdb::DataChunk stored_;  // As the file has it.
  duckdb::DataChunk rows_;    // In the table's types, then row numbers and row ids.
  ColumnBatch batch_;         // Of inline rows.
  RowFilter filter_;
};

}  // namespace duckpond
