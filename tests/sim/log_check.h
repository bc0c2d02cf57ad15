// SPDX-License-Identifier: MIT
//
// What the callers of a simulated log were told, and the check of it against the history that is
// there in the end.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "log/event_log.h"
#include "tests/sim/log_sim.h"

namespace duckpond {

struct ToldCommit {
  Uuid transaction;
  std::string idempotency_key;
  enum Outcome : unsigned char { kCommitted, kRefused, kUnknown } outcome = kUnknown;
  CommitReceipt receipt;  // Of kCommitted.
  std::string error;
};

struct SeenState {
  std::string how;
  Version version = 0;
  int64_t time_us = 0;
  std::string text;
};

struct Told {
  std::vector<ToldCommit> commits;
  std::vector<SeenState> seen;
  // The newest version that was acknowledged by then, by the simulation's own time.
  std::map<MonotonicUs, Version> acknowledged;
  // Reads may be answered with what was once true: then they promise no more than that.
  bool stale_reads = false;
  void Acknowledge(MonotonicUs now_us, Version version) {
    acknowledged[now_us] = std::max(version, AcknowledgedAt(now_us));
  }
  Version AcknowledgedAt(MonotonicUs time_us) const {
    const auto after = acknowledged.upper_bound(time_us);
    return after == acknowledged.begin() ? 0 : std::prev(after)->second;
  }
  std::string failure;  // The first invariant that did not hold.
};

// Reads all of `log` and sets told.failure to the first thing that is not as it was told.
void CheckHistory(Env& env, EventLog& log, const Folder& folder, Told& told, LogSimStats& stats);

}  // namespace duckpond
