// SPDX-License-Identifier: MIT
//
// S3ObjectStore: a bucket of S3 or its kin, or a part of one, as an ObjectStore. Conditional writes
// are If-None-Match: * and If-Match; tags are ETags as the server writes them.
//
// Threads:   all methods may be called concurrently.
// Lifetime:  borrows Env, which must outlive it; outlives its tasks.
// Errors:    as object_store.h says; which reply means what is in store/s3_reply.h.
// Caveats:   Delete of a missing object says kDeleted: S3 does not tell. A bucket that turns out to
//            live in another region costs one more request, once; it is not counted by a meter
//            above. Nothing else is ever sent twice, but for parts of large objects
//            (store/s3_upload.h).
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "store/object_store.h"
#include "store/s3_options.h"
#include "store/s3_sender.h"

namespace duckpond {

class S3ObjectStore final : public ObjectStore {
 public:
  // REQUIRES: options.http and options.credentials are set, as OpenS3 sees to.
  S3ObjectStore(Env& env, S3Place place, const S3Options& options);

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
  std::string endpoint() const override;
  std::string server() const override { return sender_.server(); }

 private:
  S3Call Call(std::string method, const std::string& key) const;
  Status CheckWrite(const std::string& key, const Bytes& body) const;

  Env& env_;
  S3Sender sender_;
  const std::string url_;
  const uint64_t part_bytes_;
  StoreTraits traits_;
};

// Fills in what `options` leave out of how `place` is reached: credentials and a client.
// Errors: kInvalid if no credentials are found; kUnsupported.
Status FindS3Access(Env& env, const S3Place& place, S3Options& options);

// The store of `url` ("s3://bucket/prefix"). Makes no request.
// Errors: kInvalid for a bad URL or setting, or if no credentials are found; kUnsupported for what
// we cannot talk to.
Result<std::shared_ptr<ObjectStore>> OpenS3(Env& env, const std::string& url, S3Options options);

}  // namespace duckpond
