// SPDX-License-Identifier: MIT
#include "log/log_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "log/backoff.h"
#include "log/limits.h"
#include "log/lines.h"
#include "log/log_object.h"
#include "store/object_rules.h"

namespace duckpond {
namespace {

// A text of so many times a size is not looked at for whether it fits when it is compressed.
constexpr uint64_t kCompressionMax = 100;

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
  PartLines(SitePtr site, PartRef part)
      : site_(std::move(site)),
        part_(std::move(part)),
        name_(part_.path + " " + HexEncode(part_.hash) + " " + HexEncode(Xxh3_128(part_.summary))) {
  }

  const PartRef& part() const { return part_; }
  std::string_view name() const override { return name_; }
  Task<Result<std::vector<Event>>> Read(Context context) const override {
    return ReadPart(site_, std::move(context), part_);
  }

 private:
  static Task<Result<std::vector<Event>>> ReadPart(SitePtr site, Context context, PartRef part) {
    ObjectRef object{part.path, part.bytes, part.hash};
    auto body = co_await ReadObject(std::move(site), std::move(context), std::move(object));
    if (!body.ok()) co_return std::move(body).error();
    uint64_t text_bytes = 0;
    CO_RETURN_IF_ERROR(CheckPart(part, body->view(), text_bytes));
    co_return LinesOf(part, body->view());
  }

  const SitePtr site_;
  const PartRef part_;
  const std::string name_;
};

StatePart Unread(SitePtr site, const PartRef& part) {
  return {{}, part.summary, std::make_shared<const PartLines>(std::move(site), part)};
}

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
  Status AddPart(const PartRef& part, const Bytes& body) {
    ASSIGN_OR_RETURN(std::vector<Event> lines, LinesOf(part, body.view()));
    return AddLines(std::move(lines), Place{part.path, 0});
  }
  void AddUnread(SitePtr site, const PartRef& part) {
    lines_ += part.lines;
    parts_.push_back(Unread(std::move(site), part));
  }

  Result<LoadedState> Fold(const Folder& folder, const StatePtr& known) {
    LoadedState loaded;
    CHECK(lines_ >= keys_.size());
    loaded.events = lines_ - keys_.size();
    loaded.keys = std::move(keys_);
    for (StatePart& part : parts_) LeaveOutUnknown(folder, part.events, loaded.unknown_event);
    ASSIGN_OR_RETURN(loaded.state, folder.FoldBase(parts_, known));
    return loaded;
  }

 private:
  std::vector<KeyRecord> keys_;
  std::vector<StatePart> parts_;
  uint64_t lines_ = 0;
};

// `parts` from `next` on: as many as are read at the same time, and those unread between them.
Task<Status> ReadSomeParts(SitePtr site, Context context, std::span<const PartRef> parts,
                           size_t* next, uint64_t* text_bytes, StateReader* reader) {
  const auto unread = [&site](const PartRef& part) {
    return !part.summary.empty() && site->folder.LeavesUnread();
  };
  CHECK(*next < parts.size());
  const size_t first = *next;
  std::vector<Task<Result<Bytes>>> reads;
  for (; *next < parts.size() && reads.size() < kPartReadsInFlightMax; ++*next) {
    const PartRef& part = parts[*next];
    if (!unread(part)) {
      reads.push_back(ReadObject(site, context, {part.path, part.bytes, part.hash}));
    }
  }
  const auto bodies = co_await WhenAll(std::move(reads));
  const auto some = parts.subspan(first, *next - first);
  // How much they claim to be is looked at before anything is decompressed.
  auto body = bodies.begin();
  for (const PartRef& part : some) {
    if (unread(part)) continue;
    if (!body->ok()) co_return body->error();
    CO_RETURN_IF_ERROR(CheckPart(part, (*body++)->view(), *text_bytes));
  }
  body = bodies.begin();
  for (const PartRef& part : some) {
    if (unread(part)) {
      reader->AddUnread(site, part);
    } else {
      CO_RETURN_IF_ERROR(reader->AddPart(part, **body++));
    }
  }
  // Else LoadBaseState would not come to an end, or would have lost a part.
  CHECK(*next > first && body == bodies.end());
  co_return Status::Ok();
}

// Whether places are what log/folder.h says, and short enough to be bounds.
bool MayBeBounds(std::span<const StateRun> runs) {
  return std::ranges::all_of(runs,
                             [](const StateRun& run) {
                               return run.place.size() <= kPartBoundBytesMax && IsUtf8(run.place);
                             }) &&
         std::ranges::is_sorted(runs, {}, &StateRun::place);
}

std::string TextOf(std::span<const StateRun> runs) {
  std::string text;
  for (const StateRun& run : runs) {
    for (const Event& line : run.events) AppendLine(text, line);
  }
  return text;
}

// Whether the runs can be lines of the base itself.
bool FitsInBase(const LogSite& site, std::span<const StateRun> runs) {
  const uint64_t bytes_max = site.options.inline_state_bytes_max;
  const uint64_t text_bytes_max = std::min(bytes_max * kCompressionMax, kFrameTextBytesMax / 2);
  uint64_t bytes = 0;
  for (const StateRun& run : runs) {
    if (run.lines != nullptr) return false;
    for (const Event& line : run.events) bytes += line.data.size();
    if (bytes > text_bytes_max) return false;
  }
  return CompressFrame(TextOf(runs)).size() <= bytes_max;
}

// Cuts the lines into texts of about kPartTextBytesGoal; a run with a summary is one by itself.
struct PartText {
  std::string text;
  uint64_t lines = 0;
  std::optional<PartBounds> bounds;
  std::string summary;
  std::optional<PartRef> written;  // Instead of all that: by an earlier roll.
};
std::vector<PartText> CutIntoParts(std::span<const StateRun> runs) {
  const bool named = MayBeBounds(runs);
  std::vector<PartText> parts;
  bool open = false;
  for (const StateRun& run : runs) {
    const bool alone = !run.summary.empty() && run.summary.size() <= kPartSummaryBytesMax;
    if (alone) open = false;
    if (run.lines != nullptr) {
      // Folders are given no others.
      CHECK(run.events.empty());
      parts.emplace_back().written = dynamic_cast<const PartLines&>(*run.lines).part();
      open = false;
    }
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
  for (const PartText& part : parts) {
    // What readers refuse: a part of no lines, and bounds that do not rise.
    CHECK(part.written || part.lines > 0);
    CHECK(part.written || !part.bounds || part.bounds->first <= part.bounds->last);
  }
  return parts;
}

Status CheckReadable(const std::vector<PartText>& parts) {
  uint64_t bytes = 0;  // Of those that are read together.
  for (const PartText& part : parts) {
    if (part.summary.empty()) bytes += part.text.size();
  }
  if (bytes > kObjectTextBytesMax) {
    return Status::Exhausted(fmt::format("a state of {} bytes of text; at most {} are read", bytes,
                                         kObjectTextBytesMax));
  }
  if (parts.size() > kPartsMax) {
    return Status::Exhausted(
        fmt::format("a state of {} parts; at most {}", parts.size(), kPartsMax));
  }
  return Status::Ok();
}

}  // namespace

Status CheckWhole(const GetReply& reply, std::string_view key) {
  if (reply.state != GetReply::State::kFound || reply.bytes.size() == reply.object_size) {
    return Status::Ok();
  }
  return Status::Unavailable(
      fmt::format("{}: {} of {} bytes came", key, reply.bytes.size(), reply.object_size));
}

namespace {

Task<Result<Bytes>> ReadObjectOnce(SitePtr site, Context context, ObjectRef object,
                                   int64_t age_us_max) {
  CHECK(!object.path.empty() && object.hash.size() == kHashBytes);
  GetOptions options;
  options.bytes_max = object.bytes;
  options.want_tag = false;
  options.age_us_max = age_us_max;
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

}  // namespace

Task<Result<Bytes>> ReadObject(SitePtr site, Context context, ObjectRef object) {
  auto read = co_await ReadObjectOnce(site, context, object, GetOptions::kAnyAge);
  if (read.status().code() != StatusCode::kCorrupt) co_return read;
  // A cache or a CDN may be what is wrong: the store itself has the last word.
  auto anew = co_await ReadObjectOnce(site, std::move(context), object, GetOptions::kFromStore);
  if (anew.ok()) NoteMended(*site->store, object.path);
  co_return anew;
}

Task<Status> WriteObject(SitePtr site, Context context, std::string path, Bytes body) {
  CHECK(path.starts_with("log/") && !body.empty());
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
                                        std::vector<Event> state_lines, std::string object,
                                        StatePtr known) {
  StateReader reader;
  CO_RETURN_IF_ERROR(reader.AddLines(std::move(state_lines), Place{object, kLogHeaderBytes}));
  uint64_t text_bytes = 0;
  for (size_t next = 0; next < base.parts.size();) {
    const Status read =
        co_await ReadSomeParts(site, context, base.parts, &next, &text_bytes, &reader);
    if (!read.ok()) co_return read;
  }
  auto loaded = reader.Fold(site->folder, known);
  if (!loaded.ok()) {
    co_return loaded.error().Prefixed(fmt::format("base at version {}", base.version));
  }
  co_return loaded;
}

Task<Result<StoredState>> StoreBaseState(SitePtr site, Context context, std::vector<KeyRecord> keys,
                                         std::vector<StateRun> runs) {
  CHECK(keys.size() <= kIdempotencyKeysMax);
  runs.insert(runs.begin(), StateRun{"", KeyLines(keys), ""});
  StoredState stored;
  if (FitsInBase(*site, runs)) {
    stored.text = TextOf(runs);
    co_return stored;
  }
  // What every reader needs comes with the base all the same, where that has room for it.
  const auto summed_up =
      std::ranges::stable_partition(runs, [](const StateRun& run) { return run.summary.empty(); });
  const std::span plain(runs.begin(), summed_up.begin());
  CHECK(!plain.empty());  // The keys are among them.
  bool news = false;
  std::vector<PartText> texts;
  if (FitsInBase(*site, plain)) {
    stored.text = TextOf(plain);
  } else {
    texts = CutIntoParts(plain);
  }
  std::ranges::move(CutIntoParts(summed_up), std::back_inserter(texts));
  CO_RETURN_IF_ERROR(CheckReadable(texts));
  for (size_t next = 0; next < texts.size();) {
    std::vector<Task<Status>> writes;
    for (; next < texts.size() && writes.size() < kRequestsInFlightMax; ++next) {
      if (texts[next].written) {
        stored.parts.push_back(*std::move(texts[next].written));
        continue;
      }
      const Bytes body(CompressFrame(texts[next].text));
      CHECK(body.size() <= kFrameBytesMax);  // A line and a goal's worth of text, compressed.
      PartRef part{"log/" + site->env.uuids.Next().ToString() + ".part",
                   body.size(),
                   texts[next].lines,
                   Xxh3_128(body.view()),
                   std::move(texts[next].bounds),
                   std::move(texts[next].summary)};
      writes.push_back(WriteObject(site, context, part.path, body));
      news = news || !part.summary.empty();
      stored.parts.push_back(std::move(part));
    }
    const auto results = co_await WhenAll(std::move(writes));
    for (const Status& written : results) CO_RETURN_IF_ERROR(written);
  }
  CHECK(stored.parts.size() == texts.size());
  if (!news) co_return stored;
  for (StateRun& run : plain.subspan(1))
    stored.state.push_back({std::move(run.events), "", nullptr});
  for (const PartRef& part : stored.parts) {
    if (!part.summary.empty()) stored.state.push_back(Unread(site, part));
  }
  co_return stored;
}

}  // namespace duckpond
