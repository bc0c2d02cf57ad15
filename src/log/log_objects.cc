// SPDX-License-Identifier: MIT
#include "log/log_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "base/hash.h"
#include "log/backoff.h"
#include "log/limits.h"
#include "log/lines.h"
#include "log/log_object.h"

namespace duckpond {
namespace {

// `text_bytes` is how much text the parts before have, and with this one.
Status CheckPart(const PartRef& part, std::string_view body, uint64_t& text_bytes) {
  const Place place{part.path, 0};
  ASSIGN_OR_RETURN(const size_t size, FrameSize(body, place));
  if (size != body.size()) {
    return place.Corrupt("one frame", fmt::format("{} bytes behind it", body.size() - size));
  }
  ASSIGN_OR_RETURN(const uint64_t more, FrameTextSize(body, place));
  text_bytes += more;
  if (text_bytes > kObjectTextBytesMax) {
    return Status::Exhausted(
        fmt::format("{}: {} bytes of text in the parts up to this one; at most {} are read",
                    part.path, text_bytes, kObjectTextBytesMax));
  }
  return Status::Ok();
}

Result<std::vector<Event>> LinesOf(const PartRef& part, std::string_view body) {
  const Place place{part.path, 0};
  ASSIGN_OR_RETURN(std::vector<Event> lines, DecodeLines(body, place));
  if (lines.size() != part.lines) {
    return place.Corrupt(fmt::format("{} lines", part.lines), fmt::format("{}", lines.size()));
  }
  return lines;
}

class PartLines final : public UnreadLines {
 public:
  PartLines(PartRef part, Bytes body) : part_(std::move(part)), body_(std::move(body)) {}
  Result<std::vector<Event>> Read() const override { return LinesOf(part_, body_.view()); }

 private:
  const PartRef part_;
  const Bytes body_;
};

// StateReader: puts together what a base's state is made of.
class StateReader {
 public:
  Status AddLines(std::vector<Event> lines, const Place& place) {
    lines_ += lines.size();
    if (parts_.empty()) {
      ASSIGN_OR_RETURN(BaseState state, ParseStateLines(std::move(lines), place));
      std::ranges::move(state.keys, std::back_inserter(keys_));
      lines = std::move(state.events);
      if (lines.empty()) return Status::Ok();
    }
    if (parts_.empty() || parts_.back().lines != nullptr) parts_.emplace_back();
    std::ranges::move(lines, std::back_inserter(parts_.back().events));
    return Status::Ok();
  }
  Status AddPart(const PartRef& part, Bytes body) {
    if (part.summary.empty()) {
      ASSIGN_OR_RETURN(std::vector<Event> lines, LinesOf(part, body.view()));
      return AddLines(std::move(lines), Place{part.path, 0});
    }
    lines_ += part.lines;
    parts_.push_back({{}, part.summary, std::make_shared<const PartLines>(part, std::move(body))});
    return Status::Ok();
  }

  Result<LoadedState> Fold(const Folder& folder) {
    LoadedState loaded;
    loaded.events = lines_ - keys_.size();
    loaded.keys = std::move(keys_);
    for (StatePart& part : parts_) LeaveOutUnknown(folder, part.events, loaded.unknown_event);
    ASSIGN_OR_RETURN(loaded.state, folder.FoldBase(parts_));
    return loaded;
  }

 private:
  std::vector<KeyRecord> keys_;
  std::vector<StatePart> parts_;
  uint64_t lines_ = 0;
};

Task<Status> ReadParts(SitePtr site, Context context, std::vector<PartRef> parts,
                       StateReader* reader) {
  uint64_t text_bytes = 0;
  for (size_t next = 0; next < parts.size();) {
    const size_t first = next;
    std::vector<Task<Result<Bytes>>> reads;
    for (; next < parts.size() && reads.size() < kPartReadsInFlightMax; ++next) {
      const PartRef& part = parts[next];
      reads.push_back(ReadObject(site, context, {part.path, part.bytes, part.hash}));
    }
    const auto bodies = co_await WhenAll(std::move(reads));
    // How much they claim to be is looked at before anything is decompressed.
    for (size_t i = 0; i < bodies.size(); ++i) {
      if (!bodies[i].ok()) co_return bodies[i].error();
      CO_RETURN_IF_ERROR(CheckPart(parts[first + i], bodies[i]->view(), text_bytes));
    }
    for (size_t i = 0; i < bodies.size(); ++i) {
      CO_RETURN_IF_ERROR(reader->AddPart(parts[first + i], *bodies[i]));
    }
  }
  co_return Status::Ok();
}

// Whether places are what log/folder.h says, and short enough to be bounds.
bool MayBeBounds(const std::vector<StateRun>& runs) {
  return std::ranges::all_of(runs,
                             [](const StateRun& run) {
                               return run.place.size() <= kPartBoundBytesMax && IsUtf8(run.place);
                             }) &&
         std::ranges::is_sorted(runs, {}, &StateRun::place);
}

// Cuts the lines into texts of about kPartTextBytesGoal; a run with a summary is one by itself.
struct PartText {
  std::string text;
  uint64_t lines = 0;
  std::optional<PartBounds> bounds;
  std::string summary;
};
std::vector<PartText> CutIntoParts(const std::vector<StateRun>& runs) {
  const bool named = MayBeBounds(runs);
  std::vector<PartText> parts;
  bool open = false;
  for (const StateRun& run : runs) {
    const bool alone = !run.summary.empty() && run.summary.size() <= kPartSummaryBytesMax;
    if (alone) open = false;
    for (const Event& line : run.events) {
      if (!open || (!alone && parts.back().text.size() >= kPartTextBytesGoal)) {
        parts.emplace_back();
        if (named) parts.back().bounds = {run.place, ""};
        if (alone) parts.back().summary = run.summary;
        open = true;
      }
      PartText& part = parts.back();
      AppendLine(part.text, line);
      ++part.lines;
      if (named) part.bounds->last = run.place;
    }
    if (alone) open = false;
  }
  return parts;
}

}  // namespace

Status CheckWhole(const GetReply& reply, std::string_view key) {
  if (reply.state != GetReply::State::kFound || reply.bytes.size() == reply.object_size) {
    return Status::Ok();
  }
  return Status::Unavailable(
      fmt::format("{}: {} of {} bytes came", key, reply.bytes.size(), reply.object_size));
}

Task<Result<Bytes>> ReadObject(SitePtr site, Context context, ObjectRef object) {
  GetOptions options;
  options.bytes_max = object.bytes;
  options.want_tag = false;
  options.age_us_max = GetOptions::kAnyAge;
  auto reply = co_await site->store->Get(std::move(context), object.path, std::move(options));
  const Place place{object.path, 0};
  const std::string expected =
      fmt::format("{} bytes with hash {}, as the log says", object.bytes, HexEncode(object.hash));
  if (!reply.ok() && reply.error().code() == StatusCode::kExhausted) {
    co_return place.Corrupt(expected, "more: " + reply.error().message());
  }
  if (!reply.ok()) co_return reply.error().Prefixed(object.path);
  if (reply->state != GetReply::State::kFound) co_return place.Corrupt(expected, "no such object");
  CO_RETURN_IF_ERROR(CheckWhole(*reply, object.path));
  const Hash hash = Xxh3_128(reply->bytes.view());
  if (reply->bytes.size() != object.bytes || hash != object.hash) {
    co_return place.Corrupt(
        expected, fmt::format("{} bytes with hash {}", reply->bytes.size(), HexEncode(hash)));
  }
  co_return std::move(reply->bytes);
}

Task<Status> WriteObject(SitePtr site, Context context, std::string path, Bytes body) {
  Backoff backoff(site->env);
  Status last;
  for (int i = 0; i < kFailuresInARowMax; ++i) {
    // Without a condition: the name is ours alone, and whoever comes late brings the same bytes. A
    // conflict would not say that the object is there: S3 also means by it that an earlier put is
    // under way, which may yet fail, and a base would name what does not exist.
    auto reply = co_await site->store->Put(context, path, body, PutCondition::None());
    if (!reply.ok() && reply.error().code() != StatusCode::kUnavailable) {
      co_return reply.error().Prefixed(path);
    }
    if (reply.ok() && reply->state == PutReply::State::kWritten) co_return Status::Ok();
    last = reply.ok() ? Status::Unknown(path + ": " + reply->detail) : reply.error();
    const Status waited = co_await backoff.Wait(context);
    if (!waited.ok()) co_return waited;
  }
  co_return last;
}

Task<Result<LoadedState>> LoadBaseState(SitePtr site, Context context, BaseRecord base,
                                        std::vector<Event> state_lines, std::string object) {
  StateReader reader;
  if (base.parts.empty()) {
    CO_RETURN_IF_ERROR(reader.AddLines(std::move(state_lines), Place{object, kLogHeaderBytes}));
  } else {
    const Status read = co_await ReadParts(site, std::move(context), base.parts, &reader);
    if (!read.ok()) co_return read;
  }
  auto loaded = reader.Fold(site->folder);
  if (!loaded.ok()) {
    co_return loaded.error().Prefixed(fmt::format("base at version {}", base.version));
  }
  co_return loaded;
}

Task<Result<StoredState>> StoreBaseState(SitePtr site, Context context, std::vector<KeyRecord> keys,
                                         std::vector<StateRun> runs) {
  runs.insert(runs.begin(), StateRun{"", KeyLines(keys), ""});
  StoredState stored;
  for (const StateRun& run : runs) {
    for (const Event& line : run.events) AppendLine(stored.text, line);
  }
  if (stored.text.size() > kObjectTextBytesMax) {
    co_return Status::Exhausted(fmt::format("a state of {} bytes of text; at most {} are read",
                                            stored.text.size(), kObjectTextBytesMax));
  }
  if (stored.text.size() <= kFrameTextBytesMax / 2 &&
      CompressFrame(stored.text).size() <= site->options.inline_state_bytes_max) {
    co_return stored;
  }
  stored.text.clear();
  std::vector<PartText> texts = CutIntoParts(runs);
  if (texts.size() > kPartsMax) {
    for (StateRun& run : runs) run.summary.clear();
    texts = CutIntoParts(runs);
  }
  if (texts.size() > kPartsMax) {
    co_return Status::Exhausted(
        fmt::format("a state of {} parts; at most {}", texts.size(), kPartsMax));
  }
  for (size_t next = 0; next < texts.size();) {
    std::vector<Task<Status>> writes;
    for (; next < texts.size() && writes.size() < kRequestsInFlightMax; ++next) {
      const Bytes body(CompressFrame(texts[next].text));
      PartRef part{"log/" + site->env.uuids.Next().ToString() + ".part",
                   body.size(),
                   texts[next].lines,
                   Xxh3_128(body.view()),
                   std::move(texts[next].bounds),
                   std::move(texts[next].summary)};
      writes.push_back(WriteObject(site, context, part.path, body));
      stored.parts.push_back(std::move(part));
    }
    const auto results = co_await WhenAll(std::move(writes));
    for (const Status& written : results) CO_RETURN_IF_ERROR(written);
  }
  co_return stored;
}

}  // namespace duckpond
