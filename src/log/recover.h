// SPDX-License-Identifier: MIT
//
// Recover: brings pond.log and pond.json back after somebody deleted, overwrote or cut them: from
// the versions that the bucket keeps, or, where it keeps none, from the newest history segment.
//
// Invariants:  1. Nothing is written but by a condition on what was seen: a log that somebody else
//              brought back or wrote meanwhile stays.  2. A log that is whole is replaced by one
//              with a higher version only.  3. The log comes before pond.json, so that a recovery
//              that was killed can be done again.
// Errors:      kNotFound – there is no trace of a pond. kConflict – somebody wrote meanwhile: look
//              again. kUnsupported – a newer program's log. Else as ObjectStore.
// Format:      docs/formats/log.md. For people: docs/guide/recovery.md
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "log/log_image.h"
#include "store/object_history.h"

namespace duckpond {

struct RecoverOptions {
  bool apply = false;          // Else nothing is written.
  bool from_segments = false;  // Lists log/ and looks at the newest segments too.
  // So many of the newest versions of pond.log are read, and segments; then older ones, until one
  // of them is whole.
  size_t copies_min = 100;
  size_t copies_max = 10'000;
};

// A copy of the log that was found.
struct LogCopy {
  std::string source;   // "pond.log" as it is now, "version <id>", or a segment's path.
  int64_t time_us = 0;  // When it was written; 0 where the store does not say.
  uint64_t bytes = 0;
  std::string wrong;  // Why it cannot be the log; empty if it can.
  Uuid pond;
  Version first = 0;  // Its base stands for this version.
  Version last = 0;
  int64_t last_time_us = 0;  // Of its last commit.
};

struct Recovery {
  std::vector<LogCopy> copies;  // What was looked at, the present first.
  // How far it looked back among the versions that the store keeps. Of those behind copies_min only
  // the whole one is in `copies`.
  size_t versions_read = 0;
  int64_t oldest_us = 0;  // When the oldest of those was written.
  bool more = false;      // There are older versions that were not looked at.
  // What is to be done or was done, a sentence each; empty if nothing is wrong.
  std::vector<std::string> steps;
  std::vector<std::string> losses;
  // Not Ok where the log cannot be brought back: what can be done instead.
  Status outcome;
};

// `history` is null where the store keeps none. Cost: a GET a copy and its state's parts, besides a
// listing of versions, and of log/ if segments are asked for; with `apply` up to two conditional
// PUTs.
Task<Result<Recovery>> RecoverLog(SitePtr site, std::shared_ptr<ObjectHistory> history,
                                  Context context, RecoverOptions options);

}  // namespace duckpond
