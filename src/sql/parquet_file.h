// SPDX-License-Identifier: MIT
//
// ParquetFile: DuckDB's Parquet reader, driven one row group at a time, so that the scan chooses
// the groups and knows what is about to be read.
//
// Threads:   Open and AddFilter come first; then each thread has its own Cursor, at the same time.
// Lifetime:  a Cursor keeps its file alive.
// Errors:    DuckDB exceptions. A column that the file should have and has not, or has with another
//            type, is corrupt.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lake/data_file.h"
#include "sql/duckdb_api.h"
#include "sql/file_source.h"

namespace duckdb {
class ParquetFileMetadataCache;
}
namespace duckdb_parquet {
class ColumnChunk;
}

namespace duckpond {

// A footer that was read before; null: none was, or it is forgotten.
using KnownFooter = duckdb::shared_ptr<duckdb::ParquetFileMetadataCache>;

class ParquetFile {
 public:
  // A column to read, by its field id, of the type that it is stored in.
  struct Column {
    uint32_t field_id = 0;
    duckdb::LogicalType stored;
  };
  struct Request {
    duckdb::OpenFileInfo info;
    KnownFooter footer;     // Null: it is read, and kept under cache_key.
    std::string cache_key;  // In DuckDB's object cache; empty: not kept.
    // The first row group that the footer names, of those that the log does (sql/group_tails.h).
    uint64_t first_group = 0;
    std::vector<Column> columns;
    bool row_numbers = false;  // A last column: the row's place in the file, BIGINT.
    // Filters by place in `columns`; rows that fail are left out.
    std::map<size_t, duckdb::unique_ptr<duckdb::TableFilter>> filters;
  };
  static std::shared_ptr<ParquetFile> Open(duckdb::ClientContext& client, Request request);
  ~ParquetFile();

  // Reads one group after the other.
  class Cursor {
   public:
    explicit Cursor(std::shared_ptr<ParquetFile> file);
    ~Cursor();
    void Begin(duckdb::ClientContext& client, uint64_t group);
    // Fills `chunk` (of the stored types) with the next rows; false at the end of the group.
    bool Next(duckdb::ClientContext& client, duckdb::DataChunk& chunk);

   private:
    struct State;
    std::shared_ptr<ParquetFile> file_;
    std::unique_ptr<State> state_;
  };

  // The types of a chunk for a Cursor.
  duckdb::vector<duckdb::LogicalType> types() const;

  // Where the row groups lie, from the footer.
  std::vector<RowGroup> groups() const;
  // Where all column chunks lie, group by group.
  std::vector<FileSource::Piece> chunks() const;
  // Where those lie that are read of a group; none if the filters leave out all of its rows.
  std::vector<FileSource::Piece> WantedChunks(uint64_t group) const;

 private:
  struct Reader;
  ParquetFile(std::unique_ptr<Reader> reader, uint64_t first_group);
  std::unique_ptr<Reader> reader_;
  const uint64_t first_group_;
};

KnownFooter FindFooter(duckdb::ClientContext& client, const std::string& cache_key);

// Where a column chunk lies, as a footer says.
FilePiece PlaceOfChunk(const duckdb_parquet::ColumnChunk& column);

// Length of the footer of a whole Parquet file, its length and magic included; 0 if it has none.
uint64_t FooterBytes(std::string_view file);

}  // namespace duckpond
