// SPDX-License-Identifier: MIT
#include "sql/file_writer.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "lake/group_bounds.h"
#include "lake/key_hash_list.h"
#include "lake/limits.h"
#include "sql/connection_state.h"
#include "sql/errors.h"
#include "sql/file_chunks.h"
#include "sql/group_tails.h"
#include "sql/parquet_file.h"
#include "sql/types.h"

namespace duckpond {
namespace {

// A file is ended when it is this large.
constexpr uint64_t kFileBytes = 120 * 1024 * 1024;
// Tails of at most this size are kept in the log: reading a row group is then one request. Files
// that are no larger than that are read whole, which is one request as well.
constexpr uint64_t kTailInLogBytes = 2048;
constexpr uint64_t kTailInLogFileBytes = 64 * 1024;
// What a row group of a table with a key aims at, as encoded; a reader of one row fetches it whole.
constexpr uint64_t kGroupBytes = 128 * 1024;
// Row groups are multiples of it. DuckDB reads 2,048 rows at a time, so fewer save bytes only.
constexpr uint64_t kGroupRowsStep = 1024;
constexpr uint64_t kGroupRowsMax = 16'384;
// What the footer of a file with a key aims at: a reader of one row fetches it whole.
constexpr uint64_t kFooterBytes = 48 * 1024;
// What a column takes in it a row group, besides its least and greatest values.
constexpr uint64_t kFooterBytesAColumn = 150;
constexpr uint64_t kGroupsMin = 16;
constexpr uint64_t kDuckDbGroupRows = 122'880;
// A row group is ended when its rows take so much memory, however few they are: it is encoded, and
// read, as a whole.
constexpr uint64_t kGroupMemoryBytes = 128 * 1024 * 1024;

// About what a row takes before it is encoded; what nested values refer to is not counted.
uint64_t RowBytes(duckdb::DataChunk& chunk) {
  uint64_t bytes = 0;
  for (auto& column : chunk.data) {
    const auto type = column.GetType().InternalType();
    if (type != duckdb::PhysicalType::VARCHAR) {
      bytes += chunk.size() * duckdb::GetTypeIdSize(type);
      continue;
    }
    duckdb::UnifiedVectorFormat format;
    column.ToUnifiedFormat(chunk.size(), format);
    const auto* texts = duckdb::UnifiedVectorFormat::GetData<duckdb::string_t>(format);
    for (duckdb::idx_t i = 0; i < chunk.size(); ++i) {
      const auto place = format.sel->get_index(i);
      if (format.validity.RowIsValid(place)) bytes += texts[place].GetSize();
    }
  }
  return bytes / std::max<uint64_t>(chunk.size(), 1);
}

uint64_t GroupRows(uint64_t row_bytes) {
  const uint64_t rows = kGroupBytes / std::max<uint64_t>(row_bytes, 1);
  return std::clamp(rows / kGroupRowsStep * kGroupRowsStep, kGroupRowsStep, kGroupRowsMax);
}

}  // namespace

FileWriter::FileWriter(duckdb::ClientContext& client, std::shared_ptr<Pond> pond,
                       std::shared_ptr<const TableDef> def, Files files, BeforePut before_put,
                       std::shared_ptr<CostLedger> ledger)
    : client_(client),
      pond_(std::move(pond)),
      def_(std::move(def)),
      has_key_(!def_->Keys().empty()),
      one_file_(files == Files::kOne),
      before_put_(std::move(before_put)),
      upload_(std::make_shared<FileUpload>(client, pond_, std::move(ledger))),
      keys_(client, def_) {
  duckdb::vector<duckdb::LogicalType> types;
  for (const Column& column : def_->columns) types.push_back(ToDuckDb(column.type));
  part_.Initialize(duckdb::Allocator::DefaultAllocator(), types);
}

FileWriter::~FileWriter() = default;

void FileWriter::Append(duckdb::DataChunk& chunk) {
  for (duckdb::idx_t done = 0; done < chunk.size();) {
    if (!encoder_) OpenFile(chunk);
    const auto rows =
        std::min<duckdb::idx_t>(chunk.size() - done, group_rows_target_ - group_rows_);
    CHECK(rows > 0);  // A group that is full was closed.
    if (rows == chunk.size()) {
      AppendRows(chunk);
    } else {
      duckdb::SelectionVector places(rows);
      for (duckdb::idx_t i = 0; i < rows; ++i) places.set_index(i, done + i);
      part_.Reset();
      part_.Append(chunk, false, &places, rows);
      AppendRows(part_);
    }
    done += rows;
  }
}

void FileWriter::OpenFile(duckdb::DataChunk& first) {
  if (!has_key_) {
    group_rows_target_ = kDuckDbGroupRows;
    groups_max_ = UINT64_MAX;
  } else {
    // The file before has taught what its rows take; that of the first one is a guess.
    if (files_.empty()) {
      group_rows_target_ = GroupRows(RowBytes(first));
      footer_group_bytes_ = kFooterBytesAColumn * def_->columns.size() + 4 * RowBytes(first);
    }
    groups_max_ = std::max(kGroupsMin, kFooterBytes / footer_group_bytes_);
  }
  encoder_ = std::make_unique<ParquetEncoder>(client_, *def_);
  bounds_.clear();
  for (const Column& column : def_->columns) bounds_.push_back(ColumnBounds::For(column));
  groups_.clear();
  group_rows_ = 0;
  file_rows_ = 0;
}

void FileWriter::AppendRows(duckdb::DataChunk& chunk) {
  CHECK(encoder_ != nullptr && bounds_.size() == chunk.ColumnCount());
  if (has_key_) keys_.Add(chunk);
  for (size_t i = 0; i < bounds_.size(); ++i) bounds_[i]->Add(chunk.data[i], chunk.size());
  encoder_->Append(chunk);
  group_rows_ += chunk.size();
  file_rows_ += chunk.size();
  if (group_rows_ < group_rows_target_ && encoder_->group_bytes() < kGroupMemoryBytes) return;
  CloseGroup();
  const bool full = encoder_->bytes() >= kFileBytes || groups_.size() >= groups_max_;
  if (full && !one_file_) CloseFile();
}

void FileWriter::CloseGroup() {
  CHECK(group_rows_ > 0 && group_rows_ <= file_rows_);
  RowGroup group;
  group.rows = group_rows_;
  auto bounds = keys_.TakeGroup();
  group.key_min = std::move(bounds.min);
  group.key_max = std::move(bounds.max);
  groups_.push_back(std::move(group));
  group_rows_ = 0;
  encoder_->EndGroup();
  // What rows really take is known now.
  if (has_key_) group_rows_target_ = GroupRows(encoder_->bytes() / file_rows_);
}

// Returns where the column chunks are.
std::vector<FileSource::Piece> FileWriter::DescribeGroups(
    DataFile& file, const std::shared_ptr<FileBuffer>& buffer) {
  const FilePath path(client_, buffer, "written.parquet");
  ParquetFile::Request request;
  request.info = path.info(file.bytes, file.footer_bytes);
  const auto parquet = ParquetFile::Open(client_, std::move(request));
  file.row_groups = parquet->groups();
  if (file.row_groups.size() != groups_.size()) {
    ThrowStatus(Status::Internal("the Parquet writer made " +
                                 std::to_string(file.row_groups.size()) + " row groups, expected " +
                                 std::to_string(groups_.size())));
  }
  for (size_t i = 0; i < groups_.size(); ++i) {
    if (file.row_groups[i].rows != groups_[i].rows) {
      ThrowStatus(Status::Internal("the Parquet writer ended a row group elsewhere"));
    }
    file.row_groups[i].key_min = std::move(groups_[i].key_min);
    file.row_groups[i].key_max = std::move(groups_[i].key_max);
  }
  CutGroupBounds(file.row_groups);
  return parquet->chunks();
}

// Returns the hash lists, which are to lie where the footer is now.
std::string FileWriter::DescribeKeys(DataFile& file) {
  std::string lists;
  const uint64_t lists_at = file.bytes - file.footer_bytes;
  for (auto& [summary, hashes] : keys_.TakeFile()) {
    if (!hashes.empty()) {
      summary.hash_list = {lists_at + lists.size(), hashes.size()};
      lists += EncodeHashList(std::move(hashes));
    }
    file.keys.push_back(std::move(summary));
  }
  return lists;
}

void FileWriter::CloseFile() {
  if (!encoder_) return;
  if (group_rows_ > 0) CloseGroup();
  const auto buffer = encoder_->Finish();
  DataFile file;
  file.id = pond_->env().uuids.Next();
  file.path = "data/" + def_->id.ToString() + "/" + file.id.ToString() + ".parquet";
  // A footer that lies in the log does as well.
  if (has_key_ && FooterBytes(buffer->content) > kTailInLogBytes) {
    AddGroupTails(buffer->content, file.path);
  }
  file.bytes = buffer->content.size();
  file.footer_bytes = FooterBytes(buffer->content);
  file.rows = file_rows_;
  footer_group_bytes_ = file.footer_bytes / groups_.size() + 1;
  const auto chunks = DescribeGroups(file, buffer);
  const std::string lists = DescribeKeys(file);
  const std::string checksums = EncodeChecksums(buffer->content, chunks);
  // In front of the footer: what it says of the places of rows stays true.
  buffer->content.insert(file.bytes - file.footer_bytes, lists + checksums);
  file.bytes = buffer->content.size();
  file.checksum_bytes = checksums.size();
  const std::string_view tail =
      std::string_view(buffer->content).substr(file.bytes - file.TailBytes());
  file.checksum = Xxh3_64(tail);
  for (const auto& bounds : bounds_) {
    ColumnStatistics statistics = bounds->Finish();
    if (statistics.field_id != kRowIdFieldId) file.statistics.push_back(std::move(statistics));
  }
  if (tail.size() <= kTailInLogBytes && file.bytes > kTailInLogFileBytes) file.footer = tail;
  before_put_(file.path);
  upload_->Begin(file.path, Bytes(std::move(buffer->content)));
  files_.push_back(std::move(file));
  encoder_.reset();
}

std::vector<DataFile> FileWriter::Finish() {
  CloseFile();
  upload_->Finish();
  return std::move(files_);
}

}  // namespace duckpond
