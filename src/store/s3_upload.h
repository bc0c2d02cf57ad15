// SPDX-License-Identifier: MIT
//
// UploadInParts: writes a big object by several connections at once (S3's multipart upload). Nobody
// sees the parts before the last request, which carries the condition.
//
// Failures:  before the last request nothing has happened; the parts are given up (aborted). A part
//            that was not answered is sent again, kPartAttemptsMax times at most: the one exception
//            to "a store never retries", since doing so all again would be for nothing. Parts of a
//            process that dies stay until the bucket's lifecycle rule removes them
//            (AbortIncompleteMultipartUpload; docs/guide/stores.md).
// Threads:   a task. Lifetime: borrows env and sender.
// Memory:    none: parts are pieces of the body.
// Limits:    10,000 parts; parts grow with the object, so that 5 TiB fit.
// Cost:      a request a part and two more; PutReply::requests says how many there were.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "store/object_store.h"
#include "store/s3_sender.h"

namespace duckpond {

inline constexpr uint64_t kUploadBytesMax = uint64_t{5} << 40;

// How large the parts of an object of `size` bytes are, where `wanted` is what a part should have.
uint64_t PartBytesOf(uint64_t size, uint64_t wanted);

struct S3Upload {
  std::string key;  // Without the store's prefix.
  Bytes body;
  PutCondition condition;
  std::vector<HttpHeader> headers = {};     // Of the object.
  std::vector<HttpHeader> conditions = {};  // `condition` as headers.
  uint64_t part_bytes = 0;
};

// Errors: as ObjectStore::Put.
Task<Result<PutReply>> UploadInParts(Env& env, S3Sender& sender, Context context, S3Upload upload);

}  // namespace duckpond
