// SPDX-License-Identifier: MIT
#include "sql/file_source.h"

#include <cstring>

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
};

namespace {

Result<Bytes> CheckReply(Result<GetReply> reply, const FileSource::File& file,
                         FileSource::Piece piece) {
  if (!reply.ok() && reply.error().code() == StatusCode::kExhausted) {
    return Status::Corrupt("data file " + file.path + " is longer in the store than its " +
                           std::to_string(file.bytes) +
                           " bytes in the log: " + reply.error().message());
  }
  if (!reply.ok()) return reply.error().Prefixed("reading " + file.path);
  if (reply->state != GetReply::State::kFound) {
    return Status::Corrupt("data file " + file.path + " is missing from the store");
  }
  if (reply->object_size != file.bytes || reply->bytes.size() != piece.bytes) {
    return Status::Corrupt("data file " + file.path + " has " + std::to_string(reply->object_size) +
                           " bytes in the store, " + std::to_string(file.bytes) + " in the log");
  }
  return std::move(reply->bytes);
}

}  // namespace

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
  auto after = pieces_.upper_bound(where.offset);
  if (after == pieces_.begin()) return nullptr;
  const auto& held = std::prev(after)->second;
  const bool inside = where.offset + where.bytes <= held->piece.offset + held->piece.bytes;
  return inside ? held : nullptr;
}

std::shared_ptr<FileSource::Held> FileSource::Start(Piece piece) {
  auto held = std::make_shared<Held>();
  held->piece = piece;
  struct Fetch {
    // Parameters by value: the task outlives the call, and may outlive the FileSource.
    static Task<void> Run(std::shared_ptr<Pond> pond, Context context, File file,
                          std::shared_ptr<Held> held) {
      GetOptions options;
      options.want_tag = false;
      options.bytes_max = file.bytes;  // More than the part: some servers know no ranges.
      if (held->piece.bytes != file.bytes) {
        options.range = ByteRange{held->piece.offset, held->piece.bytes};
      }
      Result<GetReply> reply = co_await pond->store().Get(context, file.path, std::move(options));
      Result<Bytes> content = CheckReply(std::move(reply), file, held->piece);
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
  if (piece.bytes == 0 || Find(piece)) return;
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
  if (where.offset + where.bytes > file_.bytes) {
    ThrowStatus(Status::Corrupt("data file " + file_.path + " refers to bytes behind its end"));
  }
  auto held = Find(where);
  if (!held) held = Start(where);
  pond_->env().executor.RunUntil(held->done, [this] {
    if (control_->interrupted()) control_->cancel.Cancel();
  });
  if (!held->status.ok()) ThrowStoreStatus(held->status);
  std::memcpy(out, held->content.view().data() + (where.offset - held->piece.offset), where.bytes);
}

}  // namespace duckpond
