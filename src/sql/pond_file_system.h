// SPDX-License-Identifier: MIT
//
// PondFileSystem: lets DuckDB's Parquet reader and writer work on a pond's files. A path is a
// token, "duckpond-data://<random>/<object path>", that a scan or an insert registers while it
// runs, and opens for the client only that registered it, to write at most once. Nothing else can
// be opened, so that SQL cannot reach past the catalog through it, nor into another session.
//
// Caching:   none of DuckDB's own: its file cache needs a version tag or a time, and gets neither.
// Threads:   all methods may be called concurrently.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "sql/duckdb_api.h"
#include "sql/file_source.h"

namespace duckpond {

// What the Parquet writer wrote, kept until it is put as one object.
struct FileBuffer {
  std::string content;
  std::atomic<bool> is_written = false;  // By somebody who has opened it.
};

// A path under which DuckDB may open a source (to read) or a buffer (to write, or to read back).
class FilePath {
 public:
  FilePath(duckdb::ClientContext& client, std::shared_ptr<FileSource> source);
  FilePath(duckdb::ClientContext& client, std::shared_ptr<FileBuffer> buffer,
           const std::string& name);
  ~FilePath();
  FilePath(const FilePath&) = delete;
  FilePath& operator=(const FilePath&) = delete;

  const std::string& text() const { return text_; }
  // For opening to read; says that no request is needed to learn size and version.
  duckdb::OpenFileInfo info(uint64_t bytes, uint64_t footer_bytes) const;

 private:
  // Shared, because a path may be the last of its statement to go.
  duckdb::shared_ptr<duckdb::DatabaseInstance> database_;
  std::string token_;
  std::string text_;
};

// Registers the file system with the instance and allows its paths where external access is off.
void RegisterPondFileSystem(duckdb::DatabaseInstance& instance);

}  // namespace duckpond
