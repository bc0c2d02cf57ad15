// SPDX-License-Identifier: MIT
#include "log/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/check.h"
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

// The parts that `state` names without having read them.
Result<std::set<std::string>> UnreadParts(const Folder& folder, const FoldedState& state) {
  ASSIGN_OR_RETURN(const std::vector<StateRun> runs, folder.Unfold(state));
  std::set<std::string> names;
  for (const StateRun& run : runs) {
    if (run.lines != nullptr) names.emplace(run.lines->name());
  }
  return names;
}

// The lines of `state` but for those of `parts`, which are neither read. Sorted: which lines share
// a part, and where they stand in it, says nothing.
Task<Result<std::vector<std::string>>> LinesBeside(SitePtr site, Context context, StatePtr state,
                                                   std::set<std::string> parts) {
  const Folder::Wanted unnamed = [&parts](const UnreadLines& lines) {
    return !parts.contains(std::string(lines.name()));
  };
  CO_ASSIGN_OR_RETURN(const StatePtr read,
                      co_await site->folder.Read(std::move(context), std::move(state), unnamed));
  CO_ASSIGN_OR_RETURN(const std::vector<StateRun> runs, site->folder.Unfold(*read));
  std::vector<std::string> lines;
  for (const StateRun& run : runs) {
    for (const Event& event : run.events) AppendLine(lines.emplace_back(), event);
  }
  std::ranges::sort(lines);
  co_return lines;
}

// Whether two states are equal. What both name as the same part is not read.
Task<Result<bool>> SameState(SitePtr site, Context context, StatePtr a, StatePtr b) {
  CO_ASSIGN_OR_RETURN(const std::set<std::string> parts_a, UnreadParts(site->folder, *a));
  CO_ASSIGN_OR_RETURN(const std::set<std::string> parts_b, UnreadParts(site->folder, *b));
  std::set<std::string> both;
  std::ranges::set_intersection(parts_a, parts_b, std::inserter(both, both.end()));
  CO_ASSIGN_OR_RETURN(const auto lines_a, co_await LinesBeside(site, context, a, both));
  CO_ASSIGN_OR_RETURN(const auto lines_b, co_await LinesBeside(site, context, b, both));
  co_return lines_a == lines_b;
}

// Whether `kept` are what a base keeps of `all`.
bool SameKeys(const std::vector<KeyRecord>& all, const std::vector<KeyRecord>& kept) {
  const size_t count = std::min(all.size(), kIdempotencyKeysMax);
  return std::equal(all.end() - static_cast<ptrdiff_t>(count), all.end(), kept.begin(), kept.end());
}

// The base must continue where the walk is, and say the state that the walk has.
Status CheckBase(const Walk& walk, const BaseRecord& base, const LoadedState& loaded,
                 bool same_state, const Place& place) {
  if (base.version != walk.end.version || base.chain != walk.end.hash ||
      base.time_us != walk.end.time_us) {
    return place.Corrupt(
        fmt::format("a base at version {} with hash {}", walk.end.version,
                    HexEncode(walk.end.hash)),
        fmt::format("version {} with hash {}", base.version, HexEncode(base.chain)));
  }
  if (!same_state) {
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
  auto loaded = co_await LoadBaseState(site, context, log.base, std::move(log.state_lines), object,
                                       walk->state);
  if (!loaded.ok()) co_return loaded.error();
  if (walk->started) {
    auto same = co_await SameState(site, std::move(context), walk->state, loaded->state);
    if (!same.ok()) co_return same.error().Prefixed(object);
    CO_RETURN_IF_ERROR(CheckBase(*walk, log.base, *loaded, *same, place));
  } else {
    const Folder::Wanted all = [](const UnreadLines&) { return true; };
    const auto read = co_await site->folder.Read(std::move(context), loaded->state, all);
    if (!read.ok()) co_return read.error().Prefixed(object);
    walk->started = true;
    walk->events = loaded->events;
    if (log.base.version == 0 && log.base.chain != ChainStart(log.base.pond)) {
      co_return place.Corrupt("the chain of pond " + log.base.pond.ToString(), "another");
    }
  }
  walk->state = loaded->state;
  walk->keys = std::move(loaded->keys);
  walk->end = {log.base.version, log.base.time_us, log.base.chain};
  CHECK(log.commits.frames.size() == log.commits.commits.size());
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
  CHECK(walk.end.version == image->version());
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
