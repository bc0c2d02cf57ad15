// SPDX-License-Identifier: MIT
//
// The proof that a store honours conditions: without it, two writers would each believe that they
// had committed. Some servers ignore If-Match or If-None-Match and answer 200; some let If-Match
// succeed on a missing key; some check and write without a lock between. Such a store is refused
// before the first write to a pond.
//
// The proof's text is remembered in the pond; while it equals ProofText of the store at hand, no
// new proof is needed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "store/object_store.h"

namespace duckpond {

// What a pond remembers of a proof: its version and the endpoint it holds for.
std::string ProofText(const ObjectStore& store);

// A proof whose objects are still there.
struct StoreProof {
  std::string text;                  // ProofText.
  std::vector<std::string> objects;  // Keys below "proof/"; there may be nothing under some.
};

// Tries conditional writes on objects below "proof/". After an error they are gone.
// Errors: kUnsupported – the store does not honour conditions, saying which, or is known to lose
// races. kUnavailable – it did not answer clearly; try again. kInvalid – see object_store.h.
// Cost: 12 requests in 4 round trips, one more where it can append, a few more if an answer is in
// doubt; on a store that admits one write of a key a second, some five seconds.
Task<Result<StoreProof>> TryConditions(Env& env, std::shared_ptr<ObjectStore> store,
                                       Context context);
// Removes the objects, as far as it can: they are in nobody's way. Never fails.
// Cost: three requests, in one round trip.
Task<Status> RemoveProof(std::shared_ptr<ObjectStore> store, Context context, StoreProof proof);

// Both; returns ProofText.
Task<Result<std::string>> ProveConditions(Env& env, std::shared_ptr<ObjectStore> store,
                                          Context context);

}  // namespace duckpond
