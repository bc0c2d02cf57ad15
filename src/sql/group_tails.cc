// SPDX-License-Identifier: MIT
#include "sql/group_tails.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include <parquet_types.h>  // Not our own, which lies beside this file.

#include "base/hash.h"
#include "base/little_endian.h"
#include "sql/file_chunks.h"
#include "sql/parquet_file.h"
#include "thrift/protocol/TCompactProtocol.h"
#include "thrift/transport/TTransport.h"
#include "thrift/transport/TVirtualTransport.h"

namespace duckpond {
namespace {

namespace thrift = duckdb_apache::thrift;

constexpr std::string_view kMagic = "PAR1";
constexpr uint64_t kSealBytes = sizeof(uint64_t);
// Tails are at most this share of the row groups.
constexpr uint64_t kGroupShare = 8;

// Thrift's way to a string and from one.
class StringTransport final : public thrift::transport::TVirtualTransport<StringTransport> {
 public:
  explicit StringTransport(std::string text = "") : text_(std::move(text)) {}

  uint32_t read(uint8_t* to, uint32_t bytes) {
    const auto some = static_cast<uint32_t>(std::min<size_t>(bytes, text_.size() - at_));
    std::memcpy(to, text_.data() + at_, some);
    at_ += some;
    return some;
  }
  void write(const uint8_t* from, uint32_t bytes) {
    text_.append(reinterpret_cast<const char*>(from), bytes);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  size_t at_ = 0;
};
using Protocol = thrift::protocol::TCompactProtocolT<StringTransport>;

duckdb_parquet::FileMetaData DecodeFooter(std::string_view footer) {
  duckdb_parquet::FileMetaData meta;
  Protocol protocol(std::make_shared<StringTransport>(std::string(footer)));
  meta.read(&protocol);
  return meta;
}

std::string EncodeFooter(const duckdb_parquet::FileMetaData& meta) {
  const auto to = std::make_shared<StringTransport>();
  Protocol protocol(to);
  meta.write(&protocol);
  std::string footer = to->text();
  AppendLittleEndian(footer, static_cast<uint32_t>(footer.size()));
  return footer.append(kMagic);
}

void Move(duckdb_parquet::RowGroup& group, uint64_t bytes) {
  const auto by = static_cast<int64_t>(bytes);
  if (group.__isset.file_offset) group.file_offset += by;
  for (auto& column : group.columns) {
    if (column.file_offset > 0) column.file_offset += by;
    auto& meta = column.meta_data;
    meta.data_page_offset += by;
    if (meta.dictionary_page_offset > 0) meta.dictionary_page_offset += by;
  }
}

// Whether the footer says nothing that would be lost, or would point to a place that has moved.
bool IsPlain(const duckdb_parquet::FileMetaData& meta) {
  if (!meta.key_value_metadata.empty() || meta.__isset.encryption_algorithm) return false;
  return std::ranges::all_of(meta.row_groups, [](const duckdb_parquet::RowGroup& group) {
    return std::ranges::all_of(group.columns, [](const duckdb_parquet::ColumnChunk& column) {
      return !column.meta_data.__isset.index_page_offset &&
             !column.meta_data.__isset.bloom_filter_offset && !column.__isset.offset_index_offset &&
             !column.__isset.column_index_offset && !column.__isset.crypto_metadata;
    });
  });
}

// A footer of one group.
duckdb_parquet::FileMetaData Alone(const duckdb_parquet::FileMetaData& meta, size_t group) {
  duckdb_parquet::FileMetaData one;
  one.version = meta.version;
  one.schema = meta.schema;
  one.num_rows = meta.row_groups[group].num_rows;
  one.row_groups.push_back(meta.row_groups[group]);
  for (auto& column : one.row_groups[0].columns) {
    auto& chunk = column.meta_data;
    chunk.__isset.statistics = false;
    chunk.__isset.encoding_stats = false;
    chunk.__isset.size_statistics = false;
    chunk.__isset.geospatial_statistics = false;
    chunk.__isset.key_value_metadata = false;
  }
  return one;
}

uint64_t Seal(std::string_view tail, std::string_view path) {
  return Xxh3_64(std::string(tail).append(path));
}

// The footers of all groups if a tail of `tail_bytes` comes behind each, and what their tails take.
struct Tails {
  std::vector<std::string> footers;
  uint64_t bytes = 0;  // Of the longest.
};
Tails MakeTails(const duckdb_parquet::FileMetaData& meta, uint64_t tail_bytes) {
  Tails tails;
  for (size_t i = 0; i < meta.row_groups.size(); ++i) {
    auto one = Alone(meta, i);
    Move(one.row_groups[0], i * tail_bytes);
    tails.footers.push_back(EncodeFooter(one));
    const uint64_t checksums = one.row_groups[0].columns.size() * sizeof(uint64_t);
    tails.bytes = std::max(tails.bytes, checksums + tails.footers.back().size() + kSealBytes);
  }
  return tails;
}

std::vector<FilePiece> ChunksOf(const duckdb_parquet::RowGroup& group) {
  std::vector<FilePiece> chunks;
  for (const auto& column : group.columns) chunks.push_back(PlaceOfChunk(column));
  return chunks;
}

}  // namespace

void AddGroupTails(std::string& file, std::string_view path) {
  const uint64_t footer_bytes = FooterBytes(file);
  const uint64_t data_bytes = file.size() - footer_bytes;
  auto meta = DecodeFooter(std::string_view(file).substr(data_bytes));
  const size_t groups = meta.row_groups.size();
  if (groups < 2 || !IsPlain(meta)) return;
  // Places grow with the tails, and tails with the places that they name, by a few bytes.
  Tails tails;
  for (uint64_t bytes = 0; tails.footers.empty() || tails.bytes > bytes;) {
    bytes = tails.bytes;
    tails = MakeTails(meta, bytes);
    tails.bytes = std::max(tails.bytes, bytes);
  }
  if (tails.bytes * kGroupShare > data_bytes / groups) return;
  file.resize(data_bytes + groups * tails.bytes);
  // From the end, so that nothing is overwritten that is still to be moved.
  uint64_t end = data_bytes;
  for (size_t i = groups; i-- > 0;) {
    const std::vector<FilePiece> chunks = ChunksOf(meta.row_groups[i]);
    std::string tail = EncodeChecksums(file, chunks);
    tail.resize(tails.bytes - kSealBytes - tails.footers[i].size());
    tail += tails.footers[i];
    AppendLittleEndian(tail, Seal(tail, path));
    const uint64_t start = i == 0 ? 0 : std::ranges::min(chunks, {}, &FilePiece::offset).offset;
    std::memmove(file.data() + start + i * tails.bytes, file.data() + start, end - start);
    std::memcpy(file.data() + end + i * tails.bytes, tail.data(), tail.size());
    end = start;
    Move(meta.row_groups[i], i * tails.bytes);
  }
  file += EncodeFooter(meta);
}

std::optional<FilePiece> GroupTailOf(const DataFile& file, uint64_t group) {
  const std::vector<RowGroup>& groups = file.row_groups;
  if (groups.size() < 2 || !file.checksum) return std::nullopt;
  const uint64_t first_end = groups[0].offset + groups[0].bytes;
  if (groups[1].offset <= first_end) return std::nullopt;
  const FilePiece tail = {groups[group].offset + groups[group].bytes, groups[1].offset - first_end};
  if (!tail.IsWithin(file.bytes)) return std::nullopt;
  if (group + 1 < groups.size() && groups[group + 1].offset != tail.end()) return std::nullopt;
  return tail;
}

Result<GroupTail> ReadGroupTail(std::string_view tail, std::string_view path) {
  if (tail.size() < kSealBytes) return Status::Corrupt("has row group tails that are too short");
  const std::string_view sealed = tail.substr(0, tail.size() - kSealBytes);
  if (ReadLittleEndian<uint64_t>(tail, sealed.size()) != Seal(sealed, path)) {
    return Status::Corrupt("was altered: the tail of a row group does not have its checksum");
  }
  const uint64_t footer_bytes = FooterBytes(sealed);
  return GroupTail{sealed.substr(0, sealed.size() - footer_bytes),
                   sealed.substr(sealed.size() - footer_bytes)};
}

}  // namespace duckpond
