// SPDX-License-Identifier: MIT
#include "sql/file_source.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "base/hash.h"
#include "sql/connection_state.h"
#include "sql/errors.h"
#include "store/object_rules.h"

namespace duckpond {
namespace {

// How long one request for data may try, retries included.
constexpr int64_t kFetchUs = 60'000'000;

}  // namespace

struct FileSource::Held {
  std::string_view view() const {
    if (!kept.IsValid()) return content.view();
    return {reinterpret_cast<const char*>(kept.Ptr()), piece.bytes};
  }

  Piece piece;
  BlockingWait done;
  // Written before `done` is set, read after.
  Status status;
  Bytes content;
  duckdb::BufferHandle kept;  // Instead of content: a chunk that was checked.

  std::mutex mutex;
  std::set<uint64_t> checked;  // Chunks, by offset.
};

FileSource::FileSource(std::shared_ptr<Pond> pond, File file, std::shared_ptr<Control> control)
    : pond_(std::move(pond)), file_(std::move(file)), control_(std::move(control)) {}

void FileSource::Add(uint64_t offset, Bytes content) {
  auto held = std::make_shared<Held>();
  held->piece = {offset, content.size()};
  held->content = std::move(content);
  held->done.Set();
  std::lock_guard lock(mutex_);
  pieces_[offset] = std::move(held);
}

std::shared_ptr<FileSource::Held> FileSource::Find(Piece where) {
  std::lock_guard lock(mutex_);
  const auto find = [&](const std::map<uint64_t, std::shared_ptr<Held>>& pieces) {
    const auto after = pieces.upper_bound(where.offset);
    if (after == pieces.begin() || !std::prev(after)->second->piece.Has(where)) {
      return std::shared_ptr<Held>();
    }
    return std::prev(after)->second;
  };
  if (auto held = find(kept_)) return held;
  if (auto held = find(pieces_)) return held;
  return last_ && last_->piece.Has(where) ? last_ : nullptr;
}

void FileSource::SetChunks(KeptChunksPtr chunks) {
  std::lock_guard lock(mutex_);
  chunks_ = std::move(chunks);
}

// The part that `where` begins in: a chunk, the tail if its checksum is known, or what lies before
// the next of those, as far as a piece has it.
FileSource::Part FileSource::PartAt(Piece where) {
  KeptChunksPtr chunks;
  {
    std::lock_guard lock(mutex_);
    chunks = chunks_;
  }
  uint64_t end = where.end();
  if (chunks) {
    const size_t next = chunks->FindOrNext(where.offset);
    if (next < chunks->chunks().size()) {
      const Chunk& chunk = chunks->chunks()[next];
      if (chunk.where.offset <= where.offset) return {chunk.where, chunk.checksum, chunks, next};
      end = std::min(end, chunk.where.offset);
    }
  }
  if (file_.checksum && file_.tail.bytes > 0) {
    if (file_.tail.offset <= where.offset) return {file_.tail, file_.checksum, nullptr, 0};
    end = std::min(end, file_.tail.offset);
  }
  if (const auto held = Find({where.offset, 1})) end = std::min(end, held->piece.end());
  return {{where.offset, end - where.offset}, std::nullopt, nullptr, 0};
}

bool FileSource::HasChecksum(Held& held, const Part& part) {
  if (!part.checksum || held.kept.IsValid()) return true;
  {
    std::lock_guard lock(held.mutex);
    if (held.checked.contains(part.where.offset)) return true;
  }
  const std::string_view bytes =
      held.view().substr(part.where.offset - held.piece.offset, part.where.bytes);
  if (Xxh3_64(bytes) != *part.checksum) return false;
  if (part.chunks) part.chunks->Keep(part.chunk, bytes);
  std::lock_guard lock(held.mutex);
  held.checked.insert(part.where.offset);
  return true;
}

// What has the part's checksum: `held`, or the part read anew, which then takes its place.
std::shared_ptr<FileSource::Held> FileSource::Checked(std::shared_ptr<Held> held,
                                                      const Part& part) {
  if (HasChecksum(*held, part)) return held;
  auto anew = Start(part.where, ReadDataPartAnew);
  Await(*anew);
  if (!HasChecksum(*anew, part)) {
    ThrowStoreStatus(Status::Corrupt(
        "data file " + file_.path + " was altered: its bytes " + std::to_string(part.where.offset) +
        " to " + std::to_string(part.where.end()) + " do not have their checksum"));
  }
  NoteMended(pond_->store(), file_.path);
  std::lock_guard lock(mutex_);
  kept_[part.where.offset] = anew;
  return anew;
}

std::shared_ptr<FileSource::Held> FileSource::Start(Piece piece, ReadPart read) {
  auto held = std::make_shared<Held>();
  held->piece = piece;
  struct Fetching {
    // Parameters by value: the task outlives the call, and may outlive the FileSource.
    static Task<void> Run(std::shared_ptr<Pond> pond, Context context, File file,
                          std::shared_ptr<Held> held, ReadPart read) {
      DataPart part{file.path, file.bytes, held->piece.offset, held->piece.bytes};
      auto content = co_await read(pond->store(), context, std::move(part));
      held->status = content.status();
      if (content.ok()) held->content = *std::move(content);
      held->done.Set();
    }
  };
  Executor& executor = pond_->env().executor;
  const Context context = control_->context.WithDeadline(executor.NowUs() + kFetchUs);
  Spawn(executor, Fetching::Run(pond_, context, file_, held, read));
  return held;
}

void FileSource::Want(Piece piece) {
  if (piece.bytes == 0 || !piece.IsWithin(file_.bytes) || Find(piece)) return;
  auto held = Start(piece);
  std::lock_guard lock(mutex_);
  pieces_[piece.offset] = std::move(held);
}

bool FileSource::WantKept(Piece chunk) {
  const Part part = PartAt(chunk);
  auto held = FindKept(part);
  if (!held) return false;
  std::lock_guard lock(mutex_);
  kept_[chunk.offset] = std::move(held);
  return true;
}

std::shared_ptr<FileSource::Held> FileSource::FindKept(const Part& part) {
  if (!part.chunks) return nullptr;
  auto kept = part.chunks->Pin(part.chunk);
  if (!kept.IsValid()) return nullptr;
  auto held = std::make_shared<Held>();
  held->piece = part.where;
  held->kept = std::move(kept);
  held->done.Set();
  return held;
}

void FileSource::Release(uint64_t offset) {
  std::lock_guard lock(mutex_);
  pieces_.erase(offset);
  kept_.erase(offset);
}

// The part's bytes from what was kept, or else from the store.
std::shared_ptr<FileSource::Held> FileSource::Fetch(const Part& part) {
  auto held = FindKept(part);
  if (!held) held = Start(part.where);
  std::lock_guard lock(mutex_);
  last_ = held;
  return held;
}

void FileSource::Read(Piece where, char* out) {
  if (where.bytes == 0) return;
  if (!where.IsWithin(file_.bytes)) {
    ThrowStatus(Status::Corrupt("data file " + file_.path + " refers to bytes behind its end"));
  }
  for (Piece left = where; left.bytes > 0;) {
    const Part part = PartAt(left);
    const uint64_t bytes = std::min(left.end(), part.where.end()) - left.offset;
    auto held = Find(part.where);
    if (!held && left.offset > where.offset && where.bytes <= kHeaderBytes) {
      std::memset(out, 0, bytes);
    } else {
      if (!held) held = Fetch(part);
      Await(*held);
      held = Checked(std::move(held), part);
      std::memcpy(out, held->view().data() + (left.offset - held->piece.offset), bytes);
    }
    out += bytes;
    left = {left.offset + bytes, left.bytes - bytes};
  }
}

void FileSource::Await(Held& held) {
  if (held.kept.IsValid()) return;
  pond_->env().executor.RunUntil(held.done, [this] {
    if (control_->interrupted()) control_->cancel.Cancel();
  });
  if (held.status.ok()) return;
  ThrowStoreStatus(control_->interrupted() ? held.status : TimeoutAsUnavailable(held.status));
}

}  // namespace duckpond
