// SPDX-License-Identifier: MIT
//
// The immutable objects that a base names: history segments and the parts of a large state. Each is
// written once, under a name of its own, and read whole, against the size and hash in the base.
//
// Errors:  kCorrupt – lost or altered, naming the object; else as ObjectStore.
// Format:  docs/formats/log.md
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "log/log_image.h"

namespace duckpond {

struct ObjectRef {
  std::string path;
  uint64_t bytes = 0;
  Hash hash;
};

// Ok if `reply`, to a GET of all of `key`, has all of it: a transfer that broke off says nothing
// about the object. Errors: kUnavailable.
Status CheckWhole(const GetReply& reply, std::string_view key);

// Cost: one GET, and one more, past all caches, before it is called corrupt.
Task<Result<Bytes>> ReadObject(SitePtr site, Context context, ObjectRef object);

// Writes `body` under `path`, which nobody else writes. An answer that got lost is asked for again.
// Cost: one PUT.
Task<Status> WriteObject(SitePtr site, Context context, std::string path, Bytes body);

// What a base stands for. `known` as in Folder::FoldBase. Cost: one GET for each part that the
// folder does not leave unread, kPartReadsInFlightMax at the same time.
struct LoadedState {
  StatePtr state;
  std::vector<KeyRecord> keys;
  std::string unknown_event;
  uint64_t events = 0;
};
Task<Result<LoadedState>> LoadBaseState(SitePtr site, Context context, BaseRecord base,
                                        std::vector<Event> state_lines, std::string object,
                                        StatePtr known);

// `runs` as the text of a base frame and, when that is too large, as parts, which have been
// written. Those that a base had before are only named.
struct StoredState {
  std::string text;
  std::vector<PartRef> parts;
  // What a reader of the new base folds, if there are parts that no base had before.
  std::vector<StatePart> state;
};
Task<Result<StoredState>> StoreBaseState(SitePtr site, Context context, std::vector<KeyRecord> keys,
                                         std::vector<StateRun> runs);

}  // namespace duckpond
