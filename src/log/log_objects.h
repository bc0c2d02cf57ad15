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

// Cost: one GET.
Task<Result<Bytes>> ReadObject(SitePtr site, Context context, ObjectRef object);

// Writes `body` under `path`, which nobody else writes. An answer that got lost is asked for again.
// Cost: one PUT.
Task<Status> WriteObject(SitePtr site, Context context, std::string path, Bytes body);

// What the base of `log` stands for. Cost: none while the state is in the base, else one GET a
// part, kPartReadsInFlightMax at the same time.
struct LoadedState {
  StatePtr state;
  std::vector<KeyRecord> keys;
  std::string unknown_event;
  uint64_t events = 0;
};
Task<Result<LoadedState>> LoadBaseState(SitePtr site, Context context, BaseRecord base,
                                        std::vector<Event> state_lines, std::string object);

// `state` as the text of a base frame, or, when that is too large, as parts that have been written.
struct StoredState {
  std::string text;  // Empty when there are parts.
  std::vector<PartRef> parts;
};
Task<Result<StoredState>> StoreBaseState(SitePtr site, Context context, std::vector<KeyRecord> keys,
                                         std::vector<StateRun> runs);

}  // namespace duckpond
