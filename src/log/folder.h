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

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "log/event.h"

namespace duckpond {

class FoldedState {
 public:
  virtual ~FoldedState() = default;
};
using StatePtr = std::shared_ptr<const FoldedState>;

// The lines of a part of a base, which is read when it is needed.
//
// Threads:  may be read concurrently.
// Lifetime: must outlive its tasks.
// Errors:   kCorrupt, naming the object and line, for a part that is gone or altered; those of the
//           store.
class UnreadLines {
 public:
  virtual ~UnreadLines() = default;
  // Of this part and no other, whatever base names it.
  virtual std::string_view name() const = 0;
  // Cost: one GET each time.
  virtual Task<Result<std::vector<Event>>> Read(Context context) const = 0;
};
using UnreadLinesPtr = std::shared_ptr<const UnreadLines>;

// Lines of a state that follow each other and belong to one place: to one table, for instance.
struct StateRun {
  std::string place;
  std::vector<Event> events;
  // One JSON object, or nothing. It says what FoldBase has to know to go on without these lines: in
  // a large state they are a part of their own, which is read when it is needed.
  std::string summary;
  // Instead of events: the part that FoldBase was given. The next base names it as this one did.
  UnreadLinesPtr lines = nullptr;
};

// What a base's state is made of: events, or lines that were not read and their summary.
struct StatePart {
  std::vector<Event> events;
  std::string summary;
  UnreadLinesPtr lines;  // Null if there are events.
};

class Folder {
 public:
  virtual ~Folder() = default;

  // The state of version 0.
  virtual StatePtr Empty() const = 0;

  // `before` with the events of one commit applied. `before` is not changed.
  virtual Result<StatePtr> Fold(StatePtr before, std::span<const Event> events) const = 0;

  // Whether FoldBase takes lines that were not read; to others all parts are given as events.
  virtual bool LeavesUnread() const { return false; }

  // The state that a base carries. `known` is another state of this pond, or null: what it has read
  // of the same parts is not read again.
  virtual Result<StatePtr> FoldBase(std::span<const StatePart> parts, const StatePtr& known) const {
    static_cast<void>(known);
    StatePtr state = Empty();
    for (const StatePart& part : parts) {
      ASSIGN_OR_RETURN(state, Fold(state, part.events));
    }
    return state;
  }

  // `state` with those of its unread lines read, and checked, that are `wanted`.
  using Wanted = std::function<bool(const UnreadLines&)>;
  virtual Task<Result<StatePtr>> Read(Context context, StatePtr state, Wanted wanted) const {
    static_cast<void>(context), static_cast<void>(wanted);
    co_return state;
  }

  // `state` as the next base should carry it, with those unread lines read that it should rather
  // carry anew, together with others.
  virtual Task<Result<StatePtr>> Gather(Context context, StatePtr state) const {
    static_cast<void>(context);
    co_return state;
  }

  // Events that fold Empty() into `state`: what a base carries. Their ids are those of the events
  // that made the state, where they have one. Places rise bytewise: the parts of a large state are
  // named with the first and the last place in them, so that a reader can tell which it needs.
  virtual Result<std::vector<StateRun>> Unfold(const FoldedState& state) const = 0;

  // Whether `name` has a meaning for this program. A writer refuses a log that has events, not
  // ignorable, which it does not know: it could break what they promise.
  virtual bool Knows(std::string_view name) const = 0;
};

}  // namespace duckpond
