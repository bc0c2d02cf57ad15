// SPDX-License-Identifier: MIT
#include "store/local_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "base/check.h"

namespace duckpond {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr mode_t kFolderMode = 0777;  // Less the process's umask.
constexpr mode_t kFileMode = 0666;

StatusCode CodeOfErrno(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return StatusCode::kExhausted;
    case EACCES:
    case EPERM:
    case EROFS:
    case ENAMETOOLONG:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case EXDEV:
    case ENOENT:
      return StatusCode::kInvalid;
    default:
      return StatusCode::kUnavailable;
  }
}

bool IsSymlink(int folder, const std::string& name) {
  struct stat info{};
  return fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
}

Status NotFollowed(const std::string& name) {
  return Status::Invalid(
      fmt::format("\"{}\" is a symbolic link, which is not followed inside a pond", name));
}

Result<Fd> MakeFolder(int parent, const std::string& name) {
  if (mkdirat(parent, name.c_str(), kFolderMode) != 0 && errno != EEXIST) {
    return FileError(errno, fmt::format("make the folder \"{}\"", name));
  }
  Fd made(openat(parent, name.c_str(), kFolderFlags));
  if (made.valid()) return made;
  const int error = errno;
  if (IsSymlink(parent, name)) return NotFollowed(name);
  return FileError(error, fmt::format("open the folder \"{}\"", name));
}

Status WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return FileError(errno, "write a temporary file");
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return Status::Ok();
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

Status FileError(int error, std::string_view doing) {
  DCHECK(error != 0);  // Read before another call: each sets errno anew.
  return {CodeOfErrno(error),
          fmt::format("cannot {}: {}", doing, std::generic_category().message(error))};
}

Status CheckFilesystem(uint64_t magic, const std::string& path) {
  struct Remote {
    uint64_t magic;
    std::string_view name;
  };
  // From Linux's <linux/magic.h> and the file systems' own headers.
  static constexpr std::array kRemote = {
      Remote{0x6969, "NFS"},        Remote{0xFF534D42, "CIFS"},  Remote{0xFE534D42, "SMB"},
      Remote{0x517B, "SMB"},        Remote{0x65735546, "FUSE"},  Remote{0x01021997, "9p"},
      Remote{0x5346414F, "AFS"},    Remote{0x00C36400, "Ceph"},  Remote{0x0BD00BD0, "Lustre"},
      Remote{0x01161970, "GFS2"},   Remote{0x7461636F, "OCFS2"}, Remote{0x73757245, "Coda"},
      Remote{0x19830326, "BeeGFS"}, Remote{0x47504653, "GPFS"},  Remote{0x6B414653, "AFS"},
      Remote{0xAAD7AAEA, "PanFS"},  Remote{0x013111A8, "IBRIX"}, Remote{0x564C, "NCP"},
  };
  for (const Remote& remote : kRemote) {
    // f_type is a signed word, so that the upper half may be sign-extended.
    if (remote.magic != (magic & 0xFFFFFFFF)) continue;
    return Status::Unsupported(fmt::format(
        "{} is on a {} file system, whose locks and fsync may not hold what a pond needs; use a "
        "local disk, or an object store (s3://bucket/prefix)",
        path, remote.name));
  }
  return Status::Ok();
}

Result<std::optional<Fd>> OpenRoot(const std::string& path, bool create) {
  // The root itself may be reached through links: where it is, is its owner's choice.
  Fd root(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid() && errno == ENOENT && create) {
    const std::string parent = path.substr(0, path.find_last_of('/'));
    ASSIGN_OR_RETURN(auto above, OpenRoot(parent.empty() ? "/" : parent, true));
    if (mkdir(path.c_str(), kFolderMode) != 0 && errno != EEXIST) {
      return FileError(errno, fmt::format("make the directory {}", path));
    }
    if (above) RETURN_IF_ERROR(SyncFolder(above->get()));
    root = Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  if (!root.valid()) {
    if (errno == ENOENT) return std::optional<Fd>();
    return FileError(errno, fmt::format("open the directory {}", path));
  }
  struct statfs info{};
  if (fstatfs(root.get(), &info) != 0) {
    return FileError(errno, fmt::format("ask for the file system of {}", path));
  }
  RETURN_IF_ERROR(CheckFilesystem(static_cast<uint64_t>(info.f_type), path));
  return std::optional<Fd>(std::move(root));
}

Result<std::optional<Place>> FindPlace(int root, const std::string& key) {
  CHECK(root >= 0 && !key.empty());
  Fd folder(openat(root, ".", kFolderFlags));
  if (!folder.valid()) return FileError(errno, "open the pond's directory");
  size_t start = 0;
  for (size_t slash = key.find('/'); slash != std::string::npos; slash = key.find('/', start)) {
    const std::string name = key.substr(start, slash - start);
    Fd next(openat(folder.get(), name.c_str(), kFolderFlags));
    if (!next.valid()) {
      const int error = errno;
      // A link must not pass for a folder that is not there.
      if (IsSymlink(folder.get(), name)) return NotFollowed(name);
      if (error == ENOENT || error == ENOTDIR) return std::optional<Place>();
      return FileError(error, fmt::format("open the folder of \"{}\"", key));
    }
    folder = std::move(next);
    start = slash + 1;
  }
  return std::optional<Place>(Place{std::move(folder), key.substr(start)});
}

Result<Place> MakePlace(int root, const std::string& key, bool sync) {
  CHECK(root >= 0 && !key.empty());
  Fd folder(openat(root, ".", kFolderFlags));
  if (!folder.valid()) return FileError(errno, "open the pond's directory");
  size_t start = 0;
  for (size_t slash = key.find('/'); slash != std::string::npos; slash = key.find('/', start)) {
    ASSIGN_OR_RETURN(Fd next, MakeFolder(folder.get(), key.substr(start, slash - start)));
    // Also where it was there before: who made it may not have come to sync it yet.
    if (sync) RETURN_IF_ERROR(SyncFolder(folder.get()));
    folder = std::move(next);
    start = slash + 1;
  }
  return Place{std::move(folder), key.substr(start)};
}

Result<std::optional<OpenedFile>> OpenForReading(const Place& place) {
  // O_NONBLOCK: opening a pipe that somebody put there must not hang.
  Fd fd(openat(place.folder.get(), place.name.c_str(),
               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) return std::optional<OpenedFile>();
    if (errno == ELOOP) return NotFollowed(place.name);
    return FileError(errno, fmt::format("open \"{}\"", place.name));
  }
  struct stat info{};
  if (fstat(fd.get(), &info) != 0) {
    return FileError(errno, fmt::format("ask for the size of \"{}\"", place.name));
  }
  if (S_ISDIR(info.st_mode)) return std::optional<OpenedFile>();
  if (!S_ISREG(info.st_mode)) {
    return Status::Invalid(fmt::format("\"{}\" is not a regular file", place.name));
  }
  return std::optional<OpenedFile>(OpenedFile{std::move(fd), static_cast<uint64_t>(info.st_size)});
}

Result<std::string> ReadExactly(int fd, uint64_t offset, uint64_t length) {
  std::string bytes(length, '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(errno, "read");
    if (got == 0) {
      return Status::Corrupt(
          fmt::format("the file became shorter than {} bytes while it was read", offset + length));
    }
    done += static_cast<size_t>(got);
  }
  return bytes;
}

Status SyncFolder(int fd) {
  CHECK(fd >= 0);
  if (fsync(fd) != 0) return FileError(errno, "sync a folder");
  return Status::Ok();
}

Result<TemporaryFile> TemporaryFile::Write(Fd folder, std::string name, const Bytes& body) {
  CHECK(folder.valid() && !name.empty());
  Fd file(openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                 kFileMode));
  if (!file.valid()) return FileError(errno, "make a temporary file");
  const int fd = file.get();
  TemporaryFile temporary(std::move(folder), std::move(name), std::move(file));
  // The lock says that the writer lives. RemoveLeftovers may have come between open and flock; it
  // removes only what it has locked, so after this either the name is there and stays, or is gone.
  struct stat info{};
  if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &info) != 0 || info.st_nlink == 0) {
    return Status::Unavailable("a temporary file was taken for a dead writer's; try again");
  }
  RETURN_IF_ERROR(WriteAll(fd, body.view()));
  if (fsync(fd) != 0) return FileError(errno, "sync a temporary file");
  return temporary;
}

TemporaryFile::~TemporaryFile() {
  // After a rename the name is gone already, which is fine: names are never used again.
  if (file_.valid()) unlinkat(folder_.get(), name_.c_str(), 0);
}

void RemoveLeftovers(int folder) {
  const int listed = openat(folder, ".", kFolderFlags);
  if (listed < 0) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(listed), &closedir);
  if (!entries) {
    close(listed);
    return;
  }
  while (const dirent* entry = readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const Fd file(openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file.valid() || flock(file.get(), LOCK_EX | LOCK_NB) != 0) continue;
    unlinkat(folder, name.c_str(), 0);
  }
}

FileLock::~FileLock() {
  if (file_.valid()) flock(file_.get(), LOCK_UN);
}

Result<std::optional<FileLock>> TryLock(int folder, const std::string& name) {
  CHECK(folder >= 0);
  // Read-only is enough to lock, and works for other users of the same pond.
  Fd file(openat(folder, name.c_str(), O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!file.valid()) return FileError(errno, "open a lock file");
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::optional<FileLock>();
    if (errno != EINTR) return FileError(errno, "lock");
  }
  return std::optional<FileLock>(std::move(file));
}

}  // namespace duckpond
