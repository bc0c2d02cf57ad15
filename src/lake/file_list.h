// SPDX-License-Identifier: MIT
//
// FileList: the data files of a table at one version. Most files of a large table come from a base,
// in blocks that are read when one of their files may matter: what a block's files have in common
// is known without that.
//
// Threads:  a FileBlock may be used concurrently. A FileList is as std::vector; copies share.
// Errors:   kCorrupt – a block whose lines are gone or altered (naming the object), cannot be, or
//           do not keep what its summary says; those of the store.
// Cost:     a copy is two pointers until it is changed. Reading a block is one GET, of about 200
//           KB, and two microseconds a file.
// Memory:   what was read is kept for the next time: of all blocks of the process together as much
//           as kBlockBytesInMemoryMax. Files that somebody holds do not count.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
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
  FileBlock(std::shared_ptr<const TableDef> def, FilesSummary summary, UnreadLinesPtr lines);

  const TableDef& def() const { return *def_; }
  const FilesSummary& summary() const { return summary_; }
  const UnreadLinesPtr& lines() const { return lines_; }

  // In the order of their first row ids. Cost: none while they are kept.
  using Files = std::shared_ptr<const std::vector<DataFilePtr>>;
  static Task<Result<Files>> Read(std::shared_ptr<const FileBlock> block, Context context);

 private:
  Result<std::vector<DataFilePtr>> Decode(const std::vector<Event>& events) const;

  const std::shared_ptr<const TableDef> def_;
  const FilesSummary summary_;
  const UnreadLinesPtr lines_;
  mutable std::mutex mutex_;
  mutable std::weak_ptr<const std::vector<DataFilePtr>> files_;  // Guarded by mutex_.
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

  // In the order of their first row ids. Cost: one GET for each block that is not kept, many at the
  // same time.
  Task<Result<std::vector<DataFilePtr>>> All(Context context) const;
  // Without those of blocks that are not `wanted`.
  using Wanted = std::function<bool(const FileBlock&)>;
  Task<Result<std::vector<DataFilePtr>>> Some(Context context, const Wanted& wanted) const;
  // The same list with the files of `wanted` blocks beside the loose ones.
  Task<Result<FileList>> Unpacked(Context context, const Wanted& wanted) const;

  void Add(DataFilePtr file);
  void Add(FileBlockPtr block);

 private:
  // Those of `blocks` and `loose`.
  static Task<Result<std::vector<DataFilePtr>>> Collect(Context context,
                                                        std::vector<FileBlockPtr> blocks,
                                                        SharedList<DataFilePtr> loose);
  static Task<Result<FileList>> Unpack(Context context, FileList list,
                                       std::vector<FileBlockPtr> blocks);

  SharedList<FileBlockPtr> blocks_;
  SharedList<DataFilePtr> loose_;  // In the order of their first row ids.
  uint64_t size_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace duckpond
