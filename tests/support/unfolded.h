// SPDX-License-Identifier: MIT
//
// UnfoldedEvents: what a base would carry of a state, as one list: tests compare states by it, and
// fold it again.
//
// Errors:  a state that cannot be unfolded, or has not been read, fails a CHECK.
#pragma once

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/check.h"
#include "log/folder.h"

namespace duckpond {

inline std::vector<Event> UnfoldedEvents(const Folder& folder, const FoldedState& state) {
  auto runs = folder.Unfold(state);
  CHECK(runs.ok());
  std::vector<Event> events;
  for (StateRun& run : *runs) {
    CHECK(run.lines == nullptr);
    std::ranges::move(run.events, std::back_inserter(events));
  }
  return events;
}

}  // namespace duckpond
