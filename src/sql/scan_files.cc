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

void ScanFiles::Want(const ScanUnit& unit) {
  Opened& opened = *files_[unit.file];
  const DataFile& file = *opened.file;
  std::lock_guard lock(opened.mutex);
  FileSource& source = SourceOf(opened);
  if (IsWhole(file) && file.footer.empty()) return source.Want({0, file.bytes});
  if (!opened.parquet && file.footer.empty() && file.footer_bytes <= file.bytes &&
      !FooterIsCached(client_, file.path)) {
    source.Want({file.bytes - file.footer_bytes, file.footer_bytes});
  }
  const RowGroup& group = file.row_groups[unit.group];
  if (request_.most_columns || group.bytes <= kWholeGroupBytes) {
    source.Want({group.offset, group.bytes});
  }
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
  const DataFile& file = *opened.file;
  std::lock_guard lock(opened.mutex);
  if (!opened.source) return;
  if (!IsWhole(file) || !file.footer.empty()) {
    opened.source->Release(file.row_groups[unit.group].offset);
  } else if (file.row_groups.size() == 1) {
    opened.source->Release(0);
  }
}

}  // namespace duckpond
