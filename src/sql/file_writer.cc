// SPDX-License-Identifier: MIT
#include "sql/file_writer.h"

#include <algorithm>

#include "lake/limits.h"
#include "sql/connection_state.h"
#include "sql/errors.h"
#include "sql/parquet_file.h"
#include "sql/types.h"

namespace duckpond {
namespace {

// A file is ended when it is this large.
constexpr uint64_t kFileBytes = 120 * 1024 * 1024;
// Footers of at most this size are kept in the log: reading the file is then one request.
constexpr uint64_t kFooterInLogBytes = 2048;
// What a row group of a table with a key aims at, before compression. DuckDB reads 2,048 rows at a
// time: less than that saves nothing.
constexpr uint64_t kGroupBytes = 128 * 1024;
constexpr uint64_t kGroupRowsMax = 16'384;
// What the footer of a file with a key aims at: a reader of one row fetches it whole.
constexpr uint64_t kFooterBytes = 48 * 1024;
constexpr uint64_t kFooterBytesAColumn = 150;
constexpr uint64_t kGroupsMin = 16;
constexpr uint64_t kDuckDbGroupRows = 122'880;
// How often a put whose outcome is unknown is made again; the object is the same each time.
constexpr int kPutAttempts = 3;

// About what a row takes, by its first chunk.
uint64_t RowBytes(const duckdb::DataChunk& chunk) {
  return std::max<uint64_t>(chunk.GetAllocationSize() / std::max<uint64_t>(chunk.size(), 1), 1);
}

}  // namespace

FileWriter::FileWriter(duckdb::ClientContext& client, std::shared_ptr<Pond> pond,
                       std::shared_ptr<const TableDef> def, Files files)
    : client_(client),
      pond_(std::move(pond)),
      def_(std::move(def)),
      has_key_(!def_->Keys().empty()),
      one_file_(files == Files::kOne),
      keys_(def_) {
  duckdb::vector<duckdb::LogicalType> types;
  for (const Column& column : def_->columns) types.push_back(ToDuckDb(column.type));
  pending_.Initialize(duckdb::Allocator::DefaultAllocator(), types);
}

FileWriter::~FileWriter() = default;

void FileWriter::Append(duckdb::DataChunk& chunk) {
  // Whole chunks only: row groups then end where the keys' bounds are taken.
  duckdb::idx_t done = 0;
  while (done < chunk.size()) {
    const duckdb::idx_t room = STANDARD_VECTOR_SIZE - pending_.size();
    const duckdb::idx_t rows = std::min(room, chunk.size() - done);
    duckdb::SelectionVector places(rows);
    for (duckdb::idx_t i = 0; i < rows; ++i) places.set_index(i, done + i);
    pending_.Append(chunk, false, &places, rows);
    done += rows;
    if (pending_.size() == STANDARD_VECTOR_SIZE) {
      AppendFull(pending_);
      pending_.Reset();
    }
  }
}

void FileWriter::OpenFile(const duckdb::DataChunk& first) {
  group_rows_target_ = kDuckDbGroupRows;
  groups_max_ = UINT64_MAX;
  if (has_key_) {
    const uint64_t rows = kGroupBytes / RowBytes(first) / STANDARD_VECTOR_SIZE;
    group_rows_target_ =
        std::clamp<uint64_t>(rows * STANDARD_VECTOR_SIZE, STANDARD_VECTOR_SIZE, kGroupRowsMax);
    groups_max_ = std::max(kGroupsMin, kFooterBytes / (kFooterBytesAColumn * def_->columns.size()));
  }
  encoder_ = std::make_unique<ParquetEncoder>(client_, *def_, group_rows_target_);
  bounds_.clear();
  for (const Column& column : def_->columns) bounds_.push_back(ColumnBounds::For(column));
  groups_.clear();
  group_rows_ = 0;
  file_rows_ = 0;
}

void FileWriter::AppendFull(duckdb::DataChunk& chunk) {
  if (!encoder_) OpenFile(chunk);
  if (has_key_) keys_.Add(chunk);
  for (size_t i = 0; i < bounds_.size(); ++i) bounds_[i]->Add(chunk.data[i], chunk.size());
  encoder_->Append(chunk);
  group_rows_ += chunk.size();
  file_rows_ += chunk.size();
  if (group_rows_ < group_rows_target_) return;
  CloseGroup();
  const bool full = encoder_->bytes() >= kFileBytes || groups_.size() >= groups_max_;
  if (full && !one_file_) CloseFile();
}

void FileWriter::CloseGroup() {
  RowGroup group;
  group.rows = group_rows_;
  auto bounds = keys_.TakeGroup();
  group.key_min = std::move(bounds.min);
  group.key_max = std::move(bounds.max);
  groups_.push_back(std::move(group));
  group_rows_ = 0;
}

void FileWriter::CloseFile() {
  if (!encoder_) return;
  if (group_rows_ > 0) CloseGroup();
  const auto buffer = encoder_->Finish();
  DataFile file;
  file.id = pond_->env().uuids.Next();
  file.path = "data/" + def_->id.ToString() + "/" + file.id.ToString() + ".parquet";
  file.bytes = buffer->content.size();
  file.footer_bytes = FooterBytes(buffer->content);
  file.rows = file_rows_;
  {
    const FilePath path(buffer, "written.parquet");
    const auto parquet =
        ParquetFile::Open(client_, {path.info(file.bytes, file.footer_bytes), "", {}, false, {}});
    file.row_groups = parquet->groups();
  }
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
  for (const auto& bounds : bounds_) {
    ColumnStatistics statistics = bounds->Finish();
    if (statistics.field_id != kRowIdFieldId) file.statistics.push_back(std::move(statistics));
  }
  file.keys = keys_.TakeFile();
  if (file.footer_bytes <= kFooterInLogBytes) {
    file.footer = buffer->content.substr(file.bytes - file.footer_bytes);
  }
  Put(file, Bytes(std::move(buffer->content)));
  files_.push_back(std::move(file));
  encoder_.reset();
}

void FileWriter::Put(const DataFile& file, Bytes body) {
  Result<PutReply> reply = Status::Internal("not tried");
  for (int attempt = 0; attempt < kPutAttempts; ++attempt) {
    reply = RunTask(client_, [&](Context context) {
      return pond_->store().Put(context, file.path, body, PutCondition::None());
    });
    if (!reply.ok()) ThrowStoreStatus(reply.error().Prefixed("writing " + file.path));
    if (reply->state == PutReply::State::kWritten) return;
  }
  ThrowStoreStatus(Status::Unavailable("writing " + file.path + ": " + reply->detail));
}

std::vector<DataFile> FileWriter::Finish() {
  if (pending_.size() > 0) {
    AppendFull(pending_);
    pending_.Reset();
  }
  CloseFile();
  return std::move(files_);
}

}  // namespace duckpond
