// SPDX-License-Identifier: MIT
//
// Folder: what the layer above makes of the events. The log hands it events in order and keeps what
// it returns, so that a reader starts from the newest base instead of from the beginning.
//
// Threads:  const methods may be called concurrently. A FoldedState is immutable and shared.
// Errors:   kUnsupported – an event that is not known and not ignorable; kCorrupt – one that cannot
// be
//           (a file added to a table that is not there).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/event.h"

namespace duckpond {

class FoldedState {
 public:
  virtual ~FoldedState() = default;
};
using StatePtr = std::shared_ptr<const FoldedState>;

// So many lines of a state, one behind the other, belong to one place: to one table, for instance.
struct PlaceRun {
  std::string place;
  size_t lines = 0;
};

class Folder {
 public:
  virtual ~Folder() = default;

  // The state of version 0.
  virtual StatePtr Empty() const = 0;

  // `before` with the events of one commit, or of a whole base, applied. `before` is not changed.
  virtual Result<StatePtr> Fold(StatePtr before, std::span<const Event> events) const = 0;

  // Events that fold Empty() into `state`: what a base frame carries. Their ids are those of the
  // events that made the state, where they have one.
  virtual std::vector<Event> Unfold(const FoldedState& state) const = 0;

  // The places of the lines that Unfold gives, in their order, rising bytewise. The parts of a
  // large state are named with the first and the last place in them, so that a reader can tell
  // which it needs. Empty: parts carry no bounds.
  virtual std::vector<PlaceRun> Places(const FoldedState&) const { return {}; }

  // Whether `name` has a meaning for this program. A writer refuses a log that has events, not
  // ignorable, which it does not know: it could break what they promise.
  virtual bool Knows(std::string_view name) const = 0;
};

}  // namespace duckpond
