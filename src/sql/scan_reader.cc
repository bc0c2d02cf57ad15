// SPDX-License-Identifier: MIT
#include "sql/scan_reader.h"

#include <algorithm>

#include "duckdb/planner/table_filter_state.hpp"
#include "duckdb/storage/table/column_segment.hpp"
#include "sql/batch_convert.h"
#include "sql/errors.h"
#include "sql/parquet_types.h"
#include "sql/types.h"

namespace duckpond {
namespace {

// How many bytes of units are on their way while others are read. A scan starts with one unit, so
// that a LIMIT does not pay for what it leaves, and then wants twice as much each time: in the end
// what 64 connections of a fast network carry in the time of a request.
constexpr uint64_t kReadAheadBytesMin = 4 * 1024 * 1024;
constexpr uint64_t kReadAheadBytesMax = 24 * 1024 * 1024;

// What a value of variable length takes at least.
constexpr uint64_t kValueBytesMin = 4;

// About how much of a row group lies in some columns of a table: values of fixed width take their
// width, all others share what is left.
class ColumnShare {
 public:
  ColumnShare(const TableDef& def, const ScanColumns& columns) {
    for (const Column& column : def.columns) Add(ToDuckDb(column.type), fixed_, variable_);
    for (const auto& column : columns.read()) Add(column.type, fixed_read_, variable_read_);
  }
  uint64_t BytesOf(const RowGroup& group) const {
    const uint64_t row_bytes = group.bytes / std::max<uint64_t>(group.rows, 1);
    uint64_t rest = variable_ * kValueBytesMin;
    if (variable_ > 0 && row_bytes > fixed_ + rest) rest = row_bytes - fixed_;
    const double read = static_cast<double>(fixed_read_) +
                        static_cast<double>(rest * variable_read_) / std::max<double>(variable_, 1);
    return static_cast<uint64_t>(static_cast<double>(group.bytes) * read /
                                 static_cast<double>(std::max<uint64_t>(fixed_ + rest, 1)));
  }

 private:
  static void Add(const duckdb::LogicalType& type, uint64_t& fixed, uint64_t& variable) {
    const auto physical = type.InternalType();
    if (duckdb::TypeIsConstantSize(physical)) {
      fixed += duckdb::GetTypeIdSize(physical);
    } else {
      ++variable;
    }
  }

  uint64_t fixed_ = 0;  // Bytes a row, of all columns and of those that are read.
  uint64_t fixed_read_ = 0;
  uint64_t variable_ = 0;  // How many columns.
  uint64_t variable_read_ = 0;
};

ScanFiles::Request RequestOf(const TableDef& def, const ScanColumns& columns,
                             std::shared_ptr<CostLedger> ledger) {
  ScanFiles::Request request;
  request.ledger = std::move(ledger);
  for (const auto& column : columns.read()) {
    request.columns.push_back({def.columns[column.place].field_id, column.stored});
  }
  request.row_numbers = columns.needs_row_numbers();
  request.row_ids = columns.needs_row_ids();
  request.filters = columns.filters();
  request.column_bytes = [share = ColumnShare(def, columns)](const RowGroup& group) {
    return share.BytesOf(group);
  };
  return request;
}

}  // namespace

ScanReader::ScanReader(duckdb::ClientContext& client, std::shared_ptr<CostLedger> ledger,
                       std::shared_ptr<Pond> pond, std::shared_ptr<const TableDef> def,
                       ScanColumns columns, ScanUnits units)
    : ledger_(std::move(ledger)),
      def_(std::move(def)),
      columns_(std::move(columns)),
      plan_(std::move(units)),
      files_(std::make_unique<ScanFiles>(client, std::move(pond), plan_.files, plan_.units,
                                         RequestOf(*def_, columns_, ledger_))),
      memory_(*client.db),
      dropped_(plan_.units.size()) {}

ScanReader::~ScanReader() = default;

std::unique_ptr<ScanReader::Worker> ScanReader::NewWorker(duckdb::ClientContext& client) {
  return std::make_unique<Worker>(*this, client);
}

double ScanReader::progress_percent() const {
  if (plan_.units.empty()) return 100.0;
  return 100.0 * static_cast<double>(std::min(taken_.load(), plan_.units.size())) /
         static_cast<double>(plan_.units.size());
}

size_t ScanReader::Take() {
  size_t unit = 0;
  std::vector<ScanUnit> wanted;
  {
    std::lock_guard lock(mutex_);
    const Predicate now = columns_.filters_change() ? columns_.FilterPredicate(*def_) : Predicate();
    for (;; ++taken_) {
      unit = taken_;
      if (unit >= plan_.units.size() || columns_.only_counts()) break;
      // More goes out when half of what was on its way is taken.
      if (unit >= wanted_ || bytes_ahead_ <= window_bytes_ / 2) WantMore(now, wanted);
      if (dropped_[unit]) continue;
      bytes_ahead_ -= files_->UnitBytes(plan_.units[unit]);
      if (!Drop(now, unit)) break;
    }
    if (unit < plan_.units.size()) ++taken_;
  }
  // Footers are waited for without the lock: who needs none of them goes on.
  files_->WantWaiting(wanted);
  return unit;
}

void ScanReader::WantMore(const Predicate& now, std::vector<ScanUnit>& wanted) {
  const size_t from = wanted.size();
  // A filter that changes says nothing before it has seen rows.
  const bool waits_for_filter = columns_.filters_change() && !any_done_;
  for (; wanted_ < plan_.units.size(); ++wanted_) {
    const ScanUnit& unit = plan_.units[wanted_];
    const uint64_t bytes = files_->UnitBytes(unit);
    const bool is_taken = wanted_ <= taken_;  // Is fetched, whether there is room or not.
    if (!is_taken && (bytes_ahead_ >= window_bytes_ || waits_for_filter)) break;
    if (Drop(now, wanted_)) continue;
    if (!memory_.Add(bytes) && !is_taken) break;
    bytes_ahead_ += bytes;
    wanted.push_back(unit);
  }
  window_bytes_ = std::clamp(window_bytes_ * 2, kReadAheadBytesMin, kReadAheadBytesMax);
  files_->Want(std::span(wanted).subspan(from));
}

bool ScanReader::Drop(const Predicate& now, size_t place) {
  const ScanUnit& unit = plan_.units[place];
  if (now.kind == Predicate::Kind::kTrue || unit.kind != ScanUnit::Kind::kRowGroup) return false;
  const DataFile& file = files_->file(unit.file);
  if (MayMatch(now, *def_, file) && MayMatch(now, *def_, file.row_groups[unit.group])) return false;
  dropped_[place] = true;
  ++groups_dropped_;
  files_->Done(unit);
  if (place < wanted_) memory_.Remove(files_->UnitBytes(unit));
  return true;
}

void ScanReader::Done(const ScanUnit& unit) {
  any_done_ = true;
  files_->Done(unit);
  memory_.Remove(files_->UnitBytes(unit));
}

ScanReader::Worker::Worker(ScanReader& reader, duckdb::ClientContext& client)
    : reader_(reader), unit_(reader.units().size()), filter_(client, reader.columns_) {
  duckdb::vector<duckdb::LogicalType> types;
  for (const auto& column : reader_.columns_.read()) types.push_back(column.type);
  if (reader_.columns_.needs_row_numbers()) types.push_back(duckdb::LogicalType::BIGINT);
  if (reader_.columns_.needs_row_ids()) types.push_back(duckdb::LogicalType::BIGINT);
  if (!types.empty()) rows_.Initialize(duckdb::Allocator::DefaultAllocator(), types);
}

ScanReader::Worker::~Worker() = default;

bool ScanReader::Worker::Begin(duckdb::ClientContext& client) {
  unit_ = reader_.Take();
  if (unit_ >= reader_.units().size()) return false;
  started_ = true;
  const ScanUnit& unit = reader_.units()[unit_];
  rows_left_ = unit.rows;
  rows_scanned_ += unit.rows;
  if (reader_.columns_.only_counts()) return true;
  if (unit.kind == ScanUnit::Kind::kInline) {
    BeginInline(unit);
    return true;
  }
  auto parquet = reader_.files_->Open(unit);
  if (parquet != parquet_) {
    parquet_ = std::move(parquet);
    cursor_ = std::make_unique<ParquetFile::Cursor>(parquet_);
    stored_.Destroy();
    stored_.Initialize(duckdb::Allocator::DefaultAllocator(), parquet_->types());
  }
  cursor_->Begin(client, unit.group);
  return true;
}

void ScanReader::Worker::Next(duckdb::ClientContext& client, duckdb::DataChunk& output) {
  while (true) {
    if (client.interrupted) throw duckdb::InterruptException();
    if (!started_ && !Begin(client)) return;
    const ScanUnit& unit = reader_.units()[unit_];
    bool more = false;
    if (reader_.columns_.only_counts()) {
      more = NextCount(output);
    } else if (unit.kind == ScanUnit::Kind::kInline) {
      more = NextInline(client, output);
    } else {
      more = NextOfGroup(client, output);
      if (!more) reader_.Done(unit);
    }
    if (!more) started_ = false;
    if (more && output.size() > 0) return;
  }
}

bool ScanReader::Worker::NextCount(duckdb::DataChunk& output) {
  const uint64_t rows = std::min<uint64_t>(rows_left_, STANDARD_VECTOR_SIZE);
  if (rows == 0) return false;
  rows_left_ -= rows;
  rows_.SetCardinality(rows);
  const ScanUnit& unit = reader_.units()[unit_];
  const bool in_file = unit.kind == ScanUnit::Kind::kRowGroup;
  Emit({unit.file, in_file ? reader_.files_->file(unit.file).path : ""}, output);
  return true;
}

bool ScanReader::Worker::NextOfGroup(duckdb::ClientContext& client, duckdb::DataChunk& output) {
  if (!cursor_->Next(client, stored_)) return false;
  rows_.Reset();
  rows_.SetCardinality(stored_.size());
  const auto& read = reader_.columns_.read();
  for (size_t i = 0; i < read.size(); ++i) {
    if (read[i].type == read[i].stored) {
      rows_.data[i].Reference(stored_.data[i]);
    } else {
      Unstore(stored_.data[i], rows_.data[i], stored_.size());
    }
  }
  const ScanUnit& unit = reader_.units()[unit_];
  const DataFile& file = reader_.files_->file(unit.file);
  if (reader_.columns_.needs_row_numbers()) {
    rows_.data[read.size()].Reference(stored_.data[stored_.ColumnCount() - 1]);
    NumberRows(file.row_id_column ? &stored_.data[read.size()] : nullptr, file.first_row_id);
  }
  Emit({unit.file, file.path}, output);
  return true;
}

// Row ids are the file's own column, or the rows' places behind the first id.
void ScanReader::Worker::NumberRows(const duckdb::Vector* row_ids, uint64_t first_row_id) {
  if (!reader_.columns_.needs_row_ids()) return;
  const size_t place = reader_.columns_.read().size();
  duckdb::Vector& target = rows_.data[place + 1];
  if (row_ids) {
    target.Reference(*row_ids);
    return;
  }
  duckdb::Vector& numbers = rows_.data[place];
  numbers.Flatten(rows_.size());
  const auto* from = duckdb::FlatVector::GetData<int64_t>(numbers);
  auto* to = duckdb::FlatVector::GetData<int64_t>(target);
  for (duckdb::idx_t i = 0; i < rows_.size(); ++i) {
    to[i] = from[i] + static_cast<int64_t>(first_row_id);
  }
}

void ScanReader::Worker::BeginInline(const ScanUnit& unit) {
  std::vector<ColumnBatch::FieldType> types;
  for (const Column& column : reader_.def_->columns)
    types.push_back({column.field_id, column.type});
  const InlineRows& rows = *reader_.plan_.inline_rows[unit.file];
  batch_ = ValueOrThrow(ColumnBatch::Decode(rows.encoded, types));
}

bool ScanReader::Worker::NextInline(duckdb::ClientContext& client, duckdb::DataChunk& output) {
  const uint64_t rows = std::min<uint64_t>(rows_left_, STANDARD_VECTOR_SIZE);
  if (rows == 0) return false;
  const ScanUnit& unit = reader_.units()[unit_];
  const uint64_t begin = unit.rows - rows_left_;
  rows_left_ -= rows;
  rows_.Reset();
  rows_.SetCardinality(rows);
  const auto& read = reader_.columns_.read();
  for (size_t i = 0; i < read.size(); ++i) {
    const uint32_t field_id = reader_.def_->columns[read[i].place].field_id;
    const auto found = std::find(batch_.field_ids.begin(), batch_.field_ids.end(), field_id);
    if (found == batch_.field_ids.end()) {
      rows_.data[i].Reference(duckdb::Value(read[i].type));
    } else {
      ReadRows(batch_.columns[found - batch_.field_ids.begin()], {begin, rows}, rows_.data[i]);
    }
  }
  if (reader_.columns_.needs_row_numbers()) {
    auto* numbers = duckdb::FlatVector::GetData<int64_t>(rows_.data[read.size()]);
    for (uint64_t i = 0; i < rows; ++i) numbers[i] = static_cast<int64_t>(begin + i);
  }
  NumberRows(nullptr, reader_.plan_.inline_rows[unit.file]->first_row_id);
  FilterInline(client);
  Emit({unit.file, ""}, output);
  return true;
}

void ScanReader::Worker::Emit(const ScanColumns::Origin& origin, duckdb::DataChunk& output) {
  filter_.Apply(rows_, origin);
  reader_.columns_.Emit(rows_, origin, output);
}

void ScanReader::Worker::FilterInline(duckdb::ClientContext& client) {
  const auto& filters = reader_.columns_.filters();
  if (filters.empty()) return;
  const duckdb::idx_t rows = rows_.size();
  duckdb::SelectionVector selected(nullptr);
  duckdb::idx_t left = rows;
  for (const auto& [read, filter] : filters) {
    auto state = duckdb::TableFilterState::Initialize(client, *filter);
    duckdb::UnifiedVectorFormat format;
    rows_.data[read].ToUnifiedFormat(rows, format);
    duckdb::ColumnSegment::FilterSelection(selected, rows_.data[read], format, *filter, *state,
                                           rows, left);
    if (left == 0) break;
  }
  if (left < rows) rows_.Slice(selected, left);
}

}  // namespace duckpond
