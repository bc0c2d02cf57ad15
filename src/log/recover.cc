// SPDX-License-Identifier: MIT
#include "log/recover.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/check.h"
#include "log/create.h"
#include "log/limits.h"
#include "log/log_object.h"
#include "log/log_objects.h"
#include "log/pond_file.h"

namespace duckpond {
namespace {

const std::string kLogName(kLogKey);
const std::string kPondName(kPondKey);
constexpr char kSegments[] = "log/";

// An object as it is now.
struct Present {
  bool there = false;
  ObjectTag tag;
  Bytes content;
};

struct Search {
  SitePtr site;
  std::shared_ptr<ObjectHistory> history;
  Context context;
  RecoverOptions options;
};

// A copy with what is needed to read it again.
struct Found {
  LogCopy copy;
  std::string version_id;
};

// What is to be put, and over what.
struct Restored {
  Bytes log;
  DecodedLog decoded;
};

Task<Result<Present>> ReadPresent(SitePtr site, Context context, std::string key,
                                  uint64_t bytes_max) {
  GetOptions options;
  options.bytes_max = bytes_max;
  auto reply = co_await site->store->Get(std::move(context), key, options);
  if (!reply.ok()) co_return reply.error().Prefixed(key);
  CO_RETURN_IF_ERROR(CheckWhole(*reply, key));
  Present present;
  present.there = reply->state == GetReply::State::kFound;
  present.tag = std::move(reply->tag);
  present.content = std::move(reply->bytes);
  co_return present;
}

// Fills in what `content` is. Errors: kUnsupported for a newer format.
Status Describe(std::string_view content, LogCopy& copy) {
  const auto log = DecodeLog(content, copy.source);
  copy.bytes = content.size();
  if (!log.ok()) {
    if (log.error().code() == StatusCode::kUnsupported) return log.error();
    copy.wrong = log.error().message();
    return Status::Ok();
  }
  copy.pond = log->base.pond;
  copy.first = log->base.version;
  copy.last = log->base.version + log->commits.frames.size();
  copy.last_time_us =
      log->commits.frames.empty() ? log->base.time_us : log->commits.frames.back().time_us;
  return Status::Ok();
}

Task<Result<Bytes>> ReadCopy(Search search, Found found) {
  if (!found.version_id.empty()) {
    co_return co_await search.history->ReadVersion(search.context, kLogName, found.version_id,
                                                   kLogBytesMax);
  }
  auto read = co_await ReadPresent(search.site, search.context, found.copy.source, kLogBytesMax);
  if (!read.ok()) co_return read.error();
  if (!read->there) co_return Status::NotFound(found.copy.source + " is gone");
  co_return std::move(read->content);
}

Task<Status> Inspect(Search search, Found* found) {
  auto content = co_await ReadCopy(search, *found);
  if (content.ok()) co_return Describe(content->view(), found->copy);
  const StatusCode code = content.error().code();
  if (code != StatusCode::kNotFound && code != StatusCode::kExhausted) co_return content.error();
  found->copy.wrong = content.error().message();
  co_return Status::Ok();
}

Task<Result<Found>> ReadVersion(Search search, ObjectVersion version) {
  Found found;
  found.copy.source = "version " + version.id;
  found.copy.time_us = version.time_us;
  found.copy.bytes = version.bytes;
  found.version_id = std::move(version.id);
  if (version.deleted) {
    found.copy.wrong = "it was deleted then";
  } else {
    const Status inspected = co_await Inspect(search, &found);
    if (!inspected.ok()) co_return inspected;
  }
  co_return found;
}

// The newest ones, and older ones until one is whole.
Task<Status> FindVersions(Search search, std::vector<Found>* all, Recovery* recovery) {
  if (search.history == nullptr) co_return Status::Ok();
  const RecoverOptions& options = search.options;
  std::set<std::string> read;  // By id: others may have come between two listings.
  bool whole = false;
  // A long list costs a request a thousand: asked for where the short one has none.
  const std::array<size_t, 2> counts = {options.copies_min, options.copies_max};
  for (const size_t wanted : counts) {
    auto versions = co_await search.history->Versions(search.context, kLogName, wanted + 1);
    if (versions.status().code() == StatusCode::kUnsupported) co_return Status::Ok();
    if (!versions.ok()) co_return versions.error();
    recovery->more = versions->size() > wanted;
    if (recovery->more) versions->resize(wanted);
    for (ObjectVersion& version : *versions) {
      if (whole && read.size() >= options.copies_min) {
        recovery->more = true;
        break;
      }
      if (!read.insert(version.id).second) continue;
      CO_ASSIGN_OR_RETURN(Found found, co_await ReadVersion(search, std::move(version)));
      recovery->oldest_us = found.copy.time_us;
      whole = whole || found.copy.wrong.empty();
      if (read.size() > options.copies_min && !found.copy.wrong.empty()) continue;
      all->push_back(std::move(found));
    }
    recovery->versions_read = read.size();
    if (whole || !recovery->more) break;
  }
  co_return Status::Ok();
}

// The newest segments: their names are UUIDv7, which sort by time.
Task<Status> FindSegments(Search search, std::vector<Found>* all) {
  std::vector<std::string> paths;
  std::optional<std::string> token;
  do {
    auto page = co_await search.site->store->List(search.context, kSegments, token);
    if (!page.ok()) co_return page.error().Prefixed(kSegments);
    if (token && page->next_token == token) {
      co_return Status::Corrupt(std::string(kSegments) + ": a listing ends where it began");
    }
    for (ListReply::Object& object : page->objects) {
      if (object.key.ends_with(".log")) paths.push_back(std::move(object.key));
    }
    token = page->next_token;
  } while (token);
  std::ranges::sort(paths, std::greater<>());
  if (paths.size() > search.options.copies_min) paths.resize(search.options.copies_min);
  for (std::string& path : paths) {
    Found found;
    found.copy.source = std::move(path);
    const Status inspected = co_await Inspect(search, &found);
    if (!inspected.ok()) co_return inspected;
    all->push_back(std::move(found));
  }
  co_return Status::Ok();
}

// pond.json as it is or was: the one that is there, else the newest that can be read.
struct KnownPond {
  Present present;
  std::optional<PondFile> file;
  bool present_whole = false;
};
Task<Result<KnownPond>> FindPondFile(Search search) {
  KnownPond known;
  CO_ASSIGN_OR_RETURN(known.present, co_await ReadPresent(search.site, search.context, kPondName,
                                                          kPondFileBytesMax));
  if (known.present.there) {
    auto file = PondFile::Decode(known.present.content.view());
    if (!file.ok() && file.error().code() == StatusCode::kUnsupported) co_return file.error();
    known.present_whole = file.ok();
    if (file.ok()) known.file = *std::move(file);
  }
  if (known.file || search.history == nullptr) co_return known;
  auto versions =
      co_await search.history->Versions(search.context, kPondName, search.options.copies_min);
  if (versions.status().code() == StatusCode::kUnsupported) co_return known;
  if (!versions.ok()) co_return versions.error();
  for (const ObjectVersion& version : *versions) {
    if (version.deleted) continue;
    auto content = co_await search.history->ReadVersion(search.context, kPondName, version.id,
                                                        kPondFileBytesMax);
    if (!content.ok()) continue;  // Another will do, or the log itself.
    auto file = PondFile::Decode(content->view());
    if (!file.ok()) continue;
    known.file = *std::move(file);
    break;
  }
  co_return known;
}

// Marks copies that are another pond's. Errors: kInvalid if nobody says which of several it is.
Status CheckPond(const std::optional<PondFile>& file, std::vector<Found>& all) {
  std::optional<Uuid> pond;
  if (file) pond = file->id;
  for (Found& found : all) {
    if (!found.copy.wrong.empty()) continue;
    if (!pond) pond = found.copy.pond;
    if (found.copy.pond == *pond) continue;
    if (!file) {
      return Status::Invalid(fmt::format(
          "{} is lost, and there are logs of pond {} and of pond {}: put back the right {} first",
          kPondKey, pond->ToString(), found.copy.pond.ToString(), kPondKey));
    }
    found.copy.wrong = "it is the log of pond " + found.copy.pond.ToString();
  }
  return Status::Ok();
}

// The copy with the highest version; of equal ones the present one, then the one written last. Null
// if none is whole.
const Found* Best(const std::vector<Found>& all) {
  const Found* best = nullptr;
  for (const Found& found : all) {
    if (!found.copy.wrong.empty()) continue;
    if (best == nullptr || found.copy.last > best->copy.last) best = &found;
  }
  return best;
}

// Errors: kCorrupt if an object that its base names is lost. An older copy would do, and lose
// commits that are not lost: the object may come back.
Task<Result<Restored>> Restore(Search search, Found best) {
  CHECK(best.copy.wrong.empty());
  Restored restored;
  CO_ASSIGN_OR_RETURN(restored.log, co_await ReadCopy(search, best));
  CO_ASSIGN_OR_RETURN(restored.decoded, DecodeLog(restored.log.view(), best.copy.source));
  for (const PartRef& part : restored.decoded.base.parts) {
    ObjectRef object{part.path, part.bytes, part.hash};
    const auto read = co_await ReadObject(search.site, search.context, std::move(object));
    if (read.ok()) continue;
    if (read.error().code() != StatusCode::kCorrupt) co_return read.error();
    co_return Status::Corrupt(fmt::format(
        "{} is whole, but a part of its state is not: {}; bring {} back first (in a bucket that "
        "keeps versions, by removing its delete marker)",
        best.copy.source, read.error().message(), part.path));
  }
  co_return restored;
}

// How many commits of `log` come after the last one that `other` has too; none if they have no
// version in common.
std::optional<Version> CommitsApart(const DecodedLog& log, const DecodedLog& other) {
  const auto hash_at = [](const DecodedLog& of, Version version) -> const Hash* {
    if (version < of.base.version) return nullptr;
    const uint64_t at = version - of.base.version;
    if (at == 0) return &of.base.chain;
    return at <= of.commits.frames.size() ? &of.commits.frames[at - 1].hash : nullptr;
  };
  const Version last = log.base.version + log.commits.frames.size();
  for (Version version = last;; --version) {
    const Hash* own = hash_at(log, version);
    if (own == nullptr) return std::nullopt;
    const Hash* others = hash_at(other, version);
    if (others != nullptr && *own == *others) return last - version;
    if (version == 0) return std::nullopt;
  }
}

std::string LossOfPresent(const Present& present, const LogCopy& now, const Restored& restored) {
  const auto log = DecodeLog(present.content.view(), kLogName);
  if (!log.ok()) return "";
  const auto apart = CommitsApart(*log, restored.decoded);
  if (apart && *apart == 0) return "";
  if (!apart) {
    return fmt::format(
        "the present {} shares no version with it: what was committed since version {} is lost",
        kLogKey, now.first);
  }
  return fmt::format(
      "the last {} commits of the present {}, which the restored history does not have, are lost",
      *apart, kLogKey);
}

// Why there is no earlier version of the log, and what else may have one.
std::string WithoutVersions(const Search& search, const Recovery& recovery) {
  const std::string& kind = search.site->store->traits().kind;
  if (search.history != nullptr) {
    if (!recovery.more) return "the bucket keeps no version of it that is whole";
    return fmt::format(
        "none of the newest {} versions that the bucket keeps is whole, and older ones were not "
        "looked at",
        recovery.versions_read);
  }
  if (kind == "dynamodb") {
    return "DynamoDB keeps no versions of an object; where point-in-time recovery is on, restore "
           "the table as it was before (aws dynamodb restore-table-to-point-in-time) and open the "
           "pond in that";
  }
  if (kind == "file") {
    return "a directory keeps no versions; put it back from a backup or from a snapshot of the "
           "file system";
  }
  return "this kind of store keeps no versions; look where what is shown here is written";
}

Status NothingFound(const Search& search, const Recovery& recovery) {
  std::string text = fmt::format("{} at {} cannot be brought back: {}", kLogKey,
                                 search.site->store->url(), WithoutVersions(search, recovery));
  text += search.options.from_segments
              ? ", and there is no segment in log/ that is. The rows are still in data/, as Parquet"
              : "; --from-segments looks for the last segment of its history in log/, which has "
                "all commits before the last roll and none after it";
  return Status::Corrupt(std::move(text));
}

PondFile PondFileOf(const BaseRecord& base) {
  PondFile file;
  file.format = base.format;
  file.id = base.pond;
  file.ready = true;
  file.created_us = base.segments.empty() ? base.time_us : base.segments.front().first_time_us;
  file.writer = base.writer;
  file.proof = base.proof;
  return file;
}

// Some servers take an object that was deleted for one that is there, when it is to be absent: then
// its deletion is taken back first. Gives what is there now.
Task<Result<Present>> Undelete(Search search, std::string key) {
  if (search.history != nullptr) {
    auto versions = co_await search.history->Versions(search.context, key, 1);
    if (!versions.ok()) co_return versions.error();
    if (!versions->empty() && versions->front().deleted) {
      const Status undeleted =
          co_await search.history->Undelete(search.context, key, versions->front().id);
      if (!undeleted.ok()) co_return undeleted;
    }
  }
  co_return co_await ReadPresent(search.site, search.context, key, kLogBytesMax);
}

// Puts `body` where `present` was seen. An answer that was lost is looked up.
Task<Status> PutBack(Search search, std::string key, Bytes body, Present present) {
  CHECK(!body.empty());
  CHECK(!present.there || !present.tag.value.empty());  // Else the put would have no condition.
  const PutCondition condition =
      present.there ? PutCondition::IfMatch(present.tag) : PutCondition::IfAbsent();
  auto reply = co_await search.site->store->Put(search.context, key, body, condition);
  if (!reply.ok()) co_return reply.error().Prefixed(key);
  if (reply->state == PutReply::State::kWritten) co_return Status::Ok();
  auto now = co_await ReadPresent(search.site, search.context, key, kLogBytesMax);
  const bool still_gone = now.ok() && !now->there && !present.there;
  if (still_gone && reply->state == PutReply::State::kConflict) {
    now = co_await Undelete(search, key);
    if (!now.ok()) co_return now.error();
    if (now->there && now->content.view() != body.view()) {
      co_return co_await PutBack(search, key, std::move(body), *std::move(now));
    }
  }
  if (now.ok() && now->there && now->content.view() == body.view()) co_return Status::Ok();
  if (reply->state == PutReply::State::kUnknown) {
    co_return Status::Unknown(key + ": " + reply->detail + "; look again");
  }
  co_return Status::Conflict(key + " was written by somebody else meanwhile: look again");
}

// What there is, before anything is decided.
struct Survey {
  Present log;
  KnownPond pond;
  std::vector<Found> all;
};

Task<Result<Survey>> LookAround(Search search, Recovery* recovery) {
  Survey survey;
  CO_ASSIGN_OR_RETURN(survey.log,
                      co_await ReadPresent(search.site, search.context, kLogName, kLogBytesMax));
  CO_ASSIGN_OR_RETURN(survey.pond, co_await FindPondFile(search));
  Found now;
  now.copy.source = kLogName;
  now.copy.wrong = "it is missing";
  if (survey.log.there) {
    now.copy.wrong.clear();
    CO_RETURN_IF_ERROR(Describe(survey.log.content.view(), now.copy));
  }
  survey.all.push_back(std::move(now));
  const Status versions = co_await FindVersions(search, &survey.all, recovery);
  if (!versions.ok()) co_return versions;
  if (search.options.from_segments) {
    const Status segments = co_await FindSegments(search, &survey.all);
    if (!segments.ok()) co_return segments;
  }
  const bool trace = survey.log.there || survey.pond.present.there || survey.all.size() > 1;
  if (!trace) {
    co_return Status::NotFound("there is no trace of a pond at " + search.site->store->url());
  }
  CO_RETURN_IF_ERROR(CheckPond(survey.pond.file, survey.all));
  CHECK(!survey.all.empty() && survey.all.front().copy.source == kLogName);
  co_return survey;
}

// Brings the log back, if a better one was found than is there.
Task<Status> MendLog(Search search, const Survey* survey, const Found* best,
                     const Restored* restored, Recovery* recovery) {
  const LogCopy& now = survey->all.front().copy;
  if (best == &survey->all.front()) co_return Status::Ok();
  // A log that is whole is replaced by one with more in it only.
  CHECK(!now.wrong.empty() || best->copy.last > now.last);
  recovery->steps.push_back(fmt::format("{} becomes {}, with versions {} to {}", kLogKey,
                                        best->copy.source, best->copy.first, best->copy.last));
  if (now.wrong.empty()) {
    std::string loss = LossOfPresent(survey->log, now, *restored);
    if (!loss.empty()) recovery->losses.push_back(std::move(loss));
  }
  if (best->version_id.empty()) {
    recovery->losses.push_back(fmt::format(
        "every commit after version {}, acknowledged or not, is lost", best->copy.last));
  }
  if (!search.options.apply) co_return Status::Ok();
  co_return co_await PutBack(search, kLogName, restored->log, survey->log);
}

Task<Status> MendPondFile(Search search, const KnownPond* pond, const Restored* restored,
                          Recovery* recovery) {
  CHECK(!pond->present_whole || pond->file);
  if (pond->present_whole && pond->file->ready) co_return Status::Ok();
  PondFile file = pond->file ? *pond->file : PondFileOf(restored->decoded.base);
  file.ready = true;
  recovery->steps.push_back(
      fmt::format("{} is {}", kPondKey, pond->file ? "written as it was" : "made from the log"));
  if (!search.options.apply) co_return Status::Ok();
  co_return co_await PutBack(search, kPondName, Bytes(file.Encode()), pond->present);
}

}  // namespace

Task<Result<Recovery>> RecoverLog(SitePtr site, std::shared_ptr<ObjectHistory> history,
                                  Context context, RecoverOptions options) {
  const Search search{std::move(site), std::move(history), std::move(context), options};
  Recovery recovery;
  CO_ASSIGN_OR_RETURN(Survey survey, co_await LookAround(search, &recovery));
  const bool begun = survey.pond.file && !survey.pond.file->ready && !survey.log.there;
  const Found* best = Best(survey.all);
  for (const Found& found : survey.all) recovery.copies.push_back(found.copy);
  if (best == nullptr && begun) {
    co_return Status::NotFound("the pond at " + search.site->store->url() +
                               " was never finished, and has lost nothing: create it again");
  }
  if (best == nullptr) {
    recovery.outcome = NothingFound(search, recovery);
    co_return recovery;
  }
  auto restored = co_await Restore(search, *best);
  if (!restored.ok()) {
    if (restored.error().code() != StatusCode::kCorrupt) co_return restored.error();
    recovery.outcome = restored.error();
    co_return recovery;
  }
  const Status log = co_await MendLog(search, &survey, best, &*restored, &recovery);
  if (!log.ok()) co_return log;
  const Status file = co_await MendPondFile(search, &survey.pond, &*restored, &recovery);
  if (!file.ok()) co_return file;
  co_return recovery;
}

}  // namespace duckpond
