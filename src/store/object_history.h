// SPDX-License-Identifier: MIT
//
// ObjectHistory: earlier contents of an object, where a store keeps them (a bucket with
// versioning). Apart from ObjectStore, because nothing but recovery may depend on it.
//
// Threads:   all methods may be called concurrently.
// Lifetime:  outlives its tasks.
// Errors:    as object_store.h; nothing is sent twice.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace duckpond {

struct ObjectVersion {
  std::string id;       // The store's own, opaque.
  int64_t time_us = 0;  // When it was written, by the store's clock.
  uint64_t bytes = 0;
  bool latest = false;   // What a plain read gives.
  bool deleted = false;  // Somebody deleted the object then: there is no content.
};

class ObjectHistory {
 public:
  virtual ~ObjectHistory() = default;

  // What is known of `key`, the newest first, at most count_max of them. A store that could keep
  // versions and was not told to gives the present content only. Cost: one request a page of 1,000.
  virtual Task<Result<std::vector<ObjectVersion>>> Versions(Context context, std::string key,
                                                            size_t count_max) = 0;

  // The content of one. Errors: kNotFound if it is gone. Cost: one request.
  virtual Task<Result<Bytes>> ReadVersion(Context context, std::string key, std::string id,
                                          uint64_t bytes_max) = 0;

  // Takes back the deletion that is version `id`: if nothing was written since, the content before
  // it is there again. Cost: one request.
  virtual Task<Status> Undelete(Context context, std::string key, std::string id) = 0;
};

}  // namespace duckpond
