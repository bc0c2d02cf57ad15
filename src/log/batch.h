// SPDX-License-Identifier: MIT
//
// Batch: commits that leave in one put. Each is asked for its events on top of the state that the
// one before it leaves; one that cannot be made is answered and left out, and does not disturb the
// others.
#pragma once

#include <string>
#include <vector>

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
  const Uuid& first_transaction() const { return after->frames[on->frames.size()].transaction; }
};

// Builds frames for `commits` on top of `image`. Commits that `image` has already are answered.
Task<Batch> BuildBatch(SitePtr site, ImagePtr image, std::vector<PendingPtr> commits);

// One commit without events: it changes nothing but the tag, so that no earlier put can land.
Batch BuildEmptyCommit(const LogSite& site, ImagePtr image);

}  // namespace duckpond
