// SPDX-License-Identifier: MIT
#include "sql/file_source.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "base/hash.h"
#include "lake/data_read.h"
#include "sql/connection_state.h"
#include "sql/errors.h"

namespace duckpond {
namespace {

// How long one request for data may try, retries included.
constexpr int64_t kFetchUs = 60'000'000;

}  // namespace

struct FileSource::Held {
  Piece piece;
  BlockingWait done;
  // Written before `done` is set, read after.
  Status status;
  Bytes content;

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
  const auto has = [&](const std::shared_ptr<Held>& held) {
    return held && held->piece.offset <= where.offset && where.end() <= held->piece.end();
  };
  auto after = pieces_.upper_bound(where.offset);
  if (after != pieces_.begin() && has(std::prev(after)->second)) return std::prev(after)->second;
  return has(last_) ? last_ : nullptr;
}

void FileSource::SetChunks(std::shared_ptr<const Chunks> chunks) {
  std::lock_guard lock(mutex_);
  chunks_ = std::move(chunks);
}

// Those that the bytes belong to; the tail is one, if its checksum is known.
std::vector<FileSource::Chunk> FileSource::ChunksIn(Piece where) {
  const auto touches = [&](Piece chunk) {
    return chunk.bytes > 0 && chunk.offset < where.end() && where.offset < chunk.end();
  };
  std::vector<Chunk> result;
  std::shared_ptr<const Chunks> chunks;
  {
    std::lock_guard lock(mutex_);
    chunks = chunks_;
  }
  if (chunks) {
    auto chunk = std::ranges::upper_bound(*chunks, where.offset, {},
                                          [](const Chunk& c) { return c.where.offset; });
    if (chunk != chunks->begin()) --chunk;
    for (; chunk != chunks->end() && chunk->where.offset < where.end(); ++chunk) {
      if (touches(chunk->where)) result.push_back(*chunk);
    }
  }
  if (file_.checksum && touches(file_.tail)) result.push_back({file_.tail, *file_.checksum});
  return result;
}

void FileSource::Check(Held& held, const Chunk& chunk) const {
  {
    std::lock_guard lock(held.mutex);
    if (held.checked.contains(chunk.where.offset)) return;
  }
  const std::string_view bytes =
      held.content.view().substr(chunk.where.offset - held.piece.offset, chunk.where.bytes);
  if (Xxh3_64(bytes) != chunk.checksum) {
    ThrowStoreStatus(Status::Corrupt("data file " + file_.path + " was altered: its bytes " +
                                     std::to_string(chunk.where.offset) + " to " +
                                     std::to_string(chunk.where.end()) +
                                     " do not have their checksum"));
  }
  std::lock_guard lock(held.mutex);
  held.checked.insert(chunk.where.offset);
}

std::shared_ptr<FileSource::Held> FileSource::Start(Piece piece) {
  auto held = std::make_shared<Held>();
  held->piece = piece;
  struct Fetch {
    // Parameters by value: the task outlives the call, and may outlive the FileSource.
    static Task<void> Run(std::shared_ptr<Pond> pond, Context context, File file,
                          std::shared_ptr<Held> held) {
      DataPart part{file.path, file.bytes, held->piece.offset, held->piece.bytes};
      auto content = co_await ReadDataPart(pond->store(), context, std::move(part));
      held->status = content.status();
      if (content.ok()) held->content = *std::move(content);
      held->done.Set();
    }
  };
  Executor& executor = pond_->env().executor;
  const Context context = control_->context.WithDeadline(executor.NowUs() + kFetchUs);
  Spawn(executor, Fetch::Run(pond_, context, file_, held));
  return held;
}

void FileSource::Want(Piece piece) {
  if (piece.bytes == 0 || !piece.IsWithin(file_.bytes) || Find(piece)) return;
  auto held = Start(piece);
  std::lock_guard lock(mutex_);
  pieces_[piece.offset] = std::move(held);
}

void FileSource::Release(uint64_t offset) {
  std::lock_guard lock(mutex_);
  pieces_.erase(offset);
}

void FileSource::Read(Piece where, char* out) {
  if (where.bytes == 0) return;
  if (!where.IsWithin(file_.bytes)) {
    ThrowStatus(Status::Corrupt("data file " + file_.path + " refers to bytes behind its end"));
  }
  const std::vector<Chunk> chunks = ChunksIn(where);
  Piece needed = where;
  for (const Chunk& chunk : chunks) {
    const uint64_t end = std::max(needed.end(), chunk.where.end());
    needed.offset = std::min(needed.offset, chunk.where.offset);
    needed.bytes = end - needed.offset;
  }
  auto held = Find(needed);
  if (!held) {
    held = Start(needed);
    std::lock_guard lock(mutex_);
    last_ = held;
  }
  pond_->env().executor.RunUntil(held->done, [this] {
    if (control_->interrupted()) control_->cancel.Cancel();
  });
  if (!held->status.ok()) {
    ThrowStoreStatus(control_->interrupted() ? held->status : TimeoutAsUnavailable(held->status));
  }
  for (const Chunk& chunk : chunks) Check(*held, chunk);
  std::memcpy(out, held->content.view().data() + (where.offset - held->piece.offset), where.bytes);
}

}  // namespace duckpond
