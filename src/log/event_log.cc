// SPDX-License-Identifier: MIT
#include "log/event_log.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "log/committer.h"
#include "log/create.h"
#include "log/history.h"
#include "log/known_age.h"
#include "log/limits.h"
#include "log/log_reader.h"
#include "log/verify.h"
#include "store/store_wrapper.h"

namespace duckpond {
namespace {

// SnapshotCache: the old versions that were asked for last. Threads: any.
class SnapshotCache {
 public:
  std::optional<Snapshot> Find(Version version) const {
    std::lock_guard lock(mutex_);
    const auto found = snapshots_.find(version);
    if (found == snapshots_.end()) return std::nullopt;
    return found->second;
  }
  void Keep(const Snapshot& snapshot) {
    std::lock_guard lock(mutex_);
    if (!snapshots_.emplace(snapshot.version, snapshot).second) return;
    order_.push_back(snapshot.version);
    if (order_.size() <= kSnapshotsCachedMax) return;
    snapshots_.erase(order_.front());
    order_.pop_front();
    CHECK(snapshots_.size() == order_.size());
  }

 private:
  mutable std::mutex mutex_;
  std::map<Version, Snapshot> snapshots_;  // Guarded by mutex_.
  std::deque<Version> order_;              // Guarded by mutex_. Oldest first.
};

// AskingStore: what the store itself has, whatever caches keep of it.
class AskingStore final : public StoreWrapper {
 public:
  using StoreWrapper::StoreWrapper;
  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override {
    options.age_us_max = GetOptions::kFromStore;
    return below()->Get(std::move(context), std::move(key), std::move(options));
  }
};

class EventLogImpl final : public EventLog, public std::enable_shared_from_this<EventLogImpl> {
 public:
  explicit EventLogImpl(LogSite site)
      : site_(std::make_shared<const LogSite>(std::move(site))),
        reader_(std::make_shared<LogReader>(site_)),
        committer_(std::make_shared<Committer>(site_, reader_)) {}

  Task<Status> Create(Context context) override { return CreatePond(site_, std::move(context)); }

  using EventLog::Latest;
  Task<Result<Snapshot>> Latest(Context context, Freshness freshness) override {
    return LatestNow(shared_from_this(), std::move(context), freshness);
  }

  std::optional<Snapshot> Cached() const override {
    const ImagePtr image = reader_->Known();
    if (image == nullptr || !image->unfolded.ok()) return std::nullopt;
    return image->snapshot();
  }

  int64_t CachedAgeUs() const { return reader_->KnownAgeUs(); }

  Task<Result<Snapshot>> At(Context context, Version version) override {
    return AtNow(shared_from_this(), std::move(context), version);
  }
  Task<Result<Snapshot>> AtTime(Context context, int64_t time_us) override {
    return AtTimeNow(shared_from_this(), std::move(context), time_us);
  }

  Task<Result<CommitReceipt>> Commit(Context context, std::shared_ptr<Change> change,
                                     CommitOptions options) override {
    return committer_->Commit(std::move(context), std::move(change), std::move(options));
  }

  Task<Result<std::vector<CommitRecord>>> History(Context context, VersionRange range) override {
    return HistoryNow(shared_from_this(), std::move(context), range);
  }
  Task<Result<Report>> Verify(Context context) override {
    return VerifyNow(shared_from_this(), std::move(context));
  }
  Task<Status> Settle(Context context) override { return committer_->Settle(std::move(context)); }

 private:
  using Self = std::shared_ptr<EventLogImpl>;

  static Task<Result<Snapshot>> LatestNow(Self self, Context context, Freshness freshness) {
    auto image = co_await self->reader_->Read(context, freshness.age_us_max);
    if (image.ok() && (*image)->version() < freshness.min_version && freshness.age_us_max > 0) {
      image = co_await self->reader_->Read(std::move(context));
    }
    if (!image.ok()) co_return image.error();
    if ((*image)->version() < freshness.min_version) {
      co_return Status::Unavailable(fmt::format("version {} is not there yet: {} is the newest",
                                                freshness.min_version, (*image)->version()));
    }
    self->reader_->RefreshBehind(freshness.refresh_age_us);
    if (!(*image)->unfolded.ok()) co_return (*image)->unfolded;
    co_return (*image)->snapshot();
  }

  // An image that has `version`. Cost: none if the known one has it.
  static Task<Result<ImagePtr>> ImageWith(Self self, Context context, Version version) {
    ImagePtr known = self->reader_->Known();
    if (known != nullptr && known->version() >= version) co_return known;
    auto image = co_await self->reader_->Read(std::move(context));
    if (!image.ok()) co_return image;
    if ((*image)->version() < version) {
      co_return Status::NotFound(
          fmt::format("version {} is not there: {} is the newest", version, (*image)->version()));
    }
    co_return image;
  }

  static Task<Result<Snapshot>> AtNow(Self self, Context context, Version version) {
    if (auto cached = self->snapshots_.Find(version)) co_return *cached;
    auto image = co_await ImageWith(self, context, version);
    if (!image.ok()) co_return image.error();
    auto snapshot = co_await ReplayTo(self->site_, std::move(context), *image, version);
    CHECK(!snapshot.ok() || snapshot->version == version);
    if (snapshot.ok()) self->snapshots_.Keep(*snapshot);
    co_return snapshot;
  }

  static Task<Result<Snapshot>> AtTimeNow(Self self, Context context, int64_t time_us) {
    auto image = co_await self->reader_->Read(context);
    if (!image.ok()) co_return image.error();
    auto version = co_await VersionAtTime(self->site_, context, *image, time_us);
    if (!version.ok()) co_return version.error();
    co_return co_await AtNow(self, std::move(context), *version);
  }

  static Task<Result<std::vector<CommitRecord>>> HistoryNow(Self self, Context context,
                                                            VersionRange range) {
    auto image = co_await self->reader_->Read(context);
    if (!image.ok()) co_return image.error();
    const Version newest = (*image)->version();
    if (range.last == 0) range.last = newest;
    if (range.first == 0 || range.last > newest) {
      co_return Status::NotFound(fmt::format("versions {} to {} are not there: {} is the newest",
                                             range.first, range.last, newest));
    }
    co_return co_await ReadCommits(self->site_, std::move(context), *image, range.first,
                                   range.last);
  }

  static Task<Result<Report>> VerifyNow(Self self, Context context) {
    auto image = co_await self->reader_->Read(context);
    if (!image.ok()) co_return image.error();
    const LogSite& site = *self->site_;
    auto asking = std::make_shared<const LogSite>(
        LogSite{site.env, std::make_shared<AskingStore>(site.store), site.folder, site.options});
    co_return co_await VerifyLog(std::move(asking), std::move(context), *image);
  }

  const SitePtr site_;
  const std::shared_ptr<LogReader> reader_;
  const std::shared_ptr<Committer> committer_;
  SnapshotCache snapshots_;
};

}  // namespace

int64_t KnownAgeUs(const EventLog& log) {
  return static_cast<const EventLogImpl&>(log).CachedAgeUs();
}

std::shared_ptr<EventLog> EventLog::Open(Env& env, std::shared_ptr<ObjectStore> store,
                                         const Folder& folder, LogOptions options,
                                         const std::string& share) {
  CHECK(store != nullptr);
  // Weak: a log closes with its last user.
  static std::mutex mutex;
  static auto* open =
      new std::map<std::tuple<Env*, std::string, std::string>, std::weak_ptr<EventLog>>();
  std::lock_guard lock(mutex);
  std::erase_if(*open, [](const auto& entry) { return entry.second.expired(); });
  auto& entry = (*open)[{&env, store->url(), share}];
  std::shared_ptr<EventLog> log = entry.lock();
  if (log == nullptr) {
    log =
        std::make_shared<EventLogImpl>(LogSite{env, std::move(store), folder, std::move(options)});
    entry = log;
  }
  return log;
}

}  // namespace duckpond
