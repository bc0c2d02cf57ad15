// SPDX-License-Identifier: MIT
//
// BuildStore: puts the wrappers around a store, in the one order in which they tell the truth:
//
//   cache    – answers what need not be asked; below it what is asked by several is sent once.
//   doors    – reads through a CDN what may be old; above the retries, which are the origin's.
//   retry    – asks again; above the meter, because each attempt is billed.
//   hedge    – asks once more for what takes too long; above the meter, because both are billed.
//   meter    – counts what is sent, and what it takes as the caller sees it.
//   latency  – what a far store would take.
//   fault    – what a bad network does; nearest to the store, so that all above must cope.
//   the store itself
#pragma once

#include <memory>
#include <optional>

#include "base/cost.h"
#include "base/env.h"
#include "store/caching_store.h"
#include "store/faulty_store.h"
#include "store/latency_store.h"
#include "store/retrying_store.h"

namespace duckpond {

struct StackOptions {
  CachingObjectStore::Caches caches;                   // None: each read is a request.
  std::optional<RetryOptions> retry = RetryOptions{};  // None: every failure is the caller's.
  // Where requests are counted besides the ledger of their context; may be null. Shared, because a
  // process keeps one for all its stores.
  std::shared_ptr<CostLedger> ledger;
  // A CDN's store, with its own wrappers, as a second door (store/two_door_store.h); may be null.
  std::shared_ptr<ObjectStore> front;
  std::optional<LatencyProfile> latency;
  std::optional<FaultOptions> faults;
};

// Lifetime: borrows env; the result keeps `base`, which others may share too.
std::shared_ptr<ObjectStore> BuildStore(Env& env, std::shared_ptr<ObjectStore> base,
                                        StackOptions options);

}  // namespace duckpond
