// SPDX-License-Identifier: MIT
#include "store/local_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "store/local_files.h"
#include "store/object_rules.h"

namespace duckpond {
namespace {

constexpr size_t kListPageMax = 1000;

struct Entry {
  // Of a folder, with a '/' behind, so that names sort as the keys below them do.
  std::string name;
  uint64_t size = 0;
  bool is_folder() const {
    DCHECK(!name.empty());
    return name.back() == '/';
  }
};

Result<std::vector<Entry>> EntriesOf(int folder) {
  const int listed = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (listed < 0) return FileError(errno, "open a folder");
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(listed), &closedir);
  if (!stream) {
    const int error = errno;
    close(listed);
    return FileError(error, "list a folder");
  }
  std::vector<Entry> entries;
  while (true) {
    errno = 0;  // Which alone tells the end from a failure, after which there may be more.
    const dirent* found = readdir(stream.get());
    if (found == nullptr && errno != 0) return FileError(errno, "list a folder");
    if (found == nullptr) break;
    const std::string name = found->d_name;
    if (name == "." || name == "..") continue;
    struct stat info{};
    if (fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // Just removed.
      return FileError(errno, "look at \"" + name + "\"");
    }
    if (S_ISDIR(info.st_mode)) entries.push_back({name + "/", 0});
    if (S_ISREG(info.st_mode)) entries.push_back({name, static_cast<uint64_t>(info.st_size)});
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

class Lister {
 public:
  Lister(std::string prefix, std::optional<std::string> token)
      : prefix_(std::move(prefix)), token_(std::move(token)) {}

  // Adds what is in `folder`, whose keys start with `path`. The depth is bounded by kKeyBytesMax:
  // longer paths hold no keys.
  Status Add(int folder, const std::string& path) {
    if (path.size() > kKeyBytesMax) return Status::Ok();
    ASSIGN_OR_RETURN(const std::vector<Entry> entries, EntriesOf(folder));
    for (const Entry& entry : entries) {
      if (reply_.next_token) break;
      const std::string key = path + entry.name;
      if (entry.is_folder() ? MayHold(key) : IsWanted(key)) {
        RETURN_IF_ERROR(AddEntry(folder, entry, key));
      }
    }
    return Status::Ok();
  }

  ListReply Take() { return std::move(reply_); }

 private:
  Status AddEntry(int folder, const Entry& entry, const std::string& key) {
    if (!entry.is_folder()) {
      // The last key of a page is where the next one starts.
      CHECK(reply_.objects.empty() || reply_.objects.back().key < key);
      if (reply_.objects.size() == kListPageMax) {
        reply_.next_token = reply_.objects.back().key;
      } else {
        reply_.objects.push_back({key, entry.size});
      }
      return Status::Ok();
    }
    const Fd inside(
        openat(folder, entry.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inside.valid() && errno == ENOENT) return Status::Ok();  // Just removed.
    if (!inside.valid()) return FileError(errno, "open the folder \"" + key + "\"");
    return Add(inside.get(), key);
  }

  bool IsWanted(const std::string& key) const {
    return key.starts_with(prefix_) && (!token_ || key > *token_);
  }

  // Whether keys that start with `path` can be wanted.
  bool MayHold(const std::string& path) const {
    CHECK(path.ends_with('/'));
    if (path.substr(0, path.size() - 1) == kReservedFolder) return false;
    const size_t shared = std::min(path.size(), prefix_.size());
    if (path.compare(0, shared, prefix_, 0, shared) != 0) return false;
    return !token_ || path > *token_ || token_->starts_with(path);
  }

  const std::string prefix_;
  const std::optional<std::string> token_;
  ListReply reply_;
};

}  // namespace

Result<ListReply> ListFiles(int root, const std::string& prefix,
                            const std::optional<std::string>& token) {
  Lister lister(prefix, token);
  RETURN_IF_ERROR(lister.Add(root, ""));
  return lister.Take();
}

}  // namespace duckpond
