// SPDX-License-Identifier: MIT
#include "log/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "log/create.h"
#include "log/history.h"
#include "log/limits.h"
#include "log/lines.h"
#include "log/log_objects.h"

namespace duckpond {
namespace {

// What is known of the history up to where the walk has come.
struct Walk {
  bool started = false;
  ChainEnd end;
  StatePtr state;
  std::vector<KeyRecord> keys;  // Of commits, oldest first; a base remembers the last of them.
  uint64_t events = 0;
};

Result<std::string> StateText(const Folder& folder, const FoldedState& state) {
  ASSIGN_OR_RETURN(const std::vector<StateRun> runs, folder.Unfold(state));
  std::string text;
  for (const StateRun& run : runs) {
    for (const Event& event : run.events) AppendLine(text, event);
  }
  return text;
}

// Whether `kept` are what a base keeps of `all`.
bool SameKeys(const std::vector<KeyRecord>& all, const std::vector<KeyRecord>& kept) {
  const size_t count = std::min(all.size(), kIdempotencyKeysMax);
  return std::equal(all.end() - static_cast<ptrdiff_t>(count), all.end(), kept.begin(), kept.end());
}

// The base must continue where the walk is, and say the state that the walk has.
Status CheckBase(const LogSite& site, const Walk& walk, const BaseRecord& base,
                 const LoadedState& loaded, const Place& place) {
  if (base.version != walk.end.version || base.chain != walk.end.hash ||
      base.time_us != walk.end.time_us) {
    return place.Corrupt(
        fmt::format("a base at version {} with hash {}", walk.end.version,
                    HexEncode(walk.end.hash)),
        fmt::format("version {} with hash {}", base.version, HexEncode(base.chain)));
  }
  ASSIGN_OR_RETURN(const std::string expected, StateText(site.folder, *walk.state));
  ASSIGN_OR_RETURN(const std::string found, StateText(site.folder, *loaded.state));
  if (expected != found) {
    return place.Corrupt(
        fmt::format("the state that the commits up to version {} make", base.version),
        "another state");
  }
  if (!SameKeys(walk.keys, loaded.keys)) {
    return place.Corrupt(
        fmt::format("the idempotency keys of the commits up to version {}", base.version),
        "other ones");
  }
  return Status::Ok();
}

Task<Status> WalkLog(SitePtr site, Context context, Walk* walk, DecodedLog log,
                     std::string object) {
  const Place place{object, kLogHeaderBytes};
  auto loaded = co_await LoadBaseState(site, std::move(context), log.base,
                                       std::move(log.state_lines), object);
  if (!loaded.ok()) co_return loaded.error();
  if (walk->started) {
    CO_RETURN_IF_ERROR(CheckBase(*site, *walk, log.base, *loaded, place));
  } else {
    walk->started = true;
    walk->events = loaded->events;
    if (log.base.version == 0 && log.base.chain != ChainStart(log.base.pond)) {
      co_return place.Corrupt("the chain of pond " + log.base.pond.ToString(), "another");
    }
  }
  walk->state = loaded->state;
  walk->keys = std::move(loaded->keys);
  walk->end = {log.base.version, log.base.time_us, log.base.chain};
  for (size_t i = 0; i < log.commits.commits.size(); ++i) {
    const CommitRecord& commit = log.commits.commits[i];
    std::string unknown_event;
    auto folded = FoldEvents(site->folder, walk->state, commit.events, unknown_event);
    if (!folded.ok()) {
      co_return folded.error().Prefixed(fmt::format("{}: version {}", object, commit.version));
    }
    walk->state = *std::move(folded);
    walk->events += commit.events.size();
    if (!commit.idempotency_key.empty()) {
      walk->keys.push_back(
          {commit.idempotency_key, commit.version, commit.time_us, commit.transaction});
    }
    walk->end = {commit.version, commit.time_us, log.commits.frames[i].hash};
  }
  co_return Status::Ok();
}

}  // namespace

Task<Result<EventLog::Report>> VerifyLog(SitePtr site, Context context, ImagePtr image) {
  auto pond = co_await ReadPondFile(site, context);
  if (!pond.ok() && pond.error().code() == StatusCode::kNotFound) {
    co_return Status::Corrupt(fmt::format("{} at {} is lost: expected it beside {}", kPondKey,
                                          site->store->url(), kLogKey));
  }
  if (!pond.ok()) co_return pond.error();
  if (pond->file.id != image->base.pond) {
    co_return Status::Corrupt(fmt::format("{}: expected the log of pond {}, found that of {}",
                                          kLogKey, pond->file.id.ToString(),
                                          image->base.pond.ToString()));
  }
  auto segments = co_await AllSegments(site, context, image->base);
  if (!segments.ok()) co_return std::move(segments).error();
  EventLog::Report report;
  Walk walk;
  // One at a time: a pond's whole history need not fit into memory.
  for (const SegmentRef& segment : *segments) {
    auto log = co_await ReadSegment(site, context, segment);
    if (!log.ok()) co_return log.error();
    if (!walk.started) report.first_version = log->base.version;
    report.log_bytes += segment.bytes;
    const Status walked = co_await WalkLog(site, context, &walk, *std::move(log), segment.path);
    if (!walked.ok()) co_return walked;
  }
  CO_ASSIGN_OR_RETURN(DecodedLog log, DecodeLog(image->content.view(), std::string(kLogKey)));
  if (!walk.started) report.first_version = log.base.version;
  const Status walked =
      co_await WalkLog(site, context, &walk, std::move(log), std::string(kLogKey));
  if (!walked.ok()) co_return walked;
  report.pond_id = image->base.pond.ToString();
  report.format = image->base.format;
  report.last_version = image->version();
  report.head_bytes = image->content.size();
  report.log_bytes += report.head_bytes;
  report.segments = segments->size();
  report.events = walk.events;
  co_return report;
}

}  // namespace duckpond
