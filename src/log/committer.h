// SPDX-License-Identifier: MIT
//
// Committer: the one place in a process that writes a pond's log. Commits that wait leave together
// in one conditional put, as often as the store admits one (log/pacer.h); when it is lost to
// somebody else, they are rebased on what came and leave again; when its answer is lost, the log is
// searched for them until it is certain.
//
// Invariants:  1. A put is conditional on the tag of the very image that its frames continue.
//              2. While a put is in doubt, nothing is sent that assumes it failed: the same bytes
//              again, or an empty commit on the same tag that settles it.
//              3. "Committed" is said after the frame was seen in the log or the put was answered;
//              "not committed" after the log moved past the image of every put that carried it.
// Threads:     all methods may be called concurrently. Held by shared_ptr; tasks keep it alive.
// Errors:      as EventLog::Commit.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "log/backoff.h"
#include "log/batch.h"
#include "log/log_reader.h"
#include "log/pacer.h"
#include "log/roll.h"

namespace duckpond {

class Committer : public std::enable_shared_from_this<Committer> {
 public:
  Committer(SitePtr site, std::shared_ptr<LogReader> reader)
      : site_(std::move(site)),
        reader_(std::move(reader)),
        pacer_(site_->env, site_->store->traits().swaps_per_second_max) {}

  Task<Result<CommitReceipt>> Commit(Context context, std::shared_ptr<Change> change,
                                     CommitOptions options);

  // Waits until no commit and no roll is under way.
  Task<Status> Settle(Context context);

 private:
  // What the running task knows; touched by that task only.
  struct Round {
    explicit Round(Env& env) : backoff(env) {}
    std::vector<PendingPtr> commits;  // Not answered, in the order they came.
    std::vector<Batch> in_doubt;      // Sent, on the same image, and not known to have failed.
    bool stale = false;               // The newest known image was refused: read again.
    Backoff backoff;                  // Counts failures in a row, too.
    std::optional<MonotonicUs> failing_since_us;
    int races_lost = 0;
  };
  using Self = std::shared_ptr<Committer>;

  static Task<Result<CommitReceipt>> CommitNow(Self self, Context context,
                                               std::shared_ptr<Change> change,
                                               CommitOptions options);
  static Task<void> Run(Self self);
  // One step forward: read, settle, build or put. An error is one of the whole round.
  static Task<Status> Step(Self self, Round* round);
  // Waits until the log may be put again. Returns whether that took any time.
  static Task<bool> WaitForPace(Self self, const Round* round);
  static Task<Result<ImagePtr>> NewestImage(Self self, Round* round, Context context);
  // What a process makes sure of before its first put.
  static Task<Status> MakeReady(Self self, Context context, ImagePtr image);
  // Finds out what became of the puts in doubt, now that `image` is past theirs.
  static Task<Status> SettleDoubt(Self self, Round* round, Context context, ImagePtr image);
  static Task<Status> PutAgain(Self self, Round* round, Context context, ImagePtr image);
  static Task<Status> PutNew(Self self, Round* round, Context context, ImagePtr image);
  // `batch` may be empty: then a roll alone is put.
  static Task<Status> Put(Self self, Round* round, Context context, Batch batch);
  static Task<void> RollInBackground(Self self, ImagePtr image);

  // Starts Run unless it runs: there is one at a time.
  void Wake();
  // Takes waiting commits into `round`; returns false, and ends Run, if there is nothing to do.
  bool TakeWork(Round& round);
  // `image` is what the put of `batch` left: readers learn of it, callers are answered.
  void Landed(Round& round, Batch& batch, ImagePtr image);
  // Answers all with `status`, or with kUnknown what may have landed, and starts anew.
  void FailAll(Round& round, const Status& status);
  // Whether a round that is failing may not go on trying.
  bool HasHadEnough(const Round& round) const;
  // Starts a roll behind `after`, if its frames have passed options.roll_bytes.
  void ConsiderRoll(uint64_t frame_bytes_before, ImagePtr after);
  // `image` with the prepared roll, if there is one and it fits; else null.
  ImagePtr Rolled(const LogImage& image);
  // Until when, and on whose bill, the next request for all commits of `round` is made.
  Context RequestContext(const Round& round) const;

  const SitePtr site_;
  const std::shared_ptr<LogReader> reader_;
  Pacer pacer_;  // The running task's.
  mutable std::mutex mutex_;
  // All guarded by mutex_.
  std::deque<PendingPtr> waiting_;
  bool running_ = false;
  bool preparing_roll_ = false;
  bool ready_ = false;  // The store is proven and the pond is known to be whole.
  std::shared_ptr<const PreparedRoll> roll_;
  std::vector<Completion<bool>> settling_;
};

}  // namespace duckpond
