// SPDX-License-Identifier: MIT
#include "sql/scan_files.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "duckdb/storage/object_cache.hpp"
#include "lake/limits.h"
#include "sql/connection_state.h"
#include "sql/errors.h"
#include "sql/file_chunks.h"

namespace duckpond {
namespace {

// A file of at most this many bytes is read whole: one request instead of two.
constexpr uint64_t kWholeFileBytes = 512 * 1024;
// What one request fetches at most of pieces that lie side by side.
constexpr uint64_t kRequestBytes = 4 * 1024 * 1024;

bool IsWhole(const DataFile& file) { return file.bytes <= kWholeFileBytes; }

FileSource::File Describe(const DataFile& file) {
  const uint64_t tail = std::min(file.TailBytes(), file.bytes);
  return {file.path, file.bytes, {file.bytes - tail, tail}, file.checksum};
}

// Under what a file's footer and chunks are cached: ponds that are copies of each other have the
// same paths, and only the checksum tells what lies there.
std::string CacheKey(const DataFile& file) {
  return file.path + (file.checksum ? "#" + std::to_string(*file.checksum) : "");
}

// What is enough to read a row group if it is all that is read of the file; none if the footer is.
std::optional<FileSource::Piece> LoneTail(const DataFile& file, uint64_t group) {
  return file.footer.empty() ? GroupTailOf(file, group) : std::nullopt;
}

KeptChunksPtr FindChunks(duckdb::ClientContext& client, const std::string& key) {
  return duckdb::ObjectCache::GetObjectCache(client).GetWithTypePrefix<KeptChunks>(key);
}

}  // namespace

std::vector<ProbedFile> CostOfFiles(const ScanUnits& plan) {
  std::vector<ProbedFile> files;
  for (const DataFilePtr& file : plan.files) {
    const bool whole = IsWhole(*file);
    files.push_back({file, 1, whole ? file->bytes : file->TailBytes()});
  }
  std::vector<uint64_t> groups(files.size());
  for (const ScanUnit& unit : plan.units) {
    if (unit.kind == ScanUnit::Kind::kRowGroup) ++groups[unit.file];
  }
  for (const ScanUnit& unit : plan.units) {
    if (unit.kind != ScanUnit::Kind::kRowGroup) continue;
    ProbedFile& read = files[unit.file];
    const DataFile& file = *read.file;
    const uint64_t group_bytes = file.row_groups[unit.group].bytes;
    if (const auto tail = LoneTail(file, unit.group); tail && groups[unit.file] == 1) {
      read.bytes = group_bytes + tail->bytes;
    } else if (!IsWhole(file)) {
      ++read.requests;
      read.bytes += group_bytes;
    }
  }
  return files;
}

ScanFiles::ScanFiles(duckdb::ClientContext& client, std::shared_ptr<Pond> pond,
                     std::vector<DataFilePtr> files, std::span<const ScanUnit> units,
                     Request request)
    : client_(client),
      pond_(std::move(pond)),
      request_(std::move(request)),
      price_(PriceOfReads(pond_->store().traits())),
      waits_for_places_(ColumnsPay(price_, Measure(files, units, request_))),
      control_(std::make_shared<FileSource::Control>()) {
  control_->context.ledger = request_.ledger;
  control_->context.deadline_us = ConnectionState::Of(client)->deadline_us();
  control_->context.cancel = control_->cancel.token();
  control_->interrupted = [&client] { return client.interrupted.load(); };
  for (DataFilePtr& file : files) {
    files_.push_back(std::make_unique<Opened>());
    files_.back()->file = std::move(file);
  }
  for (const ScanUnit& unit : units) {
    if (unit.kind == ScanUnit::Kind::kRowGroup) ++files_[unit.file]->units_left;
  }
  ChooseLoneGroups(units);
}

ScanFiles::~ScanFiles() { control_->cancel.Cancel(); }

GroupsToRead ScanFiles::Measure(const std::vector<DataFilePtr>& files,
                                std::span<const ScanUnit> units, const Request& request) {
  GroupsToRead read;
  read.columns = request.columns.size();
  for (const ScanUnit& unit : units) {
    if (unit.kind != ScanUnit::Kind::kRowGroup || IsWhole(*files[unit.file])) continue;
    const RowGroup& group = files[unit.file]->row_groups[unit.group];
    ++read.groups;
    read.bytes += group.bytes;
    read.column_bytes += request.column_bytes(group);
  }
  read.requests = read.bytes / kRequestBytes + 1;
  return read;
}

// A row's number is its place in the file, which a footer of one group does not tell.
void ScanFiles::ChooseLoneGroups(std::span<const ScanUnit> units) {
  if (request_.row_numbers) return;
  for (const ScanUnit& unit : units) {
    if (unit.kind != ScanUnit::Kind::kRowGroup) continue;
    Opened& opened = *files_[unit.file];
    const DataFile& file = *opened.file;
    if (opened.units_left != 1) continue;
    const std::string key = CacheKey(file);
    if (FindFooter(client_, key) && FindChunks(client_, key)) continue;
    opened.lone_tail = LoneTail(file, unit.group);
    if (opened.lone_tail) opened.lone_group = unit.group;
  }
}

std::string ScanFiles::KeyOf(const Opened& opened) {
  const std::string key = CacheKey(*opened.file);
  return opened.lone_group ? key + "@" + std::to_string(*opened.lone_group) : key;
}

bool ScanFiles::IsReadWhole(const Opened& opened) {
  return IsWhole(*opened.file) && !opened.lone_group && opened.file->footer.empty() &&
         !opened.may_be_kept;
}

// REQUIRES: opened.mutex is held.
FileSource& ScanFiles::SourceOf(Opened& opened) {
  if (opened.source) return *opened.source;
  const DataFile& file = *opened.file;
  FileSource::File described = Describe(file);
  // Its own tail is checked where it is read.
  if (opened.lone_group) described.checksum.reset();
  opened.source = std::make_shared<FileSource>(pond_, std::move(described), control_);
  opened.footer = FindFooter(client_, KeyOf(opened));
  if (file.checksum) opened.chunks = FindChunks(client_, KeyOf(opened));
  opened.may_be_kept = opened.footer && opened.chunks && opened.chunks->any();
  const bool is_known = opened.footer && (opened.chunks || !file.checksum);
  opened.has_tail = is_known || !file.footer.empty();
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
  if (IsReadWhole(opened)) return source.Want({0, file.bytes});
  if (opened.parquet || opened.has_tail) return;
  if (!opened.lone_group) return source.Want(source.file().tail);
  // Else it comes with the group.
  if (waits_for_places_) source.Want(*opened.lone_tail);
}

uint64_t ScanFiles::UnitBytes(const ScanUnit& unit) const {
  if (unit.kind != ScanUnit::Kind::kRowGroup) return 0;
  const DataFile& file = *files_[unit.file]->file;
  const RowGroup& group = file.row_groups[unit.group];
  if (!waits_for_places_) return group.bytes;
  return request_.column_bytes(group) + file.TailBytes() / file.row_groups.size();
}

void ScanFiles::Want(std::span<const ScanUnit> units) {
  for (auto left = units; !left.empty();) {
    const bool in_file = left[0].kind == ScanUnit::Kind::kRowGroup;
    left = left.subspan(in_file ? WantGroups(left) : 1);
  }
}

void ScanFiles::WantWaiting(std::span<const ScanUnit> units) {
  const Opened* last = nullptr;
  for (const ScanUnit& unit : units) {
    if (unit.kind != ScanUnit::Kind::kRowGroup || files_[unit.file].get() == last) continue;
    Opened& opened = *files_[unit.file];
    last = &opened;
    {
      std::lock_guard lock(opened.mutex);
      if (opened.groups_waiting.empty()) continue;
    }
    // Whoever reads the unit meets the error again, and nobody else need know of it.
    const Status status = CatchToStatus([&] { Open(unit); });
    if (!status.ok()) return;
  }
}

// Starts one request for as many of the units as it can serve, and returns how many those are.
size_t ScanFiles::WantGroups(std::span<const ScanUnit> units) {
  Opened& opened = *files_[units[0].file];
  const DataFile& file = *opened.file;
  std::lock_guard lock(opened.mutex);
  WantOpening(opened);
  if (IsReadWhole(opened)) return 1;
  if (waits_for_places_ || opened.has_tail || opened.parquet) {
    opened.groups_waiting.push_back(units[0].group);
    return 1;
  }
  const RowGroup& first = file.row_groups[units[0].group];
  FileSource::Piece piece = {first.offset, first.bytes};
  if (opened.lone_group) piece.bytes += opened.lone_tail->bytes;
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
  std::vector<uint64_t> groups;
  for (size_t i = 0; i < count; ++i) groups.push_back(units[i].group);
  WantPiece(opened, piece, groups);
  return count;
}

// REQUIRES: opened.mutex is held.
void ScanFiles::WantPiece(Opened& opened, FileSource::Piece piece,
                          std::span<const uint64_t> groups) {
  for (const uint64_t group : groups) opened.pieces_of_group[group].push_back(piece.offset);
  opened.groups_left[piece.offset] += groups.size();
  opened.source->Want(piece);
}

// Fetches what is read of the groups that wait.
// REQUIRES: opened.mutex is held, and opened.parquet is set.
void ScanFiles::WantColumns(Opened& opened) {
  std::map<uint64_t, uint64_t> group_of;  // By where the chunk starts.
  std::vector<FilePiece> missing;
  for (const uint64_t group : std::exchange(opened.groups_waiting, {})) {
    for (const FilePiece& chunk : opened.parquet->WantedChunks(group)) {
      if (opened.may_be_kept && opened.source->WantKept(chunk)) {
        opened.pieces_of_group[group].push_back(chunk.offset);
        ++opened.groups_left[chunk.offset];
      } else {
        missing.push_back(chunk);
        group_of[chunk.offset] = group;
      }
    }
  }
  for (const FilePiece& piece : JoinPieces(std::move(missing), price_.GapBytes(), kRequestBytes)) {
    std::vector<uint64_t> groups;
    const auto end = group_of.lower_bound(piece.end());
    for (auto chunk = group_of.lower_bound(piece.offset); chunk != end; ++chunk) {
      if (groups.empty() || groups.back() != chunk->second) groups.push_back(chunk->second);
    }
    WantPiece(opened, piece, groups);
  }
}

// Tells the source what to check. REQUIRES: opened.mutex is held, and opened.parquet is set.
void ScanFiles::KnowChunks(Opened& opened) {
  const DataFile& file = *opened.file;
  if (!file.checksum) return;
  KeptChunksPtr chunks = opened.chunks;
  if (!chunks) {
    const auto places = opened.parquet->chunks();
    std::string checksums(file.checksum_bytes, '\0');
    if (opened.lone_group) {
      checksums = opened.group_tail.checksums.substr(0, places.size() * sizeof(uint64_t));
    } else {
      opened.source->Read({opened.source->file().tail.offset, checksums.size()}, checksums.data());
    }
    auto decoded = DecodeChecksums(checksums, places, file.bytes);
    if (!decoded.ok()) ThrowStoreStatus(decoded.error().Prefixed("data file " + file.path));
    chunks = duckdb::make_shared_ptr<KeptChunks>(*client_.db, *std::move(decoded));
    duckdb::ObjectCache::GetObjectCache(client_).PutWithTypePrefix<KeptChunks>(KeyOf(opened),
                                                                               chunks);
  }
  opened.source->SetChunks(std::move(chunks));
}

// Puts the footer of the lone group where the file's would be. One that is damaged is not needed:
// the file's own footer tells of the group as well.
// REQUIRES: opened.mutex is held.
void ScanFiles::ReadLoneTail(Opened& opened) {
  const DataFile& file = *opened.file;
  opened.group_tail_bytes.resize(opened.lone_tail->bytes);
  opened.source->Read(*opened.lone_tail, opened.group_tail_bytes.data());
  const auto tail = ReadGroupTail(opened.group_tail_bytes, file.path);
  if (!tail.ok()) {
    opened.lone_group.reset();
    opened.source.reset();
    SourceOf(opened);
    return;
  }
  opened.group_tail = *tail;
  const std::string_view footer = tail->footer;
  opened.source->Add(file.bytes - footer.size(), Bytes(std::string(footer)));
}

std::shared_ptr<ParquetFile> ScanFiles::Open(const ScanUnit& unit) {
  Opened& opened = *files_[unit.file];
  std::lock_guard lock(opened.mutex);
  if (opened.parquet) {
    WantColumns(opened);
    return opened.parquet;
  }
  SourceOf(opened);
  const DataFile& file = *opened.file;
  if (file.format != "parquet") {
    ThrowStatus(Status::Unsupported("data file " + file.path + " has the format " + file.format +
                                    ", which this program does not know"));
  }
  if (opened.lone_group && !opened.has_tail) ReadLoneTail(opened);
  opened.path = std::make_unique<FilePath>(client_, opened.source);
  ParquetFile::Request request;
  const uint64_t footer_bytes =
      opened.lone_group ? opened.group_tail.footer.size() : file.footer_bytes;
  request.info = opened.path->info(file.bytes, footer_bytes);
  request.footer = opened.footer;
  request.cache_key = KeyOf(opened);
  request.first_group = opened.lone_group.value_or(0);
  request.columns = request_.columns;
  if (request_.row_ids && file.row_id_column) {
    request.columns.push_back({kRowIdFieldId, duckdb::LogicalType::BIGINT});
  }
  request.row_numbers = request_.row_numbers;
  for (const auto& [place, filter] : request_.filters) request.filters[place] = filter->Copy();
  opened.parquet = ParquetFile::Open(client_, std::move(request));
  KnowChunks(opened);
  WantColumns(opened);
  return opened.parquet;
}

void ScanFiles::Done(const ScanUnit& unit) {
  Opened& opened = *files_[unit.file];
  std::lock_guard lock(opened.mutex);
  CHECK(opened.units_left > 0);
  if (--opened.units_left == 0) return Close(opened);
  std::erase(opened.groups_waiting, unit.group);  // Of a unit that nobody wants any more.
  const auto pieces = opened.pieces_of_group.extract(unit.group);
  if (pieces.empty()) return;
  for (const uint64_t start : pieces.mapped()) {
    if (--opened.groups_left[start] > 0) continue;
    opened.groups_left.erase(start);
    opened.source->Release(start);
  }
}

// The worker that read the last unit keeps the file open until it opens another.
// REQUIRES: opened.mutex is held.
void ScanFiles::Close(Opened& opened) {
  opened.parquet.reset();
  opened.path.reset();
  opened.source.reset();
  opened.footer.reset();
  opened.chunks.reset();
  opened.pieces_of_group.clear();
  opened.groups_left.clear();
  opened.groups_waiting.clear();
}

}  // namespace duckpond
