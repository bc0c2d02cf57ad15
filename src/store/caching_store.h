// SPDX-License-Identifier: MIT
//
// CachingObjectStore: answers from what was read before, as far as the caller lets it: see
// GetOptions::age_us_max. Above the retries, which it spares.
//
//   age_us_max        answered from a cache
//   kFromStore        never; and what is kept is forgotten, since who asks so may have found it to
//                     be damaged
//   0                 if the store says that the object is unchanged
//   more              if what is kept was asked for so recently; else as for 0
//   kAnyAge           always, if it is kept at all: for objects that are never written twice
//
// Invariants:  1. An answer is what the store gave to one Get, or a part of it.  2. That an object
//              is missing, and what failed, is never kept.  3. A cache that is damaged or full
//              makes an answer slower, never wrong.
// Threads:     all methods may be called concurrently.
// Lifetime:    borrows env; shares the caches with other stores.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "store/part_cache.h"
#include "store/store_wrapper.h"

namespace duckpond {

class CachingObjectStore final : public StoreWrapper {
 public:
  // The fastest cache first; what a slower one has is kept in those before it too.
  using Caches = std::vector<std::shared_ptr<PartCache>>;
  CachingObjectStore(Env& env, std::shared_ptr<ObjectStore> below, Caches caches);

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override;
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override;
  Task<Result<PutReply>> Append(Context context, std::string key, Bytes body,
                                AppendPosition position) override;
  Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                   std::optional<ObjectTag> if_match) override;

 private:
  std::string NameOf(const std::string& key) const;
  std::optional<CachedPart> Find(const std::string& name, const ByteRange& range) const;
  void Insert(const std::string& name, const CachedPart& part) const;
  void Forget(const std::string& name) const;

  Env& env_;
  const Caches caches_;
  const std::string store_;  // Tells this store from all others.
};

}  // namespace duckpond
