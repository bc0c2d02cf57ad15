// SPDX-License-Identifier: MIT
//
// HttpClient: sends requests over kept-alive connections and says exactly what is known of their
// fate. It never retries, nor lets the library below it: a conditional write that is silently sent
// twice answers "conflict" to the one who made it.
//
// Threads:   Send may be called concurrently. One thread per client drives all its connections.
// Lifetime:  the client outlives the start of every Send; requests under way at its end are given
//            up.
// Errors:    of Send, for a request that was not fully answered:
//            kUnavailable – nothing was sent: no such host, refused, TLS failed, or too many
//            requests are waiting. Try later. kCancelled – the context ended before anything was
//            sent. kUnknown – all or part of it was sent, then the connection broke, the server
//            stalled, its reply stopped short, or the context ended. Harmless for a GET; a write
//            may have happened. kExhausted – the reply was longer than allowed: sent, and answered
//            in some way. kInvalid – a URL or header that is none, a certificate that is not
//            trusted. A reply of any HTTP status is no error. Redirects are not followed.
#pragma once

#include <memory>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "net/http_message.h"
#include "net/http_settings.h"

namespace duckpond {

class HttpClient {
 public:
  // Opens no connection yet.
  explicit HttpClient(HttpSettings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // One exchange. The body is read from the caller's buffer. Cost: one request, and a connection's
  // handshake if none is free.
  Task<Result<HttpReply>> Send(Context context, HttpRequest request);

 private:
  class Loop;
  std::shared_ptr<Loop> loop_;
};

}  // namespace duckpond
