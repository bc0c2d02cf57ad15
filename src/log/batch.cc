// SPDX-License-Identifier: MIT
#include "log/batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "log/limits.h"
#include "log/lines.h"

namespace duckpond {
namespace {

Batch StartBatch(ImagePtr image) {
  CHECK(image != nullptr && image->unfolded.ok());
  Batch batch;
  batch.after = std::make_shared<LogImage>(*image);
  batch.after->content = Bytes();
  batch.on = std::move(image);
  return batch;
}

CommitRecord NextRecord(const LogSite& site, const LogImage& after, Uuid transaction) {
  CommitRecord record;
  record.version = after.version() + 1;
  record.transaction = transaction;
  record.time_us = std::max(site.env.clock.NowUs(), after.time_us() + 1);
  record.writer = site.options.writer;
  return record;
}

void AppendFrame(Batch& batch, const CommitRecord& record, StatePtr state) {
  LogImage& after = *batch.after;
  // What no reader would take must not be put: nobody could take it out again.
  CHECK(record.version == after.version() + 1 && record.time_us > after.time_us());
  CHECK(!record.transaction.is_nil());
  const std::string frame = EncodeCommit(record, after.end().hash);
  const uint64_t offset = batch.on->content.size() + batch.frames.size();
  CHECK(after.frames.empty() || after.frames.back().offset + after.frames.back().bytes == offset);
  DCHECK((DecodeCommit(frame, Place{"a new frame", 0}).ok()));
  after.frames.push_back({record.version, record.transaction, record.time_us, offset, frame.size(),
                          Xxh3_128(frame), record.idempotency_key});
  after.state = std::move(state);
  batch.frames += frame;
  CHECK(after.version() == record.version && after.end().hash.size() == kHashBytes);
}

Status CheckEvents(const LogSite& site, const std::vector<Event>& events) {
  uint64_t bytes = 0;
  for (const Event& event : events) {
    RETURN_IF_ERROR(CheckEvent(event));
    if (!event.ignorable && !site.folder.Knows(event.name)) {
      return Status::Invalid("a change wants to write event '" + event.name +
                             "', which this program does not know");
    }
    bytes += event.data.size() + kEventNameBytesMax + 128;
  }
  // Compressed frames are never much larger than their text.
  if (bytes > kFrameBytesMax / 2 || events.size() >= kFrameLinesMax) {
    return Status::Exhausted(fmt::format("a commit of {} events with {} bytes; at most {} bytes",
                                         events.size(), bytes, kFrameBytesMax / 2));
  }
  return Status::Ok();
}

// The receipt of `commit` if it was made before.
std::optional<CommitReceipt> FindMade(const LogImage& image, const PendingCommit& commit) {
  if (auto made = image.FindTransaction(commit.options.transaction)) {
    made->repeated = true;
    return made;
  }
  if (commit.options.idempotency_key.empty()) return std::nullopt;
  return image.FindKey(commit.options.idempotency_key);
}

// Whether `commit` has to wait for what is in `batch` to be durable: it is the same commit, made
// twice at the same time, or the batch is full.
bool MustWait(const Batch& batch, const PendingCommit& commit) {
  if (batch.placed.size() >= kBatchCommitsMax || batch.frames.size() >= kBatchBytesMax) return true;
  return std::any_of(batch.placed.begin(), batch.placed.end(), [&commit](const Batch::Placed& p) {
    const CommitOptions& other = p.commit->options;
    return other.transaction == commit.options.transaction ||
           (!other.idempotency_key.empty() &&
            other.idempotency_key == commit.options.idempotency_key);
  });
}

// Asks `commit` for its events and puts its frame into `batch`. An error concerns this one alone.
Task<Status> Join(SitePtr site, Batch* batch, PendingPtr commit) {
  Snapshot newest = batch->after->snapshot();
  auto events = co_await commit->change->Rebase(commit->context, std::move(newest));
  if (!events.ok()) co_return std::move(events).error();
  CO_RETURN_IF_ERROR(CheckEvents(*site, *events));
  std::string unknown_event;
  auto folded = FoldEvents(site->folder, batch->after->state, *events, unknown_event);
  if (!folded.ok()) {
    const Status wrong = folded.error().Prefixed("the change does not fit its own base");
    // Corrupt would say that the log is, and these events are not in it.
    if (wrong.code() == StatusCode::kCorrupt) co_return Status::Internal(wrong.message());
    co_return wrong;
  }
  CommitRecord record = NextRecord(*site, *batch->after, commit->options.transaction);
  record.author = commit->options.author;
  record.message = commit->options.message;
  record.idempotency_key = commit->options.idempotency_key;
  record.events = *std::move(events);
  AppendFrame(*batch, record, *std::move(folded));
  batch->placed.push_back({commit, {record.version, record.time_us, false}});
  co_return Status::Ok();
}

}  // namespace

Task<Batch> BuildBatch(SitePtr site, ImagePtr image, std::vector<PendingPtr> commits) {
  Batch batch = StartBatch(std::move(image));
  for (const PendingPtr& commit : commits) {
    if (commit->answered()) continue;
    if (const auto made = FindMade(*batch.on, *commit)) {
      commit->Answer(*made);
      continue;
    }
    if (MustWait(batch, *commit)) {
      batch.deferred.push_back(commit);
      continue;
    }
    const Status placed = co_await Join(site, &batch, commit);
    if (!placed.ok()) commit->Answer(placed);
  }
  CHECK(batch.after->frames.size() == batch.on->frames.size() + batch.placed.size());
  CHECK(batch.placed.empty() == batch.frames.empty());
  co_return batch;
}

Batch BuildEmptyCommit(const LogSite& site, ImagePtr image) {
  Batch batch = StartBatch(std::move(image));
  const CommitRecord record = NextRecord(site, *batch.after, site.env.uuids.Next());
  AppendFrame(batch, record, batch.after->state);
  CHECK(!batch.empty() && batch.placed.empty());
  return batch;
}

}  // namespace duckpond
