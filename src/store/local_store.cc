// SPDX-License-Identifier: MIT
#include "store/local_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "base/check.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "store/local_list.h"
#include "store/object_rules.h"

namespace duckpond {
namespace {

// Keys share this many lock files: few enough to keep for ever (removing one in use would give two
// processes two locks), enough that unrelated keys seldom meet.
constexpr uint64_t kLockFiles = 64;
static_assert(kLockFiles <= 256);  // Their names have two digits.
constexpr int64_t kLockWaitFirstUs = 100;
constexpr int64_t kLockWaitMaxUs = 5'000;
constexpr size_t kSyncedFoldersMax = 10'000;
// A larger file is none of ours; reading it, only to know its tag, would take for ever.
constexpr uint64_t kObjectBytesMax = uint64_t{5} << 30;

std::string LockName(const std::string& key) {
  return fmt::format("{:02x}", Xxh3_64(key) % kLockFiles);
}

PutReply Conflict() {
  return PutReply{.state = PutReply::State::kConflict, .tag = {}, .detail = {}};
}

PutReply InDoubt(const Status& why) {
  return PutReply{.state = PutReply::State::kUnknown, .tag = {}, .detail = why.message()};
}

// Whether a call that failed like this may have changed the folder all the same. Every other errno
// of link, rename and unlink is given before anything is changed.
bool MayHaveHappened(int error) { return error == EIO; }

// The new name is in the folder; whether it outlives a power cut depends on this sync.
PutReply Settled(int folder, ObjectTag tag) {
  CHECK(folder >= 0 && !tag.value.empty());
  const Status synced = SyncFolder(folder);
  if (synced.ok()) {
    return PutReply{.state = PutReply::State::kWritten, .tag = std::move(tag), .detail = {}};
  }
  return InDoubt(synced);
}

// The tag of a file that need not fit in memory: whoever may write to the directory may have put it
// there.
Result<ObjectTag> TagOf(const OpenedFile& file) {
  constexpr uint64_t kPartBytes = 1 << 20;
  ContentTagger tagger;
  for (uint64_t at = 0; at < file.size; at += kPartBytes) {
    const uint64_t length = std::min(kPartBytes, file.size - at);
    ASSIGN_OR_RETURN(const std::string part, ReadExactly(file.fd.get(), at, length));
    tagger.Add(part);
  }
  return tagger.Tag();
}

}  // namespace

Result<std::shared_ptr<LocalObjectStore>> LocalObjectStore::Open(Env& env, Options options) {
  if (options.path.empty()) return Status::Invalid("the path of a directory is empty");
  std::error_code error;
  std::string path = std::filesystem::absolute(options.path, error).lexically_normal().string();
  if (error)
    return Status::Invalid(fmt::format("\"{}\" is no path: {}", options.path, error.message()));
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  std::shared_ptr<LocalObjectStore> store(
      new LocalObjectStore(env, std::move(path), options.create));
  ASSIGN_OR_RETURN(const int root, store->Root(false));
  if (root < 0 && !options.create) {
    return Status::NotFound(fmt::format("there is no directory {}", store->path_));
  }
  return store;
}

LocalObjectStore::LocalObjectStore(Env& env, std::string path, bool create)
    : env_(env),
      path_(std::move(path)),
      url_("file://" + PercentEncode(path_, /*keep_slash=*/true)),
      create_(create) {
  traits_.kind = "file";
  traits_.object_bytes_max = kObjectBytesMax;
}

Result<int> LocalObjectStore::Root(bool for_writing) {
  std::lock_guard lock(mutex_);
  if (!root_.valid()) {
    ASSIGN_OR_RETURN(std::optional<Fd> root, OpenRoot(path_, for_writing && create_));
    if (!root && for_writing)
      return Status::NotFound(fmt::format("there is no directory {}", path_));
    if (!root) return -1;
    root_ = *std::move(root);
  }
  if (for_writing && !std::exchange(root_synced_, true)) {
    // The process that made the directory may not have come to sync its entry yet. Only tried: the
    // parent of a directory that has long been there need not be readable.
    const Fd parent(openat(root_.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (parent.valid()) fsync(parent.get());
  }
  return root_.get();
}

Result<Fd> LocalObjectStore::OwnFolder(const std::string& name) {
  ASSIGN_OR_RETURN(const int root, Root(true));
  const std::string inside = fmt::format("{}/{}/.", kReservedFolder, name);
  ASSIGN_OR_RETURN(Place place, MakePlace(root, inside, /*sync=*/false));
  return std::move(place.folder);
}

Result<TemporaryFile> LocalObjectStore::Prepare(Bytes body) {
  ASSIGN_OR_RETURN(Fd folder, OwnFolder("tmp"));
  bool clean = false;
  {
    std::lock_guard lock(mutex_);
    clean = !std::exchange(cleaned_, true);
  }
  if (clean) RemoveLeftovers(folder.get());
  return TemporaryFile::Write(std::move(folder), env_.uuids.Next().ToString(), body);
}

Result<Place> LocalObjectStore::PlaceForWriting(const std::string& key) {
  ASSIGN_OR_RETURN(const int root, Root(true));
  const size_t slash = key.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : key.substr(0, slash);
  bool synced = false;
  {
    std::lock_guard lock(mutex_);
    synced = synced_folders_.contains(folder);
  }
  ASSIGN_OR_RETURN(Place place, MakePlace(root, key, !synced));
  if (!synced) {
    std::lock_guard lock(mutex_);
    if (synced_folders_.size() >= kSyncedFoldersMax) synced_folders_.clear();
    synced_folders_.insert(folder);
  }
  return place;
}

Status LocalObjectStore::Explained(const Status& status, const std::string& key) const {
  return status.Prefixed(fmt::format("{}/{}", path_, key));
}

Result<GetReply> LocalObjectStore::Read(const std::string& key, const GetOptions& options) {
  RETURN_IF_ERROR(CheckKey(key));
  RETURN_IF_ERROR(CheckGet(options));
  ASSIGN_OR_RETURN(const int root, Root(false));
  if (root < 0) return GetReply{};
  ASSIGN_OR_RETURN(const std::optional<Place> place, FindPlace(root, key));
  if (!place) return GetReply{};
  ASSIGN_OR_RETURN(const std::optional<OpenedFile> file, OpenForReading(*place));
  if (!file) return GetReply{};
  if (file->size > kObjectBytesMax) {
    return Status::Exhausted(fmt::format("the file has {} bytes, more than the {} of an object",
                                         file->size, kObjectBytesMax));
  }
  if (!options.range && !options.if_none_match) {
    // Before the reading, so that a huge file does not cost its memory first.
    RETURN_IF_ERROR(PartOf(file->size, options));
    ASSIGN_OR_RETURN(std::string content, ReadExactly(file->fd.get(), 0, file->size));
    const ObjectTag tag = options.want_tag ? ContentTag(content) : ObjectTag{};
    return AnswerGet(Bytes(std::move(content)), tag, options);
  }
  GetReply reply;
  reply.object_size = file->size;
  if (options.want_tag || options.if_none_match) {
    ASSIGN_OR_RETURN(reply.tag, TagOf(*file));
    if (options.if_none_match == reply.tag) {
      reply.state = GetReply::State::kUnchanged;
      return reply;
    }
  }
  ASSIGN_OR_RETURN(const ReplyPart part, PartOf(file->size, options));
  reply.state = part.past_end ? GetReply::State::kPastEnd : GetReply::State::kFound;
  if (part.past_end) return reply;
  ASSIGN_OR_RETURN(std::string bytes, ReadExactly(file->fd.get(), part.offset, part.length));
  reply.bytes = Bytes(std::move(bytes));
  return reply;
}

Task<Result<GetReply>> LocalObjectStore::Get(Context context, std::string key, GetOptions options) {
  CO_RETURN_IF_ERROR(context.Check(env_.executor.NowUs()));
  Result<GetReply> reply = Read(key, options);
  if (!reply.ok()) co_return Explained(reply.error(), key);
  co_return reply;
}

Result<PutReply> LocalObjectStore::Create(const std::string& key, const Bytes& body) {
  ASSIGN_OR_RETURN(const Place place, PlaceForWriting(key));
  const int folder = place.folder.get();
  // Only saves the loser its write; link below decides.
  if (faccessat(folder, place.name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) return Conflict();
  ASSIGN_OR_RETURN(const TemporaryFile content, Prepare(body));
  if (linkat(content.folder(), content.name().c_str(), folder, place.name.c_str(), 0) != 0) {
    if (errno == EEXIST) return Conflict();
    const int error = errno;
    const Status failed = FileError(error, "link a new file to its name");
    if (MayHaveHappened(error)) return InDoubt(failed);
    return failed;
  }
  return Settled(folder, ContentTag(body.view()));
}

Result<bool> LocalObjectStore::HasTag(const Place& place, const ObjectTag& tag) {
  ASSIGN_OR_RETURN(const std::optional<OpenedFile> file, OpenForReading(place));
  if (!file || file->size > kObjectBytesMax) return false;
  ASSIGN_OR_RETURN(const ObjectTag now, TagOf(*file));
  return now == tag;
}

std::optional<Result<PutReply>> LocalObjectStore::TrySwap(
    const std::string& key, const TemporaryFile& content, const ObjectTag& tag,
    const std::optional<ObjectTag>& if_match) {
  ASSIGN_OR_RETURN(const Place place, PlaceForWriting(key));
  ASSIGN_OR_RETURN(const Fd locks, OwnFolder("lock"));
  {
    ASSIGN_OR_RETURN(const std::optional<FileLock> lock, TryLock(locks.get(), LockName(key)));
    if (!lock) return std::nullopt;
    if (if_match) {
      ASSIGN_OR_RETURN(const bool matches, HasTag(place, *if_match));
      if (!matches) return Conflict();
    }
    if (renameat(content.folder(), content.name().c_str(), place.folder.get(),
                 place.name.c_str()) != 0) {
      const int error = errno;
      const Status failed = FileError(error, "rename a new file to its name");
      if (MayHaveHappened(error)) return InDoubt(failed);
      return failed;
    }
  }
  // Outside the lock: who swaps next syncs the same folder before it answers.
  return Settled(place.folder.get(), tag);
}

Task<Status> LocalObjectStore::WaitForLock(Context context, int attempt) {
  const int64_t most_us = std::min(kLockWaitMaxUs, kLockWaitFirstUs << std::min(attempt, 10));
  const auto wait_us = static_cast<int64_t>(env_.random.Below(static_cast<uint64_t>(most_us)));
  co_return co_await Sleep(context, wait_us);
}

Task<Result<PutReply>> LocalObjectStore::Put(Context context, std::string key, Bytes body,
                                             PutCondition condition) {
  CO_RETURN_IF_ERROR(context.Check(env_.executor.NowUs()));
  CO_RETURN_IF_ERROR(CheckKey(key));
  if (condition.kind == PutCondition::Kind::kIfAbsent) {
    Result<PutReply> reply = Create(key, body);
    if (!reply.ok()) co_return Explained(reply.error(), key);
    co_return reply;
  }
  std::optional<ObjectTag> if_match;
  if (condition.kind == PutCondition::Kind::kIfMatch) {
    if_match = condition.tag;
    // Only saves the loser its write; the comparison under the lock decides.
    GetOptions probe;
    probe.if_none_match = condition.tag;
    const Result<GetReply> now = Read(key, probe);
    if (!now.ok()) co_return Explained(now.error(), key);
    if (now->state != GetReply::State::kUnchanged) co_return Conflict();
  }
  Result<TemporaryFile> content = Prepare(body);
  if (!content.ok()) co_return Explained(content.error(), key);
  const ObjectTag tag = ContentTag(body.view());
  for (int attempt = 0;; ++attempt) {
    const std::optional<Result<PutReply>> reply = TrySwap(key, *content, tag, if_match);
    if (reply && !reply->ok()) co_return Explained(reply->error(), key);
    if (reply) co_return *reply;
    CO_RETURN_IF_ERROR(co_await WaitForLock(context, attempt));
  }
}

Task<Result<PutReply>> LocalObjectStore::Append(Context, std::string key, Bytes, AppendPosition) {
  co_return Explained(Status::Unsupported("a directory cannot append; put the whole object"), key);
}

std::optional<Result<DeleteReply>> LocalObjectStore::TryDelete(
    const std::string& key, const std::optional<ObjectTag>& if_match) {
  DeleteReply reply;
  reply.state = DeleteReply::State::kMissing;
  ASSIGN_OR_RETURN(const int root, Root(false));
  if (root < 0) return reply;
  ASSIGN_OR_RETURN(const std::optional<Place> place, FindPlace(root, key));
  if (!place) return reply;
  ASSIGN_OR_RETURN(const std::optional<OpenedFile> file, OpenForReading(*place));
  if (!file) return reply;
  ASSIGN_OR_RETURN(const Fd locks, OwnFolder("lock"));
  ASSIGN_OR_RETURN(const std::optional<FileLock> lock, TryLock(locks.get(), LockName(key)));
  if (!lock) return std::nullopt;
  if (if_match) {
    ASSIGN_OR_RETURN(const bool matches, HasTag(*place, *if_match));
    if (!matches) {
      reply.state = DeleteReply::State::kConflict;
      return reply;
    }
  }
  if (unlinkat(place->folder.get(), place->name.c_str(), 0) == 0) {
    reply.state = DeleteReply::State::kDeleted;
  } else if (errno != ENOENT) {
    const int error = errno;
    const Status failed = FileError(error, "remove the file");
    if (!MayHaveHappened(error)) return failed;
    reply.state = DeleteReply::State::kUnknown;
    reply.detail = failed.message();
  }
  return reply;
}

Task<Result<DeleteReply>> LocalObjectStore::Delete(Context context, std::string key,
                                                   std::optional<ObjectTag> if_match) {
  CO_RETURN_IF_ERROR(context.Check(env_.executor.NowUs()));
  CO_RETURN_IF_ERROR(CheckKey(key));
  for (int attempt = 0;; ++attempt) {
    const std::optional<Result<DeleteReply>> reply = TryDelete(key, if_match);
    if (reply && !reply->ok()) co_return Explained(reply->error(), key);
    if (reply) co_return *reply;
    CO_RETURN_IF_ERROR(co_await WaitForLock(context, attempt));
  }
}

Task<Result<ListReply>> LocalObjectStore::List(Context context, std::string prefix,
                                               std::optional<std::string> token) {
  CO_RETURN_IF_ERROR(context.Check(env_.executor.NowUs()));
  CO_RETURN_IF_ERROR(CheckPrefix(prefix));
  const Result<int> root = Root(false);
  if (!root.ok()) co_return root.error();
  if (*root < 0) co_return ListReply{};
  Result<ListReply> reply = ListFiles(*root, prefix, token);
  if (!reply.ok()) co_return Explained(reply.error(), prefix);
  co_return reply;
}

}  // namespace duckpond
