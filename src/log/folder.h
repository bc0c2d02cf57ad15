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

// Lines of a state that follow each other and belong to one place: to one table, for instance.
struct StateRun {
  std::string place;
  std::vector<Event> events;
  // One JSON object, or nothing. It says what FoldBase has to know to go on without these lines: in
  // a large state they are a part of their own, which is taken apart when it is needed.
  std::string summary;
};

// The lines of such a part.
//
// Threads:  may be read concurrently.
// Errors:   kCorrupt, naming the object and line.
// Cost:     no request; all of the part is taken apart each time.
class UnreadLines {
 public:
  virtual ~UnreadLines() = default;
  virtual Result<std::vector<Event>> Read() const = 0;
};

// What a base's state is made of: events, or lines that were not read and their summary.
struct StatePart {
  std::vector<Event> events;
  std::string summary;
  std::shared_ptr<const UnreadLines> lines;  // Null if there are events.
};

class Folder {
 public:
  virtual ~Folder() = default;

  // The state of version 0.
  virtual StatePtr Empty() const = 0;

  // `before` with the events of one commit applied. `before` is not changed.
  virtual Result<StatePtr> Fold(StatePtr before, std::span<const Event> events) const = 0;

  // The state that a base carries. A folder that gives no summaries need not know them.
  virtual Result<StatePtr> FoldBase(std::span<const StatePart> parts) const {
    StatePtr state = Empty();
    for (const StatePart& part : parts) {
      if (part.lines == nullptr) {
        ASSIGN_OR_RETURN(state, Fold(state, part.events));
        continue;
      }
      ASSIGN_OR_RETURN(const std::vector<Event> events, part.lines->Read());
      ASSIGN_OR_RETURN(state, Fold(state, events));
    }
    return state;
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
