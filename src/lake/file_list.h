// SPDX-License-Identifier: MIT
//
// FileList: the data files of a table at one version. Most files of a large table come from a base,
// in blocks that are decoded when one of their files may matter: what a block's files have in
// common is known without that.
//
// Threads:  a FileBlock may be used concurrently. A FileList is as std::vector; copies share.
// Errors:   kCorrupt – a block whose lines cannot be, or do not keep what its summary says.
// Cost:     a copy is two pointers until it is changed; a block is decoded once, about two
//           microseconds a file.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.h"
#include "lake/data_file.h"
#include "lake/schema.h"
#include "lake/shared_list.h"
#include "log/folder.h"

namespace duckpond {

// What is known of some files of one table together.
struct FilesSummary {
  Uuid table;
  uint64_t files = 0;
  uint64_t row_groups = 0;
  uint64_t next_row_id = 0;  // Above all their row ids.
  Uuid greatest_id;
  // As if they were one file: bytes and rows are sums, `first_row_id` is the least one,
  // `row_id_column` says that one of them has it. Statistics and keys are those that all of them
  // have, and hold for each; there are no hashes.
  DataFile all;
};

// REQUIRES: `files` are some of `table`, at least one. Leaves out statistics that would make the
// summary too large for a base.
FilesSummary Summarize(const Uuid& table, const std::vector<DataFilePtr>& files);

class FileBlock {
 public:
  FileBlock(std::shared_ptr<const TableDef> def, FilesSummary summary,
            std::shared_ptr<const UnreadLines> lines);

  const FilesSummary& summary() const { return summary_; }
  // In the order of their first row ids.
  Result<std::vector<DataFilePtr>> Files() const;

 private:
  Result<std::vector<DataFilePtr>> Decode() const;

  const std::shared_ptr<const TableDef> def_;
  const FilesSummary summary_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const UnreadLines> lines_;  // Guarded by mutex_. Null once decoded.
  mutable std::vector<DataFilePtr> files_;            // Guarded by mutex_.
};
using FileBlockPtr = std::shared_ptr<const FileBlock>;

class FileList {
 public:
  uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  uint64_t bytes() const { return bytes_; }
  // Each file is in one of these.
  const std::vector<FileBlockPtr>& blocks() const { return blocks_.items(); }
  const std::vector<DataFilePtr>& loose() const { return loose_.items(); }

  // In the order of their first row ids.
  Result<std::vector<DataFilePtr>> All() const {
    return Some([](const FileBlock&) { return true; });
  }
  // Without those of blocks that are not `wanted`.
  template <class Wanted>
  Result<std::vector<DataFilePtr>> Some(const Wanted& wanted) const {
    std::vector<DataFilePtr> files;
    for (const FileBlockPtr& block : blocks_) {
      if (!wanted(*block)) continue;
      ASSIGN_OR_RETURN(const std::vector<DataFilePtr> more, block->Files());
      files.insert(files.end(), more.begin(), more.end());
    }
    files.insert(files.end(), loose_.begin(), loose_.end());
    SortByRowId(files);
    return files;
  }

  void Add(DataFilePtr file);
  void Add(FileBlockPtr block);

 private:
  static void SortByRowId(std::vector<DataFilePtr>& files);

  SharedList<FileBlockPtr> blocks_;
  SharedList<DataFilePtr> loose_;  // In the order of their first row ids.
  uint64_t size_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace duckpond
