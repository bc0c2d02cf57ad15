// SPDX-License-Identifier: MIT
//
// LogReader: reads pond.log and keeps the newest image of it. Callers that ask at the same time
// share a request, but only one that starts after they asked: what it shows is then at least as new
// as the moment of the call.
//
// Invariants:  1. Known() never goes back.  2. Only a whole read may say that the log is corrupt.
// Threads:     all methods may be called concurrently. Held by shared_ptr; tasks keep it alive.
// Errors:      as EventLog::Latest.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "log/log_image.h"

namespace duckpond {

class LogReader : public std::enable_shared_from_this<LogReader> {
 public:
  explicit LogReader(SitePtr site) : site_(std::move(site)) {}

  // The log as it is now, or newer; with an age, as the store told it so long ago at most (see
  // Freshness). Cost: none if that is known; else one GET, of the tail only once an image is known.
  Task<Result<ImagePtr>> Read(Context context, int64_t age_us_max = 0);

  // Reads, and nobody waits for it, if what is known is older than this; once at a time. A failure
  // leaves things as they are. Cost: as Read.
  void RefreshBehind(int64_t age_us);

  // The newest image seen; null before the first. Cost: none.
  ImagePtr Known() const;
  // How long ago the store told it. Cost: none.
  int64_t KnownAgeUs() const;
  // Keeps `image` if it is newer than Known().
  void Learn(ImagePtr image);

 private:
  // A caller and what it wants; `done` is set once, by the answer or the end of its context.
  struct Waiter {
    Context context;
    int64_t age_us_max;
    Completion<Result<ImagePtr>> done;
  };

  static Task<Result<ImagePtr>> Wait(std::shared_ptr<LogReader> self, Context context,
                                     int64_t age_us_max);
  // Serves waiters, one request after the other, until nobody waits.
  static Task<void> Serve(std::shared_ptr<LogReader> self);
  static Task<Result<ImagePtr>> ReadOnce(std::shared_ptr<LogReader> self, Context context,
                                         int64_t age_us_max);
  static Task<void> Refresh(std::shared_ptr<LogReader> self);
  // The known image, if the store told it so recently.
  ImagePtr Fresh(int64_t age_us_max) const;

  const SitePtr site_;
  mutable std::mutex mutex_;
  ImagePtr known_;               // Guarded by mutex_.
  MonotonicUs known_us_ = 0;     // Guarded by mutex_: when the store was asked for it, or later.
  std::vector<Waiter> waiters_;  // Guarded by mutex_: those for the next request.
  bool serving_ = false;         // Guarded by mutex_.
  bool refreshing_ = false;      // Guarded by mutex_.
};

}  // namespace duckpond
