// SPDX-License-Identifier: MIT
//
// HttpTransfer: one request on its way through libcurl: hands over the request, gathers the reply,
// and judges afterwards what is known of the outcome. The rules that HttpClient promises live here.
//
// Threads:   made anywhere; from Attach on used by the client's thread only, but for `done` and
//            `cancelled`, and what is const.
// Lifetime:  outlives the libcurl handle it is attached to, which points into it.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "net/http_message.h"
#include "net/http_settings.h"

namespace duckpond {

class HttpTransfer {
 public:
  HttpTransfer(HttpRequest request, MonotonicUs deadline, Executor* clock)
      : deadline_us(deadline), executor(clock), request_(std::move(request)) {}
  ~HttpTransfer() { curl_slist_free_all(header_list_); }
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // Sets up a fresh libcurl handle for this request.
  // Errors: kInvalid for a request that cannot be sent as it stands.
  Status Attach(CURL* easy, const HttpSettings& settings);

  // The outcome once libcurl is done with the handle. `code` is CURLE_ABORTED_BY_CALLBACK for a
  // transfer that was taken out on purpose.
  Result<HttpReply> Finish(CURLcode code);

  // Whether any byte of the request has been given to a connection.
  bool sent() const;

  // When the client takes it out, by the clock of the executor that waits for it. Not left to
  // libcurl, which forgets the time limit of a transfer that waits for a connection.
  const MonotonicUs deadline_us;
  Executor* const executor;

  Completion<Result<HttpReply>> done;
  std::atomic<bool> cancelled{false};

 private:
  Status CheckRequest() const;
  Status AddHeaders();
  void AttachBody();
  void AttachLimits(const HttpSettings& settings);
  void AttachRoute(const HttpSettings& settings);
  std::string Describe(CURLcode code) const;
  bool StatusLine(std::string_view line);
  bool StoppedShort() const;

  // What libcurl calls back.
  static int BeforeRequest(void* self, char*, char*, int, int);
  static size_t ReadBody(char* out, size_t size, size_t count, void* self);
  static size_t TakeHeader(char* data, size_t size, size_t count, void* self);
  static size_t TakeBody(char* data, size_t size, size_t count, void* self);

  HttpRequest request_;
  CURL* easy_ = nullptr;
  curl_slist* header_list_ = nullptr;
  char error_[CURL_ERROR_SIZE] = "";

  int attempts_ = 0;               // How often libcurl was about to send the request.
  bool replay_refused_ = false;    // It wanted to send it a second time.
  long bytes_before_request_ = 0;  // Sent on the way there: a proxy's CONNECT.
  size_t body_offset_ = 0;

  HttpReply reply_;
  std::string reply_body_;
  bool reply_headers_ended_ = false;
  size_t reply_header_bytes_ = 0;
  std::string too_much_;  // Which limit the reply went over; empty while none.
};

}  // namespace duckpond
