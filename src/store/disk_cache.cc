// SPDX-License-Identifier: MIT
#include "store/disk_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/little_endian.h"
#include "store/local_files.h"

namespace duckpond {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kVersion = "v1";
constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;
// A part of a data file, or a small file: nothing larger is asked for at once.
constexpr uint64_t kFileBytesMax = uint64_t{256} << 20;
// After a look the folder has this part of bytes_max at most, so that a look is worth its cost.
constexpr uint64_t kKeptTenths = 8;
constexpr uint64_t kLookEvery = 8;
// A writer that has not renamed its file by then is dead.
constexpr time_t kLeftoverSeconds = 3600;
// How exact the order of use is, to spare a write for every read.
constexpr time_t kUseSeconds = 60;

// A file is: offset, object_size, asked_us (8 bytes each), the lengths of tag and name (4 bytes
// each), tag, name, the part's bytes, and the XXH3-64 of all before.
constexpr size_t kHeaderBytes = 32;
constexpr size_t kChecksumBytes = 8;
static_assert(kHeaderBytes == 3 * sizeof(uint64_t) + 2 * sizeof(uint32_t));
static_assert(kKeptTenths < 10 && kLookEvery > 1);  // Else a look would make no room.

std::string EncodePart(const std::string& name, const CachedPart& part) {
  std::string file;
  file.reserve(kHeaderBytes + part.tag.value.size() + name.size() + part.bytes.size() +
               kChecksumBytes);
  AppendLittleEndian(file, part.offset);
  AppendLittleEndian(file, part.object_size);
  AppendLittleEndian(file, static_cast<uint64_t>(part.asked_us));
  AppendLittleEndian(file, static_cast<uint32_t>(part.tag.value.size()));
  AppendLittleEndian(file, static_cast<uint32_t>(name.size()));
  CHECK(file.size() == kHeaderBytes);
  file += part.tag.value;
  file += name;
  file += part.bytes.view();
  AppendLittleEndian(file, Xxh3_64(file));
  return file;
}

// The part in `file`, which is nothing unless it is whole and of the object `name`.
std::optional<CachedPart> DecodePart(const std::string& name, std::string_view file) {
  if (file.size() < kHeaderBytes + kChecksumBytes) return std::nullopt;
  const std::string_view checked = file.substr(0, file.size() - kChecksumBytes);
  if (ReadLittleEndian<uint64_t>(file, checked.size()) != Xxh3_64(checked)) return std::nullopt;
  CachedPart part;
  part.offset = ReadLittleEndian<uint64_t>(file, 0);
  part.object_size = ReadLittleEndian<uint64_t>(file, 8);
  part.asked_us = static_cast<int64_t>(ReadLittleEndian<uint64_t>(file, 16));
  const auto tag_bytes = ReadLittleEndian<uint32_t>(file, 24);
  const auto name_bytes = ReadLittleEndian<uint32_t>(file, 28);
  const std::string_view rest = checked.substr(kHeaderBytes);
  if (uint64_t{tag_bytes} + name_bytes > rest.size()) return std::nullopt;
  if (rest.substr(tag_bytes, name_bytes) != name) return std::nullopt;
  part.tag.value = rest.substr(0, tag_bytes);
  part.bytes = Bytes(std::string(rest.substr(tag_bytes + name_bytes)));
  return part;
}

std::string FileName(uint64_t offset, uint64_t bytes) {
  return fmt::format("{}-{}", offset, bytes);
}

// What FileName wrote; nothing for other names.
std::optional<ByteRange> PlaceOf(const std::string& file_name) {
  const char* const end = file_name.data() + file_name.size();
  uint64_t offset = 0;
  uint64_t bytes = 0;
  const auto dash = std::from_chars(file_name.data(), end, offset);
  if (dash.ec != std::errc() || dash.ptr == end || *dash.ptr != '-') return std::nullopt;
  const auto rest = std::from_chars(dash.ptr + 1, end, bytes);
  if (rest.ec != std::errc() || rest.ptr != end) return std::nullopt;
  // Numbers that are written in another way name another file.
  if (FileName(offset, bytes) != file_name || offset + bytes < offset) return std::nullopt;
  return ByteRange{offset, bytes};
}

// The files of one object, as their names tell.
std::vector<ByteRange> Places(const std::string& folder) {
  std::vector<ByteRange> places;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (const auto place = PlaceOf(it->path().filename().string())) places.push_back(*place);
  }
  return places;
}

std::optional<std::string> ReadFile(const std::string& path, int64_t now_us) {
  const Fd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info{};
  if (!file.valid() || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  const auto bytes = static_cast<uint64_t>(info.st_size);
  if (bytes > kFileBytesMax) return std::nullopt;
  auto content = ReadExactly(file.get(), 0, bytes);
  if (!content.ok()) return std::nullopt;
  if (now_us / 1'000'000 - info.st_mtim.tv_sec > kUseSeconds) futimens(file.get(), nullptr);
  return *std::move(content);
}

// Whether all of it was written.
bool WriteFile(const std::string& path, std::string_view content) {
  const Fd file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!file.valid()) return false;
  while (!content.empty()) {
    const ssize_t written = write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

struct KeptFile {
  std::string path;
  uint64_t bytes = 0;
  timespec used{};
};

// All files below `folder`; those that a dead writer left are removed.
std::vector<KeptFile> LookThrough(const std::string& folder, const std::string& temporary,
                                  int64_t now_us) {
  std::vector<KeptFile> files;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator it(folder, options, error), end; !error && it != end;
       it.increment(error)) {
    struct stat info{};
    const std::string path = it->path().string();
    if (lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    const bool left = path.starts_with(temporary);
    if (left && now_us / 1'000'000 - info.st_mtim.tv_sec > kLeftoverSeconds) unlink(path.c_str());
    if (!left) files.push_back({path, static_cast<uint64_t>(info.st_size), info.st_mtim});
  }
  return files;
}

}  // namespace

Result<std::shared_ptr<DiskCache>> DiskCache::Open(Env& env, std::string folder,
                                                   uint64_t bytes_max) {
  const std::string own = fmt::format("{}/{}", folder, kVersion);
  std::error_code error;
  fs::create_directories(fs::path(folder).parent_path(), error);
  for (const std::string& made : {folder, own, own + "/tmp"}) {
    if (mkdir(made.c_str(), kFolderMode) != 0 && errno != EEXIST) {
      return FileError(errno, fmt::format("make the cache folder {}", made));
    }
    struct stat info{};
    if (lstat(made.c_str(), &info) != 0) {
      return FileError(errno, fmt::format("look at the cache folder {}", made));
    }
    if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 077) != 0) {
      return Status::Invalid(fmt::format(
          "the cache folder {} is not a folder of this user's alone: chmod 700 it, or name another",
          made));
    }
  }
  return std::shared_ptr<DiskCache>(new DiskCache(env, own, bytes_max));
}

std::string DiskCache::FolderOf(const std::string& name) const {
  const std::string hash = HexEncode(Xxh3_128(name));
  return fmt::format("{}/{}/{}", folder_, hash.substr(0, 2), hash.substr(2));
}

std::optional<CachedPart> DiskCache::Find(const std::string& name, const ByteRange& range) {
  const std::string folder = FolderOf(name);
  for (const ByteRange& place : Places(folder)) {
    const uint64_t end = place.offset + *place.length;
    // The object's size is in the file: a range that goes on to its end may still be covered.
    if (range.offset < place.offset || range.offset >= end) continue;
    const std::string path = folder + "/" + FileName(place.offset, *place.length);
    const auto content = ReadFile(path, env_.clock.NowUs());
    if (!content) continue;
    auto part = DecodePart(name, *content);
    if (!part || part->offset != place.offset || part->bytes.size() != *place.length) {
      unlink(path.c_str());
      continue;
    }
    if (part->Covers(range)) return part;
  }
  return std::nullopt;
}

void DiskCache::Insert(const std::string& name, const CachedPart& part) {
  const std::string content = EncodePart(name, part);
  if (content.size() > std::min(bytes_max_ / kLookEvery, kFileBytesMax)) return;
  DCHECK(DecodePart(name, content).has_value());
  const std::string folder = FolderOf(name);
  for (const ByteRange& place : Places(folder)) {
    const std::string path = folder + "/" + FileName(place.offset, *place.length);
    const auto kept = ReadFile(path, env_.clock.NowUs());
    const auto other = kept ? DecodePart(name, *kept) : std::nullopt;
    if (!other || !other->FitsTo(part) || part.Covers(*other)) unlink(path.c_str());
  }
  std::error_code error;
  const fs::path parent = fs::path(folder).parent_path();
  if (mkdir(parent.c_str(), kFolderMode) != 0 && errno != EEXIST) return;
  if (mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST) return;
  const std::string temporary = fmt::format("{}/tmp/{}", folder_, env_.uuids.Next().ToString());
  const std::string path = folder + "/" + FileName(part.offset, part.bytes.size());
  if (!WriteFile(temporary, content) || rename(temporary.c_str(), path.c_str()) != 0) {
    unlink(temporary.c_str());
    return;
  }
  NoteWritten(content.size());
}

void DiskCache::Forget(const std::string& name) {
  std::error_code error;
  fs::remove_all(FolderOf(name), error);
}

void DiskCache::NoteWritten(uint64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    if (before_look_bytes_ > bytes) {
      before_look_bytes_ -= bytes;
      return;
    }
    before_look_bytes_ = bytes_max_ / kLookEvery;
  }
  std::vector<KeptFile> files = LookThrough(folder_, folder_ + "/tmp/", env_.clock.NowUs());
  uint64_t all = 0;
  for (const KeptFile& file : files) all += file.bytes;
  if (all <= bytes_max_ - bytes_max_ / kLookEvery) return;
  const auto used = [](const KeptFile& file) {
    return std::pair(file.used.tv_sec, file.used.tv_nsec);
  };
  std::sort(files.begin(), files.end(),
            [&](const KeptFile& a, const KeptFile& b) { return used(a) < used(b); });
  for (const KeptFile& file : files) {
    if (all <= bytes_max_ / 10 * kKeptTenths) break;
    if (unlink(file.path.c_str()) == 0) rmdir(fs::path(file.path).parent_path().c_str());
    all -= file.bytes;
  }
}

}  // namespace duckpond
