// SPDX-License-Identifier: MIT
//
// DiskCache: a PartCache in a folder that all processes of one user share. A file per part, named
// by a hash of the object's name and by the part's place, written beside and renamed, with a
// checksum over all of it: what a crash, a full disk or another hand left behind is not found, and
// removed. The least recently used files go first.
//
// Invariants:  1. What Find returns was Inserted, byte for byte, under that name.  2. The folder
//              has at most bytes_max, but for what other processes add before the next look: each
//              looks after every 1/8 of bytes_max that it wrote.
// Threads:     all methods may be called concurrently, by several processes; all of them block.
// Format:      private to this file; the version is a folder's name, so that another program
//              version finds nothing rather than what it cannot read.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/env.h"
#include "base/result.h"
#include "store/part_cache.h"

namespace duckpond {

class DiskCache final : public PartCache {
 public:
  // Makes the folder, for this user only, if it is missing.
  // Errors: kInvalid – it cannot be made, or another user could read or change it.
  static Result<std::shared_ptr<DiskCache>> Open(Env& env, std::string folder, uint64_t bytes_max);

  std::optional<CachedPart> Find(const std::string& name, const ByteRange& range) override;
  void Insert(const std::string& name, const CachedPart& part) override;
  void Forget(const std::string& name) override;

 private:
  DiskCache(Env& env, std::string folder, uint64_t bytes_max)
      : env_(env), folder_(std::move(folder)), bytes_max_(bytes_max) {}

  std::string FolderOf(const std::string& name) const;
  // Counts what was written, and makes room once that is enough to look.
  void NoteWritten(uint64_t bytes);

  Env& env_;
  const std::string folder_;
  const uint64_t bytes_max_;
  std::mutex mutex_;
  // Guarded by mutex_: what may be written before the folder is looked through again.
  uint64_t before_look_bytes_ = 0;
};

}  // namespace duckpond
