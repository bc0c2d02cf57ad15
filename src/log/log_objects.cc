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

Status AppendLinesOf(const PartRef& part, std::string_view body, std::vector<Event>& lines) {
  const Place place{part.path, 0};
  ASSIGN_OR_RETURN(std::vector<Event> more, DecodeLines(body, place));
  if (more.size() != part.lines) {
    return place.Corrupt(fmt::format("{} lines", part.lines), fmt::format("{}", more.size()));
  }
  lines.insert(lines.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  return Status::Ok();
}

Task<Result<std::vector<Event>>> ReadParts(SitePtr site, Context context,
                                           std::vector<PartRef> parts) {
  std::vector<Event> lines;
  uint64_t text_bytes = 0;
  for (size_t next = 0; next < parts.size();) {
    const size_t first = next;
    std::vector<Task<Result<Bytes>>> reads;
    for (; next < parts.size() && reads.size() < kRequestsInFlightMax; ++next) {
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
      CO_RETURN_IF_ERROR(AppendLinesOf(parts[first + i], bodies[i]->view(), lines));
    }
  }
  co_return lines;
}

// The place of each line of a state; the idempotency keys come first and belong to none, "".
// Nothing if the folder's places are not what log/folder.h says, or too long to be bounds.
std::optional<std::vector<std::string_view>> PlacesOf(const BaseState& state) {
  std::vector<std::string_view> places(state.keys.size());
  for (const PlaceRun& run : state.places) {
    const bool rises = places.empty() || places.back() <= run.place;
    if (!rises || run.place.size() > kPartBoundBytesMax || !IsUtf8(run.place)) return std::nullopt;
    if (run.lines > state.events.size()) return std::nullopt;
    places.insert(places.end(), run.lines, run.place);
  }
  if (places.size() != state.keys.size() + state.events.size()) return std::nullopt;
  return places;
}

// Cuts the lines into texts of about kPartTextBytesGoal.
struct PartText {
  std::string text;
  uint64_t lines = 0;
  std::optional<PartBounds> bounds;
};
std::vector<PartText> CutIntoParts(const std::vector<Event>& lines, const BaseState& state) {
  const auto places = PlacesOf(state);
  std::vector<PartText> parts;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (parts.empty() || parts.back().text.size() >= kPartTextBytesGoal) {
      parts.emplace_back();
      if (places) parts.back().bounds = {std::string((*places)[i]), ""};
    }
    PartText& part = parts.back();
    AppendLine(part.text, lines[i]);
    ++part.lines;
    if (places) part.bounds->last = (*places)[i];
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
  if (!base.parts.empty()) {
    auto lines = co_await ReadParts(site, std::move(context), base.parts);
    if (!lines.ok()) co_return std::move(lines).error();
    state_lines = *std::move(lines);
  }
  const Place place{object, kLogHeaderBytes};
  CO_ASSIGN_OR_RETURN(BaseState state, ParseStateLines(std::move(state_lines), place));
  LoadedState loaded;
  loaded.events = state.events.size();
  loaded.keys = std::move(state.keys);
  auto folded = FoldEvents(site->folder, site->folder.Empty(), state.events, loaded.unknown_event);
  if (!folded.ok()) {
    co_return folded.error().Prefixed(fmt::format("base at version {}", base.version));
  }
  loaded.state = *std::move(folded);
  co_return loaded;
}

Task<Result<StoredState>> StoreBaseState(SitePtr site, Context context, BaseState state) {
  const std::vector<Event> lines = StateLines(state);
  StoredState stored;
  for (const Event& line : lines) AppendLine(stored.text, line);
  if (stored.text.size() > kObjectTextBytesMax) {
    co_return Status::Exhausted(fmt::format("a state of {} bytes of text; at most {} are read",
                                            stored.text.size(), kObjectTextBytesMax));
  }
  if (stored.text.size() <= kFrameTextBytesMax / 2 &&
      CompressFrame(stored.text).size() <= site->options.inline_state_bytes_max) {
    co_return stored;
  }
  stored.text.clear();
  std::vector<PartText> texts = CutIntoParts(lines, state);
  if (texts.size() > kPartsMax) {
    co_return Status::Exhausted(
        fmt::format("a state of {} parts; at most {}", texts.size(), kPartsMax));
  }
  for (size_t next = 0; next < texts.size();) {
    std::vector<Task<Status>> writes;
    for (; next < texts.size() && writes.size() < kRequestsInFlightMax; ++next) {
      const Bytes body(CompressFrame(texts[next].text));
      PartRef part{"log/" + site->env.uuids.Next().ToString() + ".part", body.size(),
                   texts[next].lines, Xxh3_128(body.view()), std::move(texts[next].bounds)};
      writes.push_back(WriteObject(site, context, part.path, body));
      stored.parts.push_back(std::move(part));
    }
    const auto results = co_await WhenAll(std::move(writes));
    for (const Status& written : results) CO_RETURN_IF_ERROR(written);
  }
  co_return stored;
}

}  // namespace duckpond
