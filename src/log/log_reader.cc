// SPDX-License-Identifier: MIT
#include "log/log_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/encoding.h"
#include "log/create.h"
#include "log/limits.h"
#include "log/log_objects.h"
#include "log/pond_file.h"
#include "store/object_rules.h"

namespace duckpond {
namespace {

const std::string kLogName(kLogKey);

// One request for several callers: it may take as long as the most patient of them allows. A lone
// caller's cancellation ends it.
Context SharedContext(const std::vector<Context>& contexts, MonotonicUs now_us) {
  CHECK(!contexts.empty());
  Context shared = contexts.front();
  for (const Context& context : contexts) {
    shared.deadline_us = std::max(shared.deadline_us, context.deadline_us);
  }
  if (contexts.size() > 1) shared.cancel = CancelToken();
  return shared.WithDeadline(now_us + kRequestUsMax);
}

// Whether `known` is a point of the history that `log` tells, so that its state can be gone on
// from.
bool Contains(const DecodedLog& log, const LogImage& known) {
  const Version version = known.version();
  if (version < log.base.version || version > log.base.version + log.commits.frames.size()) {
    return false;
  }
  const Hash& hash = version == log.base.version
                         ? log.base.chain
                         : log.commits.frames[version - log.base.version - 1].hash;
  return hash == known.end().hash;
}

// The image of `log` from the state that `known` has: its base need not be folded, nor its parts
// be read.
Result<ImagePtr> GoOnFrom(const LogSite& site, const LogImage& known, const DecodedLog& log,
                          Bytes content, ObjectTag tag) {
  auto start = std::make_shared<LogImage>();
  start->base = log.base;
  start->base_end = log.base_end;
  std::vector<KeyRecord> keys = known.Keys();
  std::erase_if(keys, [&log](const KeyRecord& key) { return key.version > log.base.version; });
  start->base_keys = std::make_shared<const std::vector<KeyRecord>>(std::move(keys));
  start->state = known.state;
  start->unknown_event = known.unknown_event;
  // REQUIRES: Contains(log, known).
  CHECK(known.version() >= log.base.version && known.unfolded.ok());
  const auto folded = static_cast<ptrdiff_t>(known.version() - log.base.version);
  CHECK(static_cast<size_t>(folded) <= log.commits.frames.size());
  const DecodedCommits& all = log.commits;
  start->frames.assign(all.frames.begin(), all.frames.begin() + folded);
  DecodedCommits rest;
  rest.frames.assign(all.frames.begin() + folded, all.frames.end());
  rest.commits.assign(all.commits.begin() + folded, all.commits.end());
  return ExtendImage(site.folder, *start, std::move(content), std::move(tag), rest);
}

// `image` must tell the same history as `known`, as far as both have it.
Status CheckSameHistory(const LogImage& known, const LogImage& image) {
  if (known.base.pond != image.base.pond) {
    return Status::Corrupt(fmt::format("{}: expected the log of pond {}, found that of {}",
                                       kLogName, known.base.pond.ToString(),
                                       image.base.pond.ToString()));
  }
  const Version shared = std::min(known.version(), image.version());
  if (shared >= std::max(known.base.version, image.base.version) &&
      known.HashAt(shared) != image.HashAt(shared)) {
    return Status::Corrupt(fmt::format("{}: version {} was rewritten: expected hash {}, found {}",
                                       kLogName, shared, HexEncode(known.HashAt(shared)),
                                       HexEncode(image.HashAt(shared))));
  }
  return Status::Ok();
}

Task<Result<ImagePtr>> BuildImage(SitePtr site, Context context, ImagePtr known, Bytes content,
                                  ObjectTag tag) {
  CO_ASSIGN_OR_RETURN(DecodedLog log, DecodeLog(content.view(), kLogName));
  Result<ImagePtr> image = ImagePtr();
  if (known != nullptr && known->unfolded.ok() && Contains(log, *known)) {
    image = GoOnFrom(*site, *known, log, std::move(content), std::move(tag));
  } else {
    const StatePtr known_state = known == nullptr ? nullptr : known->state;
    auto loaded = co_await LoadBaseState(site, std::move(context), log.base,
                                         std::move(log.state_lines), kLogName, known_state);
    LogImage base;
    if (loaded.ok()) {
      base.base_keys = std::make_shared<const std::vector<KeyRecord>>(std::move(loaded->keys));
      base.state = loaded->state;
      base.unknown_event = loaded->unknown_event;
    } else if (loaded.error().code() == StatusCode::kUnsupported) {
      base.base_keys = std::make_shared<const std::vector<KeyRecord>>();
      base.unfolded = loaded.error().Prefixed(kLogName);
    } else {
      co_return std::move(loaded).error();
    }
    auto start = std::make_shared<LogImage>(std::move(base));
    start->base = log.base;
    start->base_end = log.base_end;
    image = ExtendImage(site->folder, *start, std::move(content), std::move(tag), log.commits);
  }
  if (!image.ok()) co_return image.error().Prefixed(kLogName);
  if (known != nullptr) CO_RETURN_IF_ERROR(CheckSameHistory(*known, **image));
  co_return image;
}

Task<Result<GetReply>> GetWhole(SitePtr site, Context context, int64_t age_us_max) {
  GetOptions options;
  options.bytes_max = kLogBytesMax;
  options.age_us_max = age_us_max;
  auto reply = co_await site->store->Get(std::move(context), kLogName, options);
  if (!reply.ok()) co_return reply.error().Prefixed(kLogName);
  CO_RETURN_IF_ERROR(CheckWhole(*reply, kLogName));
  co_return reply;
}

// The log, which the first answer said is missing. Read again, since it may have been created
// between the two answers.
Task<Result<GetReply>> GetMissing(SitePtr site, Context context) {
  auto pond = co_await ReadPondFile(site, context);
  if (!pond.ok()) co_return std::move(pond).error();
  auto reply = co_await GetWhole(site, std::move(context), GetOptions::kFromStore);
  if (!reply.ok() || reply->state == GetReply::State::kFound) co_return reply;
  if (!pond->file.ready) {
    co_return Status::NotFound(
        fmt::format("the pond at {} is being created, or its creation was "
                    "interrupted: create it again to finish it",
                    site->store->url()));
  }
  co_return Status::Corrupt(fmt::format(
      "{} of pond {} at {} is lost: expected it beside {}, found nothing; `duckpond log "
      "recover {}` looks for an earlier copy",
      kLogKey, pond->file.id.ToString(), site->store->url(), kPondKey, site->store->url()));
}

// Of a log that cannot be read: where it lies, and what to do.
Status Unreadable(const LogSite& site, const Status& why) {
  if (why.code() != StatusCode::kCorrupt) return why;
  return Status::Corrupt(
      fmt::format("{}: {}; if that is what the store has, `duckpond log recover {}` looks for an "
                  "earlier copy",
                  site.store->url(), why.message(), site.store->url()));
}

// What a cache keeps may tell of objects that are gone by now, or have been damaged on its way, and
// the store may call it unchanged: before it is called corrupt, it is read past all caches.
// `*asked_us` becomes when the store gave the answer.
Task<Result<ImagePtr>> ReadWhole(SitePtr site, Context context, ImagePtr known, int64_t age_us_max,
                                 MonotonicUs* asked_us) {
  auto reply = co_await GetWhole(site, context, age_us_max);
  if (reply.ok() && reply->state != GetReply::State::kFound) {
    reply = co_await GetMissing(site, context);
  }
  if (!reply.ok() && reply.error().code() == StatusCode::kNotFound && known != nullptr) {
    co_return Status::Corrupt(
        fmt::format("{} at {} is lost: expected at least version {}, found nothing, nor {}; "
                    "`duckpond log recover {}` looks for an earlier copy",
                    kLogKey, site->store->url(), known->version(), kPondKey, site->store->url()));
  }
  if (!reply.ok()) co_return std::move(reply).error();
  const int64_t age_us = reply->age_us;
  auto image =
      co_await BuildImage(site, context, known, std::move(reply->bytes), std::move(reply->tag));
  const bool may_ask = age_us_max != GetOptions::kFromStore;
  if (may_ask && image.status().code() == StatusCode::kCorrupt) {
    auto anew =
        co_await ReadWhole(site, context, std::move(known), GetOptions::kFromStore, asked_us);
    if (anew.ok() && age_us == 0) NoteMended(*site->store, kLogName);
    co_return anew;
  }
  *asked_us -= age_us;
  if (!image.ok()) co_return Unreadable(*site, image.error());
  co_return image;
}

// The image that `reply`, the bytes behind those of `known`, makes; nothing if it must be read
// whole: a roll replaced the base, or the store answered what does not fit.
std::optional<ImagePtr> FollowTail(const LogSite& site, const ImagePtr& known,
                                   const GetReply& reply) {
  CHECK(known != nullptr);
  if (reply.state == GetReply::State::kUnchanged) return known;
  const uint64_t size = known->content.size();
  if (reply.state != GetReply::State::kFound || reply.bytes.empty() ||
      reply.object_size != size + reply.bytes.size() || reply.object_size > kLogBytesMax) {
    return std::nullopt;
  }
  // Bytes that do not chain are no proof of damage: after a roll, they are from another place.
  auto tail = DecodeTail(reply.bytes.view(), size, known->end(), kLogName);
  if (!tail.ok()) return std::nullopt;
  std::string content;
  content.reserve(reply.object_size);
  content.append(known->content.view()).append(reply.bytes.view());
  auto image = ExtendImage(site.folder, *known, Bytes(std::move(content)), reply.tag, *tail);
  if (!image.ok()) return std::nullopt;
  CHECK((*image)->order() > known->order());
  return *std::move(image);
}

// Waits for `done`, or for the end of `context`.
Task<Result<ImagePtr>> Await(Executor& executor, Context context,
                             Completion<Result<ImagePtr>> done) {
  auto registration = context.cancel.OnCancel(
      [done] { done.Set(Status::Cancelled("the caller cancelled the reading of the log")); });
  if (context.deadline_us != std::numeric_limits<MonotonicUs>::max()) {
    executor.PostAt(context.deadline_us, [done] {
      done.Set(Status::Cancelled("the deadline passed while the log was read"));
    });
  }
  co_return co_await done;
}

}  // namespace

Task<Result<ImagePtr>> LogReader::Read(Context context, int64_t age_us_max) {
  return Wait(shared_from_this(), std::move(context), age_us_max);
}

ImagePtr LogReader::Fresh(int64_t age_us_max) const {
  std::lock_guard lock(mutex_);
  if (known_ == nullptr || age_us_max == Freshness::kAnyAge) return known_;
  return site_->env.executor.NowUs() - known_us_ < age_us_max ? known_ : nullptr;
}

void LogReader::RefreshBehind(int64_t age_us) {
  if (Fresh(age_us) != nullptr) return;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(refreshing_, true)) return;
  }
  Spawn(site_->env.executor, Refresh(shared_from_this()));
}

Task<void> LogReader::Refresh(std::shared_ptr<LogReader> self) {
  Context context;
  const auto image = co_await self->Read(std::move(context));
  std::lock_guard lock(self->mutex_);
  CHECK(self->refreshing_);
  self->refreshing_ = false;
}

int64_t LogReader::KnownAgeUs() const {
  std::lock_guard lock(mutex_);
  return site_->env.executor.NowUs() - known_us_;
}

ImagePtr LogReader::Known() const {
  std::lock_guard lock(mutex_);
  return known_;
}

void LogReader::Learn(ImagePtr image) {
  CHECK(image != nullptr);
  std::lock_guard lock(mutex_);
  if (known_ == nullptr || known_->order() < image->order() ||
      (known_->order() == image->order() && known_->tag != image->tag)) {
    known_ = std::move(image);
  }
}

Task<Result<ImagePtr>> LogReader::Wait(std::shared_ptr<LogReader> self, Context context,
                                       int64_t age_us_max) {
  CO_RETURN_IF_ERROR(context.Check(self->site_->env.executor.NowUs()));
  if (ImagePtr fresh = self->Fresh(age_us_max)) co_return fresh;
  Completion<Result<ImagePtr>> done;
  bool serve = false;
  {
    std::lock_guard lock(self->mutex_);
    self->waiters_.push_back({context, age_us_max, done});
    serve = !std::exchange(self->serving_, true);
  }
  if (serve) Spawn(self->site_->env.executor, Serve(self));
  co_return co_await Await(self->site_->env.executor, std::move(context), done);
}

Task<void> LogReader::Serve(std::shared_ptr<LogReader> self) {
  for (;;) {
    std::vector<Waiter> waiters;
    {
      std::lock_guard lock(self->mutex_);
      CHECK(self->serving_);  // One at a time, so that a later request shows no older log.
      waiters.swap(self->waiters_);
      if (waiters.empty()) {
        self->serving_ = false;
        co_return;
      }
    }
    // Who asks from now on waits for the next request: this one may show what was before.
    std::vector<Context> contexts;
    int64_t age_us_max = Freshness::kAnyAge;
    for (const Waiter& waiter : waiters) {
      contexts.push_back(waiter.context);
      age_us_max = std::min(age_us_max, waiter.age_us_max);
    }
    Context shared = SharedContext(contexts, self->site_->env.executor.NowUs());
    auto result = co_await ReadOnce(self, std::move(shared), age_us_max);
    for (const Waiter& waiter : waiters) waiter.done.Set(result);
  }
}

Task<Result<ImagePtr>> LogReader::ReadOnce(std::shared_ptr<LogReader> self, Context context,
                                           int64_t age_us_max) {
  const SitePtr site = self->site_;
  const ImagePtr known = self->Known();
  MonotonicUs asked_us = site->env.executor.NowUs();
  std::optional<ImagePtr> image;
  if (known != nullptr) {
    GetOptions options;
    options.range = ByteRange{known->content.size(), std::nullopt};
    options.if_none_match = known->tag;
    options.bytes_max = kLogBytesMax;
    options.age_us_max = age_us_max;
    auto reply = co_await site->store->Get(context, kLogName, options);
    if (!reply.ok()) co_return reply.error().Prefixed(kLogName);
    asked_us -= reply->age_us;
    image = FollowTail(*site, known, *reply);
  }
  if (!image) {
    auto whole = co_await ReadWhole(site, context, known, age_us_max, &asked_us);
    if (!whole.ok()) co_return std::move(whole).error();
    image = *std::move(whole);
  }
  // Not `image` itself: a commit of this process may have landed since, and nobody goes back.
  self->Learn(*image);
  std::lock_guard lock(self->mutex_);
  self->known_us_ = std::max(self->known_us_, asked_us);
  CHECK(self->known_ != nullptr && (known == nullptr || self->known_->order() >= known->order()));
  co_return self->known_;
}

}  // namespace duckpond
