// SPDX-License-Identifier: MIT
#include "log/roll.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "log/limits.h"
#include "log/log_objects.h"
#include "log/pond_file.h"
#include "store/store_proof.h"

namespace duckpond {
namespace {

SegmentRef DescribeSegment(const LogImage& image, std::string path) {
  SegmentRef segment;
  segment.path = std::move(path);
  segment.first = image.base.version + 1;
  segment.last = image.version();
  segment.first_time_us = image.frames.front().time_us;
  segment.last_time_us = image.time_us();
  segment.bytes = image.content.size();
  segment.hash = Xxh3_128(image.content.view());
  CHECK(segment.first <= segment.last && segment.first_time_us <= segment.last_time_us);
  return segment;
}

// The task that writes the state: StoreBaseState's result is needed, the segment's only if it
// fails.
Task<Status> StoreState(SitePtr site, Context context, std::vector<KeyRecord> keys,
                        std::vector<StateRun> runs, StoredState* stored) {
  auto result = co_await StoreBaseState(std::move(site), std::move(context), std::move(keys),
                                        std::move(runs));
  if (!result.ok()) co_return result.error();
  *stored = *std::move(result);
  co_return Status::Ok();
}

}  // namespace

Task<Result<PreparedRoll>> PrepareRoll(SitePtr site, Context context, ImagePtr image) {
  CHECK(!image->frames.empty() && image->unfolded.ok());
  PreparedRoll roll;
  roll.site = site;
  roll.replaces = image->base.id;
  roll.hash = image->end().hash;
  CO_ASSIGN_OR_RETURN(const StatePtr state, co_await site->folder.Gather(context, image->state));
  CO_ASSIGN_OR_RETURN(std::vector<StateRun> runs, site->folder.Unfold(*state));
  roll.keys = std::make_shared<const std::vector<KeyRecord>>(image->Keys());

  SegmentRef segment = DescribeSegment(*image, "log/" + site->env.uuids.Next().ToString() + ".log");
  StoredState stored;
  std::vector<Task<Status>> writes;
  writes.push_back(WriteObject(site, context, segment.path, image->content));
  writes.push_back(StoreState(site, context, *roll.keys, std::move(runs), &stored));
  const auto results = co_await WhenAll(std::move(writes));
  for (const Status& written : results) CO_RETURN_IF_ERROR(written);

  BaseRecord& base = roll.base;
  base.id = site->env.uuids.Next();
  base.format = kLogFormat;
  base.pond = image->base.pond;
  base.version = image->version();
  base.time_us = image->time_us();
  base.chain = roll.hash;
  base.writer = site->options.writer;
  base.proof = ProofText(*site->store);
  base.segments = image->base.segments;
  // Histories are walked from list to list: a gap would hide all that lies before it.
  CHECK(base.segments.empty() || base.segments.back().last + 1 == segment.first);
  base.segments.push_back(std::move(segment));
  if (base.segments.size() > kSegmentsListedMax) base.segments.erase(base.segments.begin());
  base.parts = std::move(stored.parts);
  // What no reader takes: see DecodeBase.
  CHECK(base.parts.size() <= kPartsMax && base.segments.size() <= kSegmentsListedMax);
  CHECK(base.segments.back().last == base.version && base.format == kLogFormat);
  roll.start = EncodeLogStart(base, stored.text);
  if (roll.start.size() > kFrameBytesMax) {
    co_return Status::Exhausted(
        fmt::format("a base of {} bytes; at most {}", roll.start.size(), kFrameBytesMax));
  }
  // Nobody could undo the swap to a base that no reader takes: it is read before it is offered.
  Status readable = DecodeLog(roll.start, std::string(kLogKey)).status();
  if (readable.ok() && !stored.state.empty()) {
    auto folded = site->folder.FoldBase(stored.state, state);
    readable = folded.status();
    roll.state = folded.value_or(nullptr);
  }
  if (!readable.ok()) co_return Status::Internal("a new base: " + readable.ToString());
  co_return roll;
}

ImagePtr ApplyRoll(const LogImage& image, const PreparedRoll& roll) {
  if (image.base.id != roll.replaces || image.version() < roll.base.version ||
      image.HashAt(roll.base.version) != roll.hash) {
    return nullptr;
  }
  auto rolled = std::make_shared<LogImage>();
  rolled->tag = image.tag;
  rolled->base = roll.base;
  rolled->base_end = roll.start.size();
  rolled->base_keys = roll.keys;
  rolled->state = StateBehind(roll.site->folder, roll.state, image, roll.base.version);
  if (rolled->state == nullptr) rolled->state = image.state;
  rolled->unknown_event = image.unknown_event;
  std::string content = roll.start;
  for (FrameRef frame : image.frames) {
    if (frame.version <= roll.base.version) continue;
    content += image.content.view().substr(frame.offset, frame.bytes);
    frame.offset = content.size() - frame.bytes;
    rolled->frames.push_back(std::move(frame));
  }
  rolled->content = Bytes(std::move(content));
  CHECK(rolled->order() > image.order() && rolled->version() == image.version());
  // What was committed since stays byte for byte.
  CHECK(rolled->end().hash == image.end().hash);
  CHECK(rolled->frames.empty() ||
        rolled->frames.back().offset + rolled->frames.back().bytes == rolled->content.size());
  return rolled;
}

StatePtr StateBehind(const Folder& folder, StatePtr state, const LogImage& image, Version after) {
  for (const FrameRef& frame : image.frames) {
    if (state == nullptr) break;
    if (frame.version <= after) continue;
    const auto commit = DecodeFrame(image.content.view(), frame, std::string(kLogKey));
    if (!commit.ok()) return nullptr;
    std::string unknown_event;
    state = FoldEvents(folder, state, commit->events, unknown_event).value_or(nullptr);
  }
  return state;
}

}  // namespace duckpond
