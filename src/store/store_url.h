// SPDX-License-Identifier: MIT
//
// From a URL to a store with its wrappers: "./dir", "/dir", "file:///dir", "memory:",
// "memory:name", "s3://bucket/prefix", "dynamodb://table/prefix", "https://host/path".
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/cost.h"
#include "base/env.h"
#include "store/object_history.h"
#include "store/object_store.h"
#include "store/process_caches.h"
#include "store/s3_options.h"

namespace duckpond {

struct StoreUrl {
  enum class Kind : unsigned char { kMemory, kDirectory, kS3, kDynamo, kHttp };
  Kind kind = Kind::kDirectory;
  // The directory's path, the memory's name (may be empty), the bucket, the table, or the URL
  // itself.
  std::string place;
  std::string prefix;  // Of kS3 and kDynamo: no '/' at either end; may be empty.
};

// Errors: kInvalid, saying how it should be written. kUnsupported for schemes that are known and
// not offered, saying what is.
Result<StoreUrl> ParseStoreUrl(std::string_view url);

struct OpenOptions {
  bool create_directory = false;  // A missing directory is made by the first write.
  std::string latency;            // A profile of store/latency_store.h to imitate; empty for none.
  // Where requests are counted besides the ledger of their context; may be null. Shared, because a
  // process keeps one for all its stores.
  std::shared_ptr<CostLedger> ledger;
  CacheOptions cache;  // Of stores that are far away: a directory and memory need none.
  // The http(s):// URL of a CDN in front of the store: a second door, see store/two_door_store.h.
  std::string cdn;
  S3Options s3;  // Of s3:// and dynamodb:// URLs; what is left out comes from the environment and
                 // shared files.
};

// Sends nothing: a bucket's existence and permissions show with the first request.
// Errors: those of ParseStoreUrl; kNotFound, kInvalid, kUnsupported of a directory that cannot be
// used; kInvalid for credentials that are missing or an unknown latency profile.
// Lifetime: the store borrows env.
Result<std::shared_ptr<ObjectStore>> OpenStore(Env& env, const std::string& url,
                                               OpenOptions options);

// Where earlier contents of the objects below `url` are found; null where such a store keeps none.
// Sends nothing. Errors: as OpenStore.
Result<std::shared_ptr<ObjectHistory>> OpenHistory(Env& env, const std::string& url,
                                                   OpenOptions options);

}  // namespace duckpond
