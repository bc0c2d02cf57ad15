// SPDX-License-Identifier: MIT
#include "log/create.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "log/backoff.h"
#include "log/limits.h"
#include "log/log_object.h"
#include "log/log_objects.h"
#include "store/store_proof.h"

namespace duckpond {
namespace {

bool MayRetry(const Status& status) { return status.code() == StatusCode::kUnavailable; }

// What a first write that was killed may have left: a proof's objects and files that no log names.
// Not those below log/: they appear when a log rolls, so where they are a log was lost.
bool IsLeftover(std::string_view key) {
  constexpr std::string_view kData = "data/";
  constexpr size_t kUuidBytes = 36;
  if (key.starts_with("proof/")) return true;
  return key.starts_with(kData) && key.size() > kData.size() + kUuidBytes &&
         Uuid::Parse(key.substr(kData.size(), kUuidBytes)).ok() &&
         key[kData.size() + kUuidBytes] == '/';
}

// A pond is made in an empty place only: what else is there belongs to somebody.
Task<Status> CheckPlaceIsEmpty(SitePtr site, Context context) {
  std::optional<std::string> token;
  for (int i = 0; i < kListPagesMax; ++i) {
    auto page = co_await site->store->List(context, "", token);
    if (!page.ok()) co_return page.error().Prefixed(site->store->url());
    const std::string* foreign = nullptr;
    for (const ListReply::Object& object : page->objects) {
      // Somebody made a pond since pond.json was looked for: the next look finds it.
      if (object.key == kPondKey) co_return Status::Ok();
      if (!IsLeftover(object.key)) foreign = &object.key;
    }
    if (foreign != nullptr) {
      co_return Status::Invalid(fmt::format("{} is not empty and holds no pond: it has '{}'",
                                            site->store->url(), *foreign));
    }
    token = page->next_token;
    if (!token) co_return Status::Ok();
  }
  co_return Status::Invalid(fmt::format("{} is not empty and holds no pond: more than {} pages",
                                        site->store->url(), kListPagesMax));
}

// The log of version 0. Errors: kCorrupt if no reader would take it, since `file`, which may be
// that of another creator, says what cannot be.
Result<Bytes> FirstLog(const LogSite& site, const PondFile& file) {
  BaseRecord base;
  base.id = site.env.uuids.Next();
  base.format = kLogFormat;
  base.pond = file.id;
  base.time_us = file.created_us;
  base.chain = ChainStart(file.id);
  base.writer = site.options.writer;
  base.proof = file.proof;
  std::string content = EncodeLogStart(base, "");
  RETURN_IF_ERROR(DecodeLog(content, std::string(kLogKey)).status());
  return Bytes(std::move(content));
}

// Puts pond.json for the first time, into `*put` if that certainly happened. An answer that is lost
// or lost to another is found out by the caller, who reads pond.json next.
Task<Status> PutFirstPondFile(SitePtr site, Context context, std::string proof,
                              std::optional<FoundPondFile>* put) {
  CHECK(!proof.empty());  // A store that was not proven may lose commits.
  PondFile file;
  file.format = kLogFormat;
  file.id = site->env.uuids.Next();
  file.created_us = site->env.clock.NowUs();
  file.writer = site->options.writer;
  file.proof = std::move(proof);
  CO_RETURN_IF_ERROR(FirstLog(*site, file).status());
  Bytes body(file.Encode());
  CHECK(body.size() <= kPondFileBytesMax);  // FirstLog refuses texts that would make it longer.
  std::string key(kPondKey);
  auto reply = co_await site->store->Put(std::move(context), std::move(key), std::move(body),
                                         PutCondition::IfAbsent());
  if (reply.ok() && reply->state == PutReply::State::kWritten) {
    *put = FoundPondFile{std::move(file), std::move(reply->tag)};
  }
  co_return reply.status().Prefixed(kPondKey);
}

Task<Result<bool>> HasLog(SitePtr site, Context context) {
  GetOptions options;
  options.range = ByteRange{0, 1};
  options.bytes_max = kLogBytesMax;
  options.want_tag = false;
  std::string key(kLogKey);
  auto reply = co_await site->store->Get(std::move(context), std::move(key), std::move(options));
  if (!reply.ok()) co_return reply.error().Prefixed(kLogKey);
  co_return reply->state != GetReply::State::kMissing;
}

// Ok once there is a pond.log, ours or that of another creator. A conflict does not say so by
// itself: it may be with a put that is under way and fails in the end, and a pond.json that said
// "ready" beside no log would be a lost log for ever.
Task<Status> PutFirstLog(SitePtr site, Context context, PondFile file) {
  Backoff backoff(site->env);
  CO_ASSIGN_OR_RETURN(const Bytes body, FirstLog(*site, file));
  std::string key(kLogKey);
  for (int i = 0; i < kFailuresInARowMax; ++i) {
    auto reply = co_await site->store->Put(context, key, body, PutCondition::IfAbsent());
    if (!reply.ok() && reply.error().code() != StatusCode::kUnavailable) {
      co_return reply.error().Prefixed(kLogKey);
    }
    if (reply.ok() && reply->state == PutReply::State::kWritten) co_return Status::Ok();
    if (reply.ok() && reply->state == PutReply::State::kConflict) {
      const auto there = co_await HasLog(site, context);
      if (!there.ok() && !MayRetry(there.error())) co_return there.error();
      if (there.ok() && *there) co_return Status::Ok();
    }
    const Status waited = co_await backoff.Wait(context);
    if (!waited.ok()) co_return waited;
  }
  co_return Status::Unavailable(
      fmt::format("{}: no certain answer in {} attempts", kLogKey, kFailuresInARowMax));
}

// A creation as far as it has come in this process.
struct Creation {
  std::optional<FoundPondFile> pond_file;  // Of a creation that was begun, and not finished.
  std::string proof;                       // The store's, empty until it was proven.
  std::optional<StoreProof> left;          // What the proof left in the store.
};

// Only once pond.json is there, or may not be: servers that keep objects as files remove a folder
// with its last object, and fail a first put into that folder at the same moment.
Task<Status> RemoveWhatIsLeft(SitePtr site, Context context, Creation* creation) {
  if (!creation->left) co_return Status::Ok();
  StoreProof left = *std::exchange(creation->left, std::nullopt);
  co_return co_await RemoveProof(site->store, std::move(context), std::move(left));
}

// Proves the store and begins.
Task<Status> Begin(SitePtr site, Context context, Creation* creation) {
  if (creation->proof.empty()) {
    auto proven = co_await TryConditions(site->env, site->store, context);
    if (!proven.ok()) co_return proven.error();
    creation->proof = proven->text;
    creation->left = *std::move(proven);
  }
  const Status put =
      co_await PutFirstPondFile(site, context, creation->proof, &creation->pond_file);
  if (creation->pond_file) co_return Status::Ok();
  const Status removed = co_await RemoveWhatIsLeft(site, context, creation);
  co_return put;
}

// Finishes what creation->pond_file tells of. What the proof left is removed meanwhile.
Task<Status> Finish(SitePtr site, Context context, Creation* creation) {
  if (creation->proof.empty()) {
    auto proven = co_await ProveConditions(site->env, site->store, context);
    if (!proven.ok()) co_return proven.error();
    creation->proof = *proven;
  }
  CHECK(creation->pond_file.has_value() && !creation->proof.empty());
  FoundPondFile found = *std::exchange(creation->pond_file, std::nullopt);
  std::vector<Task<Status>> tasks;
  tasks.push_back(PutFirstLog(site, context, found.file));
  tasks.push_back(RemoveWhatIsLeft(site, context, creation));
  const std::vector<Status> results = co_await WhenAll(std::move(tasks));
  CHECK(results.size() == 2);
  const Status& put = results.front();
  if (!put.ok()) co_return put;
  co_return co_await EnsureReady(std::move(site), std::move(context), std::move(found));
}

// pond.json, or kNotFound in a place where a pond may be made.
Task<Result<FoundPondFile>> LookAround(SitePtr site, Context context) {
  struct Read {
    static Task<Status> Into(SitePtr site, Context context, Result<FoundPondFile>* found) {
      *found = co_await ReadPondFile(std::move(site), std::move(context));
      co_return Status::Ok();
    }
  };
  Result<FoundPondFile> found = Status::Internal("not read");
  std::vector<Task<Status>> looks;
  looks.push_back(CheckPlaceIsEmpty(site, context));
  looks.push_back(Read::Into(site, context, &found));
  const auto results = co_await WhenAll(std::move(looks));
  const bool missing = !found.ok() && found.error().code() == StatusCode::kNotFound;
  if (missing && !results.front().ok()) co_return results.front();
  co_return found;
}

// One step. True once there is a pond that is ready.
Task<Result<bool>> TakeStep(SitePtr site, Context context, Creation* creation) {
  if (!creation->pond_file) {
    auto found = co_await LookAround(site, context);
    if (found.ok()) {
      if (found->file.ready) co_return true;
      creation->pond_file = *std::move(found);
    } else if (found.error().code() != StatusCode::kNotFound) {
      co_return found.error();
    } else {
      const Status begun = co_await Begin(site, context, creation);
      if (!begun.ok()) co_return begun;
      if (!creation->pond_file) co_return false;
    }
  }
  CHECK(creation->pond_file.has_value());
  const Status finished = co_await Finish(std::move(site), std::move(context), creation);
  if (!finished.ok()) co_return finished;
  co_return true;
}

}  // namespace

Task<Result<FoundPondFile>> ReadPondFile(SitePtr site, Context context) {
  GetOptions options;
  options.bytes_max = kPondFileBytesMax;
  std::string key(kPondKey);
  auto reply = co_await site->store->Get(std::move(context), std::move(key), std::move(options));
  if (!reply.ok()) co_return reply.error().Prefixed(kPondKey);
  if (reply->state != GetReply::State::kFound) {
    co_return Status::NotFound(
        fmt::format("there is no pond at {}: neither {} nor {} is there (or may be read)",
                    site->store->url(), kLogKey, kPondKey));
  }
  CO_RETURN_IF_ERROR(CheckWhole(*reply, kPondKey));
  CO_ASSIGN_OR_RETURN(PondFile file, PondFile::Decode(reply->bytes.view()));
  co_return FoundPondFile{std::move(file), std::move(reply->tag)};
}

Task<Status> EnsureReady(SitePtr site, Context context, std::optional<FoundPondFile> known) {
  Backoff backoff(site->env);
  Status last;
  for (int i = 0; i < kFailuresInARowMax; ++i) {
    Result<FoundPondFile> found = Status::Internal("not read");
    if (known) {
      found = *std::exchange(known, std::nullopt);
    } else {
      found = co_await ReadPondFile(site, context);
    }
    if (found.ok() && found->file.ready) co_return Status::Ok();
    if (found.ok()) {
      PondFile file = found->file;
      file.ready = true;
      Bytes body(file.Encode());
      std::string key(kPondKey);
      PutCondition condition = PutCondition::IfMatch(found->tag);
      auto reply =
          co_await site->store->Put(context, std::move(key), std::move(body), std::move(condition));
      last = reply.status();
      if (reply.ok() && reply->state == PutReply::State::kWritten) co_return Status::Ok();
    } else {
      last = found.error();
    }
    if (last.code() == StatusCode::kNotFound) {
      co_return Status::Corrupt(fmt::format("{} at {} is lost: expected it beside {}", kPondKey,
                                            site->store->url(), kLogKey));
    }
    if (!last.ok() && !MayRetry(last)) co_return last;
    const Status waited = co_await backoff.Wait(context);
    if (!waited.ok()) co_return waited;
  }
  co_return Status::Unavailable(
      fmt::format("{}: no certain answer in {} attempts", kPondKey, kFailuresInARowMax));
}

Task<Status> EnsureProven(SitePtr site, Context context) {
  std::string text = ProofText(*site->store);
  auto found = co_await ReadPondFile(site, context);
  if (!found.ok() && found.error().code() != StatusCode::kNotFound) co_return found.error();
  if (found.ok() && found->file.IsProven(text)) co_return Status::Ok();
  const auto proven = co_await ProveConditions(site->env, site->store, context);
  if (!proven.ok()) co_return proven.error();
  if (!found.ok()) co_return Status::Ok();
  found->file.AddProof(std::move(text));
  Bytes body(found->file.Encode());
  std::string key(kPondKey);
  PutCondition condition = PutCondition::IfMatch(found->tag);
  // Not noted, the next process proves it again.
  const auto noted =
      co_await site->store->Put(context, std::move(key), std::move(body), std::move(condition));
  co_return Status::Ok();
}

Task<Status> CreatePond(SitePtr site, Context context) {
  if (!site->store->traits().can_write) {
    co_return Status::Invalid("a pond cannot be made at " + site->store->url() +
                              ": it is read-only");
  }
  Backoff backoff(site->env);
  Creation creation;
  for (int i = 0; i < kFailuresInARowMax; ++i) {
    const auto ready = co_await TakeStep(site, context, &creation);
    if (ready.ok() && *ready) {
      // Without a proof nothing was done here. With one it was finished, if not by us then by our
      // own late put or by somebody who found it begun.
      if (creation.proof.empty()) {
        co_return Status::Exists("there is a pond at " + site->store->url());
      }
      co_return Status::Ok();
    }
    if (!ready.ok() && !MayRetry(ready.error())) co_return ready.error();
    const Status waited = co_await backoff.Wait(context);
    if (!waited.ok()) co_return waited;
  }
  co_return Status::Unavailable(
      fmt::format("{}: no certain answer in {} attempts", kPondKey, kFailuresInARowMax));
}

}  // namespace duckpond
