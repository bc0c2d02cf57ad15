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

// How many bytes of units are asked for at a time while others are read. A scan starts with one
// unit, so that a LIMIT does not pay for what it leaves, and each time wants twice as much.
constexpr uint64_t kReadAheadBytesMin = 4 * 1024 * 1024;
constexpr uint64_t kReadAheadBytesMax = 16 * 1024 * 1024;

ScanFiles::Request RequestOf(const TableDef& def, const ScanColumns& columns) {
  ScanFiles::Request request;
  for (const auto& column : columns.read()) {
    request.columns.push_back({def.columns[column.place].field_id, column.stored});
  }
  request.row_numbers = columns.needs_row_numbers();
  request.row_ids = columns.needs_row_ids();
  request.filters = columns.filters();
  request.share = static_cast<double>(columns.read().size()) / def.columns.size();
  return request;
}

}  // namespace

ScanReader::ScanReader(duckdb::ClientContext& client, std::shared_ptr<Pond> pond,
                       std::shared_ptr<const TableDef> def, ScanColumns columns, ScanUnits units)
    : def_(std::move(def)),
      columns_(std::move(columns)),
      plan_(std::move(units)),
      files_(std::make_unique<ScanFiles>(client, std::move(pond), plan_.files, plan_.units,
                                         RequestOf(*def_, columns_))) {}

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
  std::lock_guard lock(mutex_);
  const size_t unit = taken_;
  if (unit >= plan_.units.size()) return plan_.units.size();
  ++taken_;
  if (columns_.only_counts()) return unit;
  // The next batch goes out when half of the one before is taken.
  if (unit >= wanted_ || bytes_ahead_ <= batch_bytes_ / 2) WantMore();
  bytes_ahead_ -= files_->UnitBytes(plan_.units[unit]);
  return unit;
}

void ScanReader::WantMore() {
  const size_t from = wanted_;
  uint64_t bytes = 0;
  while (wanted_ < plan_.units.size() && (wanted_ == from || bytes < batch_bytes_)) {
    bytes += files_->UnitBytes(plan_.units[wanted_++]);
  }
  files_->Want(std::span(plan_.units).subspan(from, wanted_ - from));
  bytes_ahead_ += bytes;
  batch_bytes_ = from == 0 ? kReadAheadBytesMin : std::min(batch_bytes_ * 2, kReadAheadBytesMax);
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
      if (!more) reader_.files_->Done(unit);
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
