// SPDX-License-Identifier: MIT
#include "log/history.h"

#include <fmt/format.h>

#include <functional>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "log/limits.h"
#include "log/log_objects.h"
#include "log/pond_file.h"

namespace duckpond {
namespace {

using Enough = std::function<bool(const SegmentRef& oldest)>;

// Segments from `base` back until the oldest is `enough`, or there are no more. It comes to an end:
// the base inside a segment lists only older ones, which ReadSegment and ParseSegments check.
Task<Result<std::vector<SegmentRef>>> SegmentsBack(SitePtr site, Context context, BaseRecord base,
                                                   Enough enough) {
  std::vector<SegmentRef> segments = base.segments;
  while (!segments.empty() && segments.front().first > 1 && !enough(segments.front())) {
    const SegmentRef oldest = segments.front();
    auto log = co_await ReadSegment(site, context, oldest);
    if (!log.ok()) co_return std::move(log).error();
    const std::vector<SegmentRef>& older = log->base.segments;
    if (older.empty()) break;
    // Steps back by one segment at least, so that this ends.
    CHECK(older.back().last + 1 == oldest.first);
    segments.insert(segments.begin(), older.begin(), older.end());
  }
  co_return segments;
}

Status NotThere(Version version) {
  return Status::NotFound(fmt::format("version {} is not in the history any more", version));
}

// Folds the base of `log` and its commits up to `version`. `known` as in Folder::FoldBase.
Task<Result<Snapshot>> ReplayLog(SitePtr site, Context context, DecodedLog log, Version version,
                                 std::string object, StatePtr known) {
  CHECK(version >= log.base.version);
  auto loaded = co_await LoadBaseState(site, std::move(context), log.base,
                                       std::move(log.state_lines), object, std::move(known));
  if (!loaded.ok()) co_return std::move(loaded).error();
  Snapshot snapshot{log.base.version, log.base.time_us, loaded->state};
  std::string unknown_event;  // Of no matter for reading: a folder that needs it says so itself.
  for (const CommitRecord& commit : log.commits.commits) {
    if (commit.version > version) break;
    auto folded = FoldEvents(site->folder, snapshot.state, commit.events, unknown_event);
    if (!folded.ok()) {
      co_return folded.error().Prefixed(fmt::format("{}: version {}", object, commit.version));
    }
    snapshot = {commit.version, commit.time_us, *std::move(folded)};
  }
  if (snapshot.version != version) co_return NotThere(version);
  co_return snapshot;
}

// The newest version of `log` that is not after `time_us`; nothing if its base is.
std::optional<Version> LastNotAfter(const DecodedLog& log, int64_t time_us) {
  if (log.base.time_us > time_us) return std::nullopt;
  Version version = log.base.version;
  for (const FrameRef& frame : log.commits.frames) {
    if (frame.time_us <= time_us) version = frame.version;
  }
  return version;
}

Task<Result<std::vector<DecodedLog>>> ReadSegments(SitePtr site, Context context,
                                                   std::vector<SegmentRef> segments) {
  std::vector<DecodedLog> logs;
  for (size_t next = 0; next < segments.size();) {
    std::vector<Task<Result<DecodedLog>>> reads;
    for (; next < segments.size() && reads.size() < kRequestsInFlightMax; ++next) {
      reads.push_back(ReadSegment(site, context, segments[next]));
    }
    auto results = co_await WhenAll(std::move(reads));
    for (auto& result : results) {
      if (!result.ok()) co_return std::move(result).error();
      logs.push_back(*std::move(result));
    }
  }
  CHECK(logs.size() == segments.size());
  co_return logs;
}

// Those that have versions of first..last. Whoever asks knows that these versions were there: an
// empty answer would pass a lost history for one in which nothing happened.
Task<Result<std::vector<SegmentRef>>> SegmentsOf(SitePtr site, Context context, BaseRecord base,
                                                 Version first, Version last) {
  CHECK(first >= 1 && first <= last);
  const Enough enough = [first](const SegmentRef& oldest) { return oldest.first <= first; };
  auto segments = co_await SegmentsBack(std::move(site), std::move(context), base, enough);
  if (!segments.ok()) co_return segments;
  if (segments->empty() || segments->front().first > first) co_return NotThere(first);
  std::erase_if(*segments, [first, last](const SegmentRef& segment) {
    return segment.last < first || segment.first > last;
  });
  co_return segments;
}

}  // namespace

Task<Result<DecodedLog>> ReadSegment(SitePtr site, Context context, SegmentRef segment) {
  ObjectRef object{segment.path, segment.bytes, segment.hash};
  auto body = co_await ReadObject(std::move(site), std::move(context), std::move(object));
  if (!body.ok()) co_return std::move(body).error();
  CO_ASSIGN_OR_RETURN(DecodedLog log, DecodeLog(body->view(), segment.path));
  const Version last = log.base.version + log.commits.frames.size();
  if (log.base.version + 1 != segment.first || last != segment.last) {
    co_return Place{segment.path, 0}.Corrupt(
        fmt::format("versions {} to {}", segment.first, segment.last),
        fmt::format("{} to {}", log.base.version + 1, last));
  }
  co_return log;
}

Task<Result<std::vector<SegmentRef>>> AllSegments(SitePtr site, Context context, BaseRecord base) {
  const Enough never = [](const SegmentRef&) { return false; };
  return SegmentsBack(std::move(site), std::move(context), std::move(base), never);
}

Task<Result<Snapshot>> ReplayTo(SitePtr site, Context context, ImagePtr image, Version version) {
  CHECK(version <= image->version());
  if (version == image->version()) {
    if (!image->unfolded.ok()) co_return image->unfolded;
    co_return image->snapshot();
  }
  // An image keeps its newest state only; what leads to the others is in its bytes.
  if (version >= image->base.version) {
    CO_ASSIGN_OR_RETURN(DecodedLog log, DecodeLog(image->content.view(), std::string(kLogKey)));
    co_return co_await ReplayLog(site, context, std::move(log), version, std::string(kLogKey),
                                 image->state);
  }
  // Version 0 is the base of the first segment.
  const Version needed = version == 0 ? 1 : version;
  auto segments = co_await SegmentsOf(site, context, image->base, needed, needed);
  if (!segments.ok()) co_return std::move(segments).error();
  const SegmentRef segment = segments->front();
  auto log = co_await ReadSegment(site, context, segment);
  if (!log.ok()) co_return std::move(log).error();
  co_return co_await ReplayLog(site, context, *std::move(log), version, segment.path, image->state);
}

Task<Result<Version>> VersionAtTime(SitePtr site, Context context, ImagePtr image,
                                    int64_t time_us) {
  if (time_us >= image->base.time_us) {
    const FrameRef* frame = image->FrameAtTime(time_us);
    co_return frame == nullptr ? image->base.version : frame->version;
  }
  const Enough enough = [time_us](const SegmentRef& oldest) {
    return oldest.first_time_us <= time_us;
  };
  auto segments = co_await SegmentsBack(site, context, image->base, enough);
  if (!segments.ok()) co_return std::move(segments).error();
  // Of the oldest one it is the base that may be old enough, which the list does not tell.
  while (segments->size() > 1 && segments->back().first_time_us > time_us) segments->pop_back();
  if (!segments->empty()) {
    const SegmentRef segment = segments->back();
    if (segment.last_time_us <= time_us) co_return segment.last;
    auto log = co_await ReadSegment(site, context, segment);
    if (!log.ok()) co_return std::move(log).error();
    if (const auto version = LastNotAfter(*log, time_us)) co_return *version;
  }
  co_return Status::NotFound(
      fmt::format("the pond has no version that is as old as {} µs since 1970", time_us));
}

Task<Result<std::vector<CommitRecord>>> ReadCommits(SitePtr site, Context context, ImagePtr image,
                                                    Version first, Version last) {
  std::vector<CommitRecord> commits;
  CHECK(first >= 1 && last <= image->version());
  if (first > last) co_return commits;
  if (first <= image->base.version) {
    const Version last_rolled = std::min(last, image->base.version);
    auto segments = co_await SegmentsOf(site, context, image->base, first, last_rolled);
    if (!segments.ok()) co_return std::move(segments).error();
    auto logs = co_await ReadSegments(site, context, *std::move(segments));
    if (!logs.ok()) co_return std::move(logs).error();
    for (DecodedLog& log : *logs) {
      std::move(log.commits.commits.begin(), log.commits.commits.end(),
                std::back_inserter(commits));
    }
  }
  for (const FrameRef& frame : image->frames) {
    if (frame.version < first || frame.version > last) continue;
    CO_ASSIGN_OR_RETURN(CommitRecord commit,
                        DecodeFrame(image->content.view(), frame, std::string(kLogKey)));
    commits.push_back(std::move(commit));
  }
  std::erase_if(commits, [first, last](const CommitRecord& commit) {
    return commit.version < first || commit.version > last;
  });
  DCHECK(commits.size() == last - first + 1);
  co_return commits;
}

Task<Result<std::optional<CommitReceipt>>> FindCommit(SitePtr site, Context context, ImagePtr image,
                                                      TransactionQuery query) {
  CHECK(!query.transaction.is_nil() && query.after <= image->version());
  if (auto receipt = image->FindTransaction(query.transaction)) co_return receipt;
  std::optional<CommitReceipt> found;
  if (image->base.version <= query.after) co_return found;
  auto segments =
      co_await SegmentsOf(site, context, image->base, query.after + 1, image->base.version);
  if (!segments.ok()) co_return std::move(segments).error();
  auto logs = co_await ReadSegments(site, context, *std::move(segments));
  if (!logs.ok()) co_return std::move(logs).error();
  for (const DecodedLog& log : *logs) {
    for (const FrameRef& frame : log.commits.frames) {
      if (frame.transaction == query.transaction) {
        found = CommitReceipt{frame.version, frame.time_us, false};
      }
    }
  }
  co_return found;
}

}  // namespace duckpond
