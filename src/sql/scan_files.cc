// SPDX-License-Identifier: MIT
#include "sql/scan_files.h"

#include "lake/limits.h"
#include "sql/connection_state.h"
#include "sql/errors.h"

namespace duckpond {
namespace {

// A file of at most this many bytes is read whole: one request instead of two.
constexpr uint64_t kWholeFileBytes = 512 * 1024;
// A row group of at most this many bytes is fetched whole, whatever columns are wanted of it.
constexpr uint64_t kWholeGroupBytes = 2 * 1024 * 1024;
// What one request fetches at most of row groups that lie side by side.
constexpr uint64_t kRequestBytes = 4 * 1024 * 1024;

bool IsWhole(const DataFile& file) { return file.bytes <= kWholeFileBytes; }

}  // namespace

ScanFiles::ScanFiles(duckdb::ClientContext& client, std::shared_ptr<Pond> pond,
                     std::vector<DataFilePtr> files, Request request)
    : client_(client),
      pond_(std::move(pond)),
      request_(std::move(request)),
      control_(std::make_shared<FileSource::Control>()) {
  control_->context.ledger = StatementLedger(client);
  control_->context.cancel = control_->cancel.token();
  control_->interrupted = [&client] { return client.interrupted.load(); };
  for (DataFilePtr& file : files) {
    files_.push_back(std::make_unique<Opened>());
    files_.back()->file = std::move(file);
  }
}

ScanFiles::~ScanFiles() { control_->cancel.Cancel(); }

// REQUIRES: opened.mutex is held.
FileSource& ScanFiles::SourceOf(Opened& opened) {
  if (opened.source) return *opened.source;
  const DataFile& file = *opened.file;
  opened.source =
      std::make_shared<FileSource>(pond_, FileSource::File{file.path, file.bytes}, control_);
  if (!file.footer.empty() && file.footer.size() <= file.bytes) {
    opened.source->Add(file.bytes - file.footer.size(), Bytes(file.footer));
  }
  return *opened.source;
}

// What opening the file takes: the whole of it, or its footer.
// REQUIRES: opened.mutex is held.
void ScanFiles::WantOpening(Opened& opened) {
  const DataFile& file = *opened.file;
  FileSource& source = SourceOf(opened);
  if (IsWhole(file) && file.footer.empty()) return source.Want({0, file.bytes});
  const bool has_footer = opened.parquet || !file.footer.empty() ||
                          file.footer_bytes > file.bytes || FooterIsCached(client_, file.path);
  if (!has_footer) source.Want({file.bytes - file.footer_bytes, file.footer_bytes});
}

uint64_t ScanFiles::UnitBytes(const ScanUnit& unit) const {
  if (unit.kind != ScanUnit::Kind::kRowGroup) return 0;
  return files_[unit.file]->file->row_groups[unit.group].bytes;
}

void ScanFiles::Want(std::span<const ScanUnit> units) {
  while (!units.empty()) {
    size_t wanted = 1;
    if (units[0].kind == ScanUnit::Kind::kRowGroup) wanted = WantGroups(units);
    units = units.subspan(wanted);
  }
}

// Starts one request for as many of the units as it can serve, and returns how many those are.
size_t ScanFiles::WantGroups(std::span<const ScanUnit> units) {
  Opened& opened = *files_[units[0].file];
  const DataFile& file = *opened.file;
  std::lock_guard lock(opened.mutex);
  WantOpening(opened);
  if (IsWhole(file) && file.footer.empty()) return 1;
  const RowGroup& first = file.row_groups[units[0].group];
  if (!request_.most_columns && first.bytes > kWholeGroupBytes) return 1;
  FileSource::Piece piece = {first.offset, first.bytes};
  size_t count = 1;
  for (; count < units.size(); ++count) {
    const ScanUnit& next = units[count];
    const bool follows = next.kind == ScanUnit::Kind::kRowGroup && next.file == units[0].file &&
                         next.group == units[count - 1].group + 1;
    if (!follows) break;
    const RowGroup& group = file.row_groups[next.group];
    if (group.offset < piece.offset) break;
    const uint64_t bytes = group.offset + group.bytes - piece.offset;
    if (bytes > kRequestBytes) break;
    piece.bytes = std::max(piece.bytes, bytes);
  }
  for (size_t i = 0; i < count; ++i) opened.piece_of_group[units[i].group] = piece.offset;
  opened.groups_left[piece.offset] = count;
  opened.source->Want(piece);
  return count;
}

std::shared_ptr<ParquetFile> ScanFiles::Open(const ScanUnit& unit) {
  Opened& opened = *files_[unit.file];
  std::lock_guard lock(opened.mutex);
  if (opened.parquet) return opened.parquet;
  SourceOf(opened);
  const DataFile& file = *opened.file;
  if (file.format != "parquet") {
    ThrowStatus(Status::Unsupported("data file " + file.path + " has the format " + file.format +
                                    ", which this program does not know"));
  }
  opened.path = std::make_unique<FilePath>(opened.source);
  ParquetFile::Request request;
  request.info = opened.path->info(file.bytes, file.footer_bytes);
  request.cache_key = file.path;
  request.columns = request_.columns;
  if (request_.row_ids && file.row_id_column) {
    request.columns.push_back({kRowIdFieldId, duckdb::LogicalType::BIGINT});
  }
  request.row_numbers = request_.row_numbers;
  for (const auto& [place, filter] : request_.filters) request.filters[place] = filter->Copy();
  opened.parquet = ParquetFile::Open(client_, std::move(request));
  return opened.parquet;
}

void ScanFiles::Done(const ScanUnit& unit) {
  Opened& opened = *files_[unit.file];
  std::lock_guard lock(opened.mutex);
  const auto piece = opened.piece_of_group.find(unit.group);
  if (piece == opened.piece_of_group.end()) return;
  const uint64_t start = piece->second;
  opened.piece_of_group.erase(piece);
  if (--opened.groups_left[start] > 0) return;
  opened.groups_left.erase(start);
  opened.source->Release(start);
}

}  // namespace duckpond
