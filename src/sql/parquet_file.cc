// SPDX-License-Identifier: MIT
#include "sql/parquet_file.h"

#include <cstring>

#include "duckdb/common/multi_file/multi_file_reader.hpp"
#include "parquet_file_metadata_cache.hpp"
#include "parquet_reader.hpp"
#include "sql/errors.h"

namespace duckpond {

using duckdb::LogicalType;

struct ParquetFile::Reader {
  duckdb::shared_ptr<duckdb::ParquetReader> parquet;
  duckdb::vector<LogicalType> types;
};

struct ParquetFile::Cursor::State {
  duckdb::ParquetReaderScanState scan;
};

namespace {

// Where in the file's columns the field is. Errors: throws what it means not to find it.
duckdb::idx_t FindColumn(const duckdb::ParquetReader& reader, const ParquetFile::Column& wanted) {
  const auto& columns = reader.GetColumns();
  for (duckdb::idx_t i = 0; i < columns.size(); ++i) {
    const auto& identifier = columns[i].identifier;
    if (identifier.IsNull() ||
        identifier.GetValue<int32_t>() != static_cast<int32_t>(wanted.field_id)) {
      continue;
    }
    if (columns[i].type != wanted.stored) {
      ThrowStatus(Status::Corrupt("field " + std::to_string(wanted.field_id) + " of " +
                                  reader.GetFileName() + " is " + columns[i].type.ToString() +
                                  ", expected " + wanted.stored.ToString()));
    }
    return i;
  }
  ThrowStatus(
      Status::Corrupt(reader.GetFileName() + " has no field " + std::to_string(wanted.field_id)));
}

void AddRowNumbers(duckdb::ParquetReader& reader) {
  constexpr auto kRowNumber = duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER;
  const duckdb::idx_t place = reader.columns.size();
  reader.columns.emplace_back("file_row_number", LogicalType::BIGINT);
  reader.AddVirtualColumn(kRowNumber);
  reader.column_ids.push_back(duckdb::MultiFileLocalColumnId(place));
  reader.column_indexes.emplace_back(place);
}

// The chunks of a column, which are several where it is nested.
void AddLeaves(const duckdb::ParquetColumnSchema& schema,
               const std::vector<duckdb_parquet::ColumnChunk>& columns,
               std::vector<FileSource::Piece>& chunks) {
  for (const auto& child : schema.children) AddLeaves(child, columns, chunks);
  if (schema.children.empty() && schema.column_index < columns.size()) {
    chunks.push_back(PlaceOfChunk(columns[schema.column_index]));
  }
}

}  // namespace

ParquetFile::ParquetFile(std::unique_ptr<Reader> reader, uint64_t first_group)
    : reader_(std::move(reader)), first_group_(first_group) {}
ParquetFile::~ParquetFile() = default;

std::shared_ptr<ParquetFile> ParquetFile::Open(duckdb::ClientContext& client, Request request) {
  auto reader = std::make_unique<Reader>();
  duckdb::ParquetOptions options;
  options.can_have_nan = true;
  const bool known = request.footer != nullptr;
  reader->parquet = duckdb::make_shared_ptr<duckdb::ParquetReader>(
      client, std::move(request.info), options, std::move(request.footer));
  duckdb::ParquetReader& parquet = *reader->parquet;
  if (!known && !request.cache_key.empty()) {
    duckdb::ObjectCache::GetObjectCache(client).PutWithTypePrefix<duckdb::ParquetFileMetadataCache>(
        request.cache_key, parquet.metadata);
  }
  for (const Column& column : request.columns) {
    const duckdb::idx_t place = FindColumn(parquet, column);
    parquet.column_ids.push_back(duckdb::MultiFileLocalColumnId(place));
    parquet.column_indexes.emplace_back(place);
    reader->types.push_back(column.stored);
  }
  if (request.row_numbers) {
    AddRowNumbers(parquet);
    reader->types.push_back(LogicalType::BIGINT);
  }
  if (!request.filters.empty()) {
    parquet.filters = duckdb::make_uniq<duckdb::TableFilterSet>();
    for (auto& [place, filter] : request.filters) {
      parquet.filters->filters[place] = std::move(filter);
    }
  }
  return std::shared_ptr<ParquetFile>(new ParquetFile(std::move(reader), request.first_group));
}

duckdb::vector<LogicalType> ParquetFile::types() const { return reader_->types; }

std::vector<RowGroup> ParquetFile::groups() const {
  std::vector<RowGroup> groups;
  for (const auto& group : reader_->parquet->GetFileMetadata()->row_groups) {
    RowGroup result;
    result.rows = static_cast<uint64_t>(group.num_rows);
    result.offset = UINT64_MAX;
    uint64_t end = 0;
    for (const auto& column : group.columns) {
      const FileSource::Piece chunk = PlaceOfChunk(column);
      result.offset = std::min(result.offset, chunk.offset);
      end = std::max(end, chunk.end());
    }
    result.bytes = end - result.offset;
    groups.push_back(std::move(result));
  }
  return groups;
}

std::vector<FileSource::Piece> ParquetFile::chunks() const {
  std::vector<FileSource::Piece> chunks;
  for (const auto& group : reader_->parquet->GetFileMetadata()->row_groups) {
    for (const auto& column : group.columns) chunks.push_back(PlaceOfChunk(column));
  }
  return chunks;
}

std::vector<FileSource::Piece> ParquetFile::WantedChunks(uint64_t group) const {
  duckdb::ParquetReader& parquet = *reader_->parquet;
  const auto& metadata = *parquet.GetFileMetadata();
  group -= first_group_;
  if (group >= metadata.row_groups.size()) return {};
  const auto& columns = metadata.row_groups[group].columns;
  std::vector<FileSource::Piece> chunks;
  for (duckdb::idx_t i = 0; i < parquet.column_ids.size(); ++i) {
    const auto place = parquet.column_ids[duckdb::MultiFileLocalIndex(i)].GetId();
    if (place >= parquet.root_schema->children.size()) continue;  // Row numbers.
    const auto& schema = parquet.root_schema->children[place];
    if (schema.schema_type == duckdb::ParquetColumnSchemaType::FILE_ROW_NUMBER) continue;
    if (parquet.filters && parquet.filters->filters.contains(i)) {
      const auto statistics = schema.Stats(metadata, parquet.parquet_options, group, columns);
      if (statistics && parquet.filters->filters[i]->CheckStatistics(*statistics) ==
                            duckdb::FilterPropagateResult::FILTER_ALWAYS_FALSE) {
        return {};
      }
    }
    AddLeaves(schema, columns, chunks);
  }
  return chunks;
}

ParquetFile::Cursor::Cursor(std::shared_ptr<ParquetFile> file)
    : file_(std::move(file)), state_(std::make_unique<State>()) {}
ParquetFile::Cursor::~Cursor() = default;

void ParquetFile::Cursor::Begin(duckdb::ClientContext& client, uint64_t group) {
  const auto groups = file_->reader_->parquet->NumRowGroups();
  group -= file_->first_group_;
  if (group >= groups) {
    ThrowStatus(Status::Corrupt(file_->reader_->parquet->GetFileName() + " has " +
                                std::to_string(groups) + " row groups, the log knows more"));
  }
  file_->reader_->parquet->InitializeScan(client, state_->scan, {group});
}

bool ParquetFile::Cursor::Next(duckdb::ClientContext& client, duckdb::DataChunk& chunk) {
  while (true) {
    chunk.Reset();
    const auto result = file_->reader_->parquet->Scan(client, state_->scan, chunk);
    if (chunk.size() > 0) return true;
    if (result.GetResultType() == duckdb::AsyncResultType::FINISHED) return false;
  }
}

FilePiece PlaceOfChunk(const duckdb_parquet::ColumnChunk& column) {
  const auto& meta = column.meta_data;
  auto start = static_cast<uint64_t>(meta.data_page_offset);
  if (meta.__isset.dictionary_page_offset && meta.dictionary_page_offset > 0) {
    start = std::min(start, static_cast<uint64_t>(meta.dictionary_page_offset));
  }
  return {start, static_cast<uint64_t>(meta.total_compressed_size)};
}

KnownFooter FindFooter(duckdb::ClientContext& client, const std::string& cache_key) {
  return duckdb::ObjectCache::GetObjectCache(client)
      .GetWithTypePrefix<duckdb::ParquetFileMetadataCache>(cache_key);
}

uint64_t FooterBytes(std::string_view file) {
  constexpr uint64_t kTailBytes = 8;
  if (file.size() < kTailBytes) return 0;
  uint32_t length = 0;
  std::memcpy(&length, file.data() + file.size() - kTailBytes, sizeof(length));
  const uint64_t all = length + kTailBytes;
  return all <= file.size() ? all : 0;
}

}  // namespace duckpond
