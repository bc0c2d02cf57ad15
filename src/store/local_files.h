// SPDX-License-Identifier: MIT
//
// The file system calls of store/local_store.h: below one directory, never through a symbolic link,
// with every errno turned into a Status. All of them block.
//
// Errors:    kExhausted – disk or quota is full. kInvalid – not permitted, read-only, or the path
//            cannot be. kUnavailable – everything else: nothing happened.
// Lifetime:  Fd owns its descriptor; int parameters are borrowed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace duckpond {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// "cannot <doing>: <reason>", with the code that says what to do about `error`, an errno.
Status FileError(int error, std::string_view doing);

// Errors: kUnsupported if `magic` (statfs's f_type) is a file system on another machine, where
// locks and fsync do not hold what the commit protocol needs (docs/adr/0006).
Status CheckFilesystem(uint64_t magic, const std::string& path);

// Opens a directory, making it and its parents, durably, if `create`. Empty if it is missing.
Result<std::optional<Fd>> OpenRoot(const std::string& path, bool create);

// The folder that holds an object, and the object's name in it.
struct Place {
  Fd folder;
  std::string name;
};
// Empty if the folder is missing.
Result<std::optional<Place>> FindPlace(int root, const std::string& key);
// Makes missing folders; with `sync`, all folders on the way are durable afterwards.
Result<Place> MakePlace(int root, const std::string& key, bool sync);

// A regular file open for reading. Empty if there is none.
struct OpenedFile {
  Fd fd;
  uint64_t size = 0;
};
Result<std::optional<OpenedFile>> OpenForReading(const Place& place);

// Errors: kCorrupt if the file ends before. REQUIRES: the file was at least so long when opened.
Result<std::string> ReadExactly(int fd, uint64_t offset, uint64_t length);

Status SyncFolder(int fd);

// A file in a folder for temporary ones, locked while its writer lives and removed with this object
// (what it was linked or renamed to stays).
class TemporaryFile {
 public:
  // Writes `body` to a new file and syncs it.
  static Result<TemporaryFile> Write(Fd folder, std::string name, const Bytes& body);
  TemporaryFile(TemporaryFile&&) = default;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();

  int folder() const { return folder_.get(); }
  const std::string& name() const { return name_; }

 private:
  TemporaryFile(Fd folder, std::string name, Fd file)
      : folder_(std::move(folder)), name_(std::move(name)), file_(std::move(file)) {}
  Fd folder_;
  std::string name_;
  Fd file_;
};

// Removes from a folder of temporary files those whose writers are dead.
void RemoveLeftovers(int folder);

// A lock file that is locked. Unlocked by its destructor, not by closing alone: a process that was
// forked off meanwhile has the same open file, and would hold the lock for as long as it lives.
class FileLock {
 public:
  explicit FileLock(Fd locked) : file_(std::move(locked)) {}
  FileLock(FileLock&&) = default;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  Fd file_;
};

// The lock file of that name, locked; empty if another holds it.
Result<std::optional<FileLock>> TryLock(int folder, const std::string& name);

}  // namespace duckpond
