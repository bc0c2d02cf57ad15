// SPDX-License-Identifier: MIT
//
// MemoryObjectStore: an object store that is a map, for tests, simulations and `memory:` ponds. As
// on S3, the tag is a hash of the content: a writer that puts old bytes back restores the old tag.
//
// Threads:   all methods may be called concurrently; each call happens at one moment, so that
//            several simulated clients may share one.
// Lifetime:  of Named: the process.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "store/object_store.h"

namespace duckpond {

class MemoryObjectStore final : public ObjectStore {
 public:
  struct Options {
    std::string name;         // For url(): "memory:name".
    bool can_append = false;  // Most real stores cannot; see object_store.h.
  };
  MemoryObjectStore();
  explicit MemoryObjectStore(Options options);

  // The store of that name, shared by all in this process that ask for it; made on first use.
  static std::shared_ptr<MemoryObjectStore> Named(const std::string& name);

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override;
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override;
  Task<Result<PutReply>> Append(Context context, std::string key, Bytes body,
                                AppendPosition position) override;
  Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                   std::optional<ObjectTag> if_match) override;
  Task<Result<ListReply>> List(Context context, std::string prefix,
                               std::optional<std::string> token) override;
  const StoreTraits& traits() const override { return traits_; }
  const std::string& url() const override { return url_; }
  std::string endpoint() const override { return "memory:"; }

 private:
  struct Object {
    Bytes content;
    ObjectTag tag;
  };

  PutReply Write(const std::string& key, Bytes body);  // REQUIRES: mutex_ is held.

  StoreTraits traits_;
  std::string url_;
  std::mutex mutex_;
  std::map<std::string, Object> objects_;  // Guarded by mutex_.
};

}  // namespace duckpond
