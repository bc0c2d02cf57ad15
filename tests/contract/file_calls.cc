// SPDX-License-Identifier: MIT
#include "tests/contract/file_calls.h"

#include <dirent.h>
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace duckpond {
namespace {

std::atomic<FileCalls*> watching{nullptr};

std::string PathOf(int fd) {
  std::error_code none;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), none).string();
}

std::string PathOf(int folder, const char* name) {
  return *name == '/' ? name : PathOf(folder) + "/" + name;
}

// Names change, inodes stay.
std::string IdOf(const struct stat& info) {
  return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

template <class Call>
Call* Next(const char* name) {
  return reinterpret_cast<Call*>(dlsym(RTLD_NEXT, name));
}

// The outcome of a call that gave or took the name `path`: as it was, or as if the disk had broken.
int Outcome(int result, const std::string& path) {
  FileCalls* calls = watching;
  if (calls == nullptr || result != 0 || calls->Names(path)) return result;
  errno = EIO;
  return -1;
}

}  // namespace

FileCalls::FileCalls(std::string root) : root_(std::move(root)) { watching = this; }
FileCalls::~FileCalls() { watching = nullptr; }

std::string FileCalls::MissingAfterPowerCut(const std::string& path) const {
  std::lock_guard lock(mutex_);
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return path + " is not there at all";
  const auto size = synced_size_.find(IdOf(info));
  if (size == synced_size_.end() || size->second != static_cast<uint64_t>(info.st_size)) {
    return "the content of " + path;
  }
  for (std::string name = path; name != root_; name.resize(name.rfind('/'))) {
    if (!synced_names_.contains(name)) return "the name " + name;
  }
  return {};
}

std::set<std::string> FileCalls::torn_names() const {
  std::lock_guard lock(mutex_);
  return torn_names_;
}

size_t FileCalls::syncs() const {
  std::lock_guard lock(mutex_);
  return syncs_;
}

void FileCalls::FailSyncOf(const std::string& path) {
  std::lock_guard lock(mutex_);
  fails_.insert(path);
}

void FileCalls::FailNamingOf(const std::string& path) {
  std::lock_guard lock(mutex_);
  fails_naming_.insert(path);
}

void FileCalls::FailReadingOf(const std::string& folder) {
  std::lock_guard lock(reads_mutex_);
  fails_reading_ = folder;
}

bool FileCalls::Names(const std::string& path) {
  std::lock_guard lock(mutex_);
  return !fails_naming_.contains(path);
}

bool FileCalls::Reads(int fd) {
  const std::string path = PathOf(fd);
  std::lock_guard lock(reads_mutex_);
  return path != fails_reading_;
}

bool FileCalls::Syncs(int fd) {
  const std::string path = PathOf(fd);
  std::lock_guard lock(mutex_);
  for (const std::string& fails : fails_) {
    if (path == fails || (fails.ends_with('/') && path.starts_with(fails))) return false;
  }
  return true;
}

void FileCalls::Synced(int fd) {
  const std::string path = PathOf(fd);
  struct stat info{};
  if ((path != root_ && !Watches(path)) || fstat(fd, &info) != 0) return;
  std::lock_guard lock(mutex_);
  ++syncs_;
  if (!S_ISDIR(info.st_mode)) {
    synced_size_[IdOf(info)] = static_cast<uint64_t>(info.st_size);
    return;
  }
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(path, none)) {
    synced_names_.insert(entry.path());
  }
}

void FileCalls::MadeFolder(const std::string& path) {
  std::lock_guard lock(mutex_);
  synced_names_.erase(path);
}

void FileCalls::Named(const std::string& from, const std::string& to) {
  struct stat info{};
  if (!Watches(to) || stat(to.c_str(), &info) != 0) return;
  std::lock_guard lock(mutex_);
  synced_names_.erase(to);
  const auto size = synced_size_.find(IdOf(info));
  const bool whole =
      size != synced_size_.end() && size->second == static_cast<uint64_t>(info.st_size);
  if (!whole) torn_names_.insert(from + " as " + to);
}

}  // namespace duckpond

// In place of the C library's, which they call.
extern "C" {

int fsync(int fd) {
  duckpond::FileCalls* calls = duckpond::watching;
  if (calls != nullptr && !calls->Syncs(fd)) {
    errno = EIO;
    return -1;
  }
  static auto* const next = duckpond::Next<int(int)>("fsync");
  const int result = next(fd);
  if (calls != nullptr && result == 0) calls->Synced(fd);
  return result;
}

int mkdirat(int folder, const char* name, mode_t mode) noexcept {
  static auto* const next = duckpond::Next<int(int, const char*, mode_t)>("mkdirat");
  const int result = next(folder, name, mode);
  duckpond::FileCalls* calls = duckpond::watching;
  if (calls != nullptr && result == 0) calls->MadeFolder(duckpond::PathOf(folder, name));
  return result;
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) noexcept {
  static auto* const next = duckpond::Next<int(int, const char*, int, const char*, int)>("linkat");
  const int result = next(from_folder, from, to_folder, to, flags);
  duckpond::FileCalls* calls = duckpond::watching;
  if (calls != nullptr && result == 0) calls->Named(from, duckpond::PathOf(to_folder, to));
  return duckpond::Outcome(result, duckpond::PathOf(to_folder, to));
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  static auto* const next = duckpond::Next<int(int, const char*, int, const char*)>("renameat");
  const int result = next(from_folder, from, to_folder, to);
  duckpond::FileCalls* calls = duckpond::watching;
  if (calls != nullptr && result == 0) calls->Named(from, duckpond::PathOf(to_folder, to));
  return duckpond::Outcome(result, duckpond::PathOf(to_folder, to));
}

int unlinkat(int folder, const char* name, int flags) noexcept {
  static auto* const next = duckpond::Next<int(int, const char*, int)>("unlinkat");
  const std::string path = duckpond::PathOf(folder, name);
  return duckpond::Outcome(next(folder, name, flags), path);
}

struct dirent* readdir(DIR* folder) {
  duckpond::FileCalls* calls = duckpond::watching;
  if (calls != nullptr && !calls->Reads(dirfd(folder))) {
    errno = EIO;
    return nullptr;
  }
  static auto* const next = duckpond::Next<struct dirent*(DIR*)>("readdir");
  return next(folder);
}

}  // extern "C"
