// SPDX-License-Identifier: MIT
//
// Batch: commits that leave in one put. Each is asked for its events on top of the state that the
// one before it leaves; one that cannot be made is answered and left out, and does not disturb the
// others.
//
// Invariants:  1. `after` is `on` with one frame more for each of `placed`, or one for an empty
//              commit, and nothing else.  2. Versions and times rise from frame to frame.  3. No
//              two frames have the same transaction or idempotency key.
// Threads:     a value of the committer's running task.
// Errors:      none of its own: what is wrong with one commit is that commit's answer.
#pragma once

#include <string>
#include <vector>

#include "base/check.h"
#include "log/log_image.h"
#include "log/pending_commit.h"

namespace duckpond {

struct Batch {
  struct Placed {
    PendingPtr commit;
    CommitReceipt receipt;  // True once the put has landed.
  };
  ImagePtr on;                      // What it was built on.
  std::shared_ptr<LogImage> after;  // `on` with the frames behind it, but for tag and content.
  std::string frames;
  std::vector<Placed> placed;        // In the order of their frames; empty for an empty frame.
  std::vector<PendingPtr> deferred;  // Left for the next batch.

  bool empty() const { return frames.empty(); }
  // Of the first frame. REQUIRES: !empty().
  const Uuid& first_transaction() const {
    CHECK(after->frames.size() > on->frames.size());
    return after->frames[on->frames.size()].transaction;
  }
};

// Builds frames for `commits` on top of `image`. Commits that `image` has already are answered.
// REQUIRES: image->unfolded.ok(). Cost: what each Change::Rebase costs, one after the other, since
// each is asked on top of what the one before it makes.
Task<Batch> BuildBatch(SitePtr site, ImagePtr image, std::vector<PendingPtr> commits);

// One commit without events: it changes nothing but the tag, so that no earlier put can land.
Batch BuildEmptyCommit(const LogSite& site, ImagePtr image);

}  // namespace duckpond
