// SPDX-License-Identifier: MIT
#include "store/store_stack.h"

#include <utility>

#include "base/check.h"
#include "store/hedging_store.h"
#include "store/metered_store.h"
#include "store/sharing_store.h"
#include "store/two_door_store.h"

namespace duckpond {

std::shared_ptr<ObjectStore> BuildStore(Env& env, std::shared_ptr<ObjectStore> base,
                                        StackOptions options) {
  CHECK(base != nullptr);
  std::shared_ptr<ObjectStore> store = std::move(base);
  if (options.faults) {
    store = std::make_shared<FaultyObjectStore>(std::move(store), *std::move(options.faults));
  }
  if (options.latency) {
    store = std::make_shared<LatencyObjectStore>(env, std::move(store), *options.latency);
  }
  store = std::make_shared<MeteredObjectStore>(std::move(store), std::move(options.ledger));
  store = std::make_shared<HedgingObjectStore>(env, std::move(store));
  if (options.retry) {
    store = std::make_shared<RetryingObjectStore>(env, std::move(store), *options.retry);
  }
  if (options.front) {
    store = std::make_shared<TwoDoorObjectStore>(env, std::move(store), std::move(options.front));
  }
  store = std::make_shared<SharingObjectStore>(env, std::move(store));
  if (!options.caches.empty()) {
    store = std::make_shared<CachingObjectStore>(env, std::move(store), std::move(options.caches));
  }
  return store;
}

}  // namespace duckpond
