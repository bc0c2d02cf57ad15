// SPDX-License-Identifier: MIT
//
// FileWriter: writes a table's rows into data files of the pond and says what is in them. Each file
// is made in memory and put in one request, while the next one is made.
//
// Row groups: a table with a key gets small ones, so that one row is little to read, and files
//             whose footer stays small; a table without one gets DuckDB's.
// Extras:     behind each row group of a file with a key what its readers need (sql/group_tails.h);
//             between the last row group and the footer: lists of the keys' hashes, of large files
//             (lake/key_hash_list.h), and checksums (sql/file_chunks.h).
// Threads:    one at a time. Lifetime: borrows the client.
// Errors:     DuckDB exceptions. Files that were put stay, even those of which it is not known
//             whether they were; who called knows their paths and deletes them.
// Memory:     two files, of about kFileBytes at most, and the rows of one group, of about
//             kGroupMemoryBytes at most.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lake/pond.h"
#include "sql/column_bounds.h"
#include "sql/duckdb_api.h"
#include "sql/file_upload.h"
#include "sql/key_tracker.h"
#include "sql/parquet_encoder.h"

namespace duckpond {

class FileWriter {
 public:
  // `def` may have a last column of kRowIdFieldId, which is no column of the table.
  // `before_put` is told the path of each object before it is put; requests are entered in
  // `ledger`.
  enum class Files : uint8_t { kMany, kOne };
  using BeforePut = std::function<void(const std::string& path)>;
  FileWriter(duckdb::ClientContext& client, std::shared_ptr<Pond> pond,
             std::shared_ptr<const TableDef> def, Files files, BeforePut before_put,
             std::shared_ptr<CostLedger> ledger);
  ~FileWriter();

  // `chunk` has the table's types; sorted by the first key where there is one. Duplicate keys must
  // have been found before, or are found by CheckKeys at the latest.
  void Append(duckdb::DataChunk& chunk);
  // Puts what is left. The files, in the order of their rows.
  std::vector<DataFile> Finish();
  const std::shared_ptr<FileUpload>& upload() const { return upload_; }

 private:
  void AppendRows(duckdb::DataChunk& chunk);
  void OpenFile(duckdb::DataChunk& first);
  void CloseGroup();
  void CloseFile();
  std::vector<FileSource::Piece> DescribeGroups(DataFile& file,
                                                const std::shared_ptr<FileBuffer>& buffer);
  std::string DescribeKeys(DataFile& file);

  duckdb::ClientContext& client_;
  std::shared_ptr<Pond> pond_;
  std::shared_ptr<const TableDef> def_;
  const bool has_key_;
  const bool one_file_;
  const BeforePut before_put_;
  const std::shared_ptr<FileUpload> upload_;  // Stopped by its transaction, too.
  KeyTracker keys_;

  duckdb::DataChunk part_;  // Of a chunk that a row group's end cuts.
  std::unique_ptr<ParquetEncoder> encoder_;
  std::vector<std::unique_ptr<ColumnBounds>> bounds_;
  std::vector<RowGroup> groups_;  // Of the open file; offsets come from its footer.
  uint64_t group_rows_target_ = 0;
  uint64_t groups_max_ = 0;
  uint64_t footer_group_bytes_ = 0;  // What a row group takes in the footer.
  uint64_t group_rows_ = 0;
  uint64_t file_rows_ = 0;
  std::vector<DataFile> files_;
};

}  // namespace duckpond
