// SPDX-License-Identifier: MIT
//
// HttpObjectStore: the objects below a URL of any file server, public bucket or CDN, read without
// signing in, never written.
//
//   GET {url}/{key}, with Range and If-None-Match where asked. `Cache-Control: no-cache` goes with
//   it where nothing old will do, and max-age where something not older than that will; caches that
//   ignore both show in GetReply::age_us (store/http_reply.h says how it is known).
//
// Tags:      a strong ETag as it stands. Where the server gives none, a hash of the whole content,
//            which then has to be read whole; a date is no tag, two versions may have the same.
// Redirects: refused, saying where they lead: each object would cost two round trips, and the
// server
//            would choose whom this process talks to.
// Threads:   all methods may be called concurrently.
// Lifetime:  borrows Env, which must outlive it; outlives its tasks.
// Errors:    as object_store.h says. A 404 or 410 is a missing object, whatever page comes with it.
//            kInvalid – 401, 403, a redirect, a certificate that is not trusted, and every write.
//            kUnavailable – 408, 429, 5xx, half an answer. kCorrupt – an answer that is none.
// Caveats:   a server that turns out to give no tags costs one more request, once; it is not
// counted
//            by a meter above.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/env.h"
#include "net/http_client.h"
#include "store/object_store.h"

namespace duckpond {

class HttpObjectStore final : public ObjectStore {
 public:
  // `url` as LocateHttp gives it.
  HttpObjectStore(Env& env, std::string url, std::shared_ptr<HttpClient> http);

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
  std::string endpoint() const override { return url_; }
  // The last Server header.
  std::string server() const override;

 private:
  Status ReadOnly() const;
  void NoteServer(const HttpReply& reply);

  Env& env_;
  const std::string url_;
  const std::shared_ptr<HttpClient> http_;
  StoreTraits traits_;
  std::atomic<bool> gives_tags_ = true;  // Until an answer without one was seen.

  mutable std::mutex mutex_;
  std::string server_;  // Guarded by mutex_.
};

// "http(s)://host[:port][/path]", percent-encoded as it stands, without a '/' at the end.
// Errors: kInvalid, saying how it should be written; a URL that may hold a secret is not repeated.
Result<std::string> LocateHttp(std::string_view url);

// The store of `url`. Makes no request. Errors: those of LocateHttp.
Result<std::shared_ptr<ObjectStore>> OpenHttp(Env& env, std::string_view url);

}  // namespace duckpond
