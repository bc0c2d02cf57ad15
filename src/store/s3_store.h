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
//            above. Nothing else is ever sent twice.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/env.h"
#include "store/object_store.h"
#include "store/s3_options.h"
#include "store/s3_reply.h"

namespace duckpond {

class S3ObjectStore final : public ObjectStore {
 public:
  // REQUIRES: options.http and options.credentials are set, as OpenS3 sees to.
  S3ObjectStore(Env& env, S3Place place, S3Options options);

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
  // The last Server header.
  std::string server() const override;

 private:
  struct Call;
  Task<Result<HttpReply>> Send(Context context, Call call);
  HttpRequest Sign(const Call& call, const AwsKeys& keys, const std::string& region) const;
  S3Asked Asked(std::string method, const std::string& key) const;
  std::string region() const;
  void set_region(std::string region);
  void NoteServer(const HttpReply& reply);

  Env& env_;
  const S3Place place_;
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<CredentialsProvider> credentials_;
  const std::string url_;
  StoreTraits traits_;

  mutable std::mutex mutex_;
  std::string region_;  // Guarded by mutex_, as is the next.
  std::string server_;
};

// The store of `url` ("s3://bucket/prefix"). Makes no request.
// Errors: kInvalid for a bad URL or setting, or if no credentials are found; kUnsupported for what
// we cannot talk to.
Result<std::shared_ptr<ObjectStore>> OpenS3(Env& env, const std::string& url, S3Options options);

}  // namespace duckpond
