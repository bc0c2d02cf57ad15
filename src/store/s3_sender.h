// SPDX-License-Identifier: MIT
//
// S3Sender: signs requests to one bucket and sends them; what is learnt from a reply for the next
// request is learnt here: the bucket's region, the server's clock and name, the pace it bears, keys
// that have run out.
//
// Payload:   the body's hash is signed; over TLS, from 1 MiB on, it is not computed, since TLS
// keeps
//            the body whole. Bodies always have a Content-Length, never chunks.
// Threads:   all methods may be called concurrently.
// Lifetime:  borrows env; outlives its tasks.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/env.h"
#include "store/request_pace.h"
#include "store/s3_options.h"
#include "store/s3_reply.h"

namespace duckpond {

struct S3Call {
  S3Call(std::string m, std::string k) : method(std::move(m)), key(std::move(k)) {}

  std::string method;
  std::string key;  // With the store's prefix; empty for the bucket itself.
  std::vector<std::pair<std::string, std::string>> query;
  std::vector<HttpHeader> headers;
  Bytes body;
  bool expect_continue = false;
  uint64_t reply_bytes_max = 0;  // Of an object; errors have their own limit.
};

class S3Sender {
 public:
  // REQUIRES: FindAccess has filled in the options.
  S3Sender(Env& env, S3Place place, const S3Options& options);

  // One request; one more, once, when the bucket turns out to live in another region.
  // Errors: those of HttpClient::Send, of CredentialsProvider::Get and of RequestPace::Wait.
  // kUnavailable – the keys had run out, or this machine's clock is wrong: nothing happened, and
  // the next request is signed with new keys, or by the server's clock. kInvalid – that did not
  // help.
  Task<Result<HttpReply>> Send(Context context, S3Call call);

  const S3Place& place() const { return place_; }
  // For messages. `key` has no prefix.
  S3Asked Asked(std::string method, const std::string& key) const;
  // The last Server header.
  std::string server() const;

 private:
  // How a request was signed.
  struct Signing {
    AwsKeys keys;
    std::string region;
    int64_t now_us = 0;
  };
  HttpRequest Sign(const S3Call& call, Signing with) const;
  std::string region() const;
  void Learn(const S3Call& call, const HttpReply& reply, RequestPace& pace);
  Status Refused(const S3Call& call, const Signing& with, const HttpReply& reply);

  const S3Place place_;
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<CredentialsProvider> credentials_;
  const std::shared_ptr<ServerClock> clock_;
  RequestPace reads_;
  RequestPace writes_;

  mutable std::mutex mutex_;
  std::string region_;  // Guarded by mutex_, as is all below.
  std::string server_;
};

}  // namespace duckpond
