// SPDX-License-Identifier: MIT
#include "store/s3_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/check.h"
#include "store/http_reply.h"

namespace duckpond {
namespace {

// Replies without an object.
constexpr uint64_t kErrorBytesMax = 256 << 10;
// The first answer may name another region, the second must not.
constexpr int kRegionsTriedMax = 2;
// From this size on, hashing a body takes as long as a good part of sending it.
constexpr size_t kHashedBytesMax = 1 << 20;
constexpr int64_t kSecondUs = 1'000'000;

int64_t RetryAfterOf(const HttpReply& reply) {
  const std::string_view text = reply.Find("retry-after").value_or("");
  uint32_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return seconds * kSecondUs;
}

bool SaysExpired(std::string_view code) {
  return code == "ExpiredToken" || code == "ExpiredTokenException" ||
         code == "TokenRefreshRequired" || code == "RequestExpired";
}

}  // namespace

S3Sender::S3Sender(Env& env, S3Place place, const S3Options& options)
    : place_(std::move(place)),
      http_(options.http),
      credentials_(options.credentials),
      clock_(options.clock),
      reads_(env),
      writes_(env),
      region_(place_.region) {
  CHECK(http_ != nullptr && credentials_ != nullptr && clock_ != nullptr);
}

std::string S3Sender::server() const {
  std::lock_guard lock(mutex_);
  return server_;
}

std::string S3Sender::region() const {
  std::lock_guard lock(mutex_);
  return region_;
}

S3Asked S3Sender::Asked(std::string method, const std::string& key) const {
  return {.method = std::move(method),
          .url = "s3://" + place_.bucket + "/" + place_.prefix + key,
          .bucket = place_.bucket,
          .endpoint = place_.scheme + "://" + place_.HostIn(region()),
          .keys_source = credentials_->source()};
}

HttpRequest S3Sender::Sign(const S3Call& call, Signing with) const {
  const bool unsigned_body = place_.scheme == "https" && call.body.size() >= kHashedBytesMax;
  SigV4Request signing{.method = call.method,
                       .host = place_.HostIn(with.region),
                       .path = place_.PathOf(call.key),
                       .query = call.query,
                       .headers = call.headers,
                       .payload_hash = unsigned_body ? std::string(kUnsignedPayload)
                                                     : PayloadHash(call.body.view())};
  for (const HttpHeader& header : place_.quirks.headers) signing.headers.push_back(header);
  if (!place_.quirks.session_header.empty()) {
    signing.headers.push_back({place_.quirks.session_header, std::move(with.keys.session_token)});
    with.keys.session_token.clear();
  }
  SignV4(with.keys, {.region = with.region, .service = place_.quirks.signing_service}, with.now_us,
         &signing);
  return {.method = call.method,
          .url = place_.scheme + "://" + signing.host + EncodedTarget(signing),
          .headers = std::move(signing.headers),
          .body = call.body,
          .expect_continue = call.expect_continue,
          .reply_bytes_max = std::max(call.reply_bytes_max, kErrorBytesMax)};
}

Task<Result<HttpReply>> S3Sender::Send(Context context, S3Call call) {
  RequestPace& pace = call.method == "GET" ? reads_ : writes_;
  const Status turn = co_await pace.Wait(context);
  if (!turn.ok()) co_return turn.Prefixed("s3://" + place_.bucket + "/" + call.key);
  for (int tried = 1;; ++tried) {
    Signing with;
    Result<AwsKeys> keys = co_await credentials_->Get(context);
    if (!keys.ok()) co_return keys.error().Prefixed("s3://" + place_.bucket + "/" + call.key);
    with.keys = *std::move(keys);
    with.region = region();
    with.now_us = clock_->NowUs();
    HttpRequest request = Sign(call, with);
    Result<HttpReply> reply = co_await http_->Send(context, std::move(request));
    if (!reply.ok()) {
      co_return reply.error().Prefixed("s3://" + place_.bucket + "/" + call.key);
    }
    Learn(call, *reply, pace);
    std::optional<std::string> elsewhere = RegionElsewhere(*reply);
    if (elsewhere && *elsewhere != with.region && tried < kRegionsTriedMax) {
      std::lock_guard lock(mutex_);
      region_ = *std::move(elsewhere);
      continue;
    }
    const Status refused = Refused(call, with, *reply);
    if (!refused.ok()) co_return refused;
    co_return reply;
  }
}

void S3Sender::Learn(const S3Call& call, const HttpReply& reply, RequestPace& pace) {
  if (reply.status == 503 || reply.status == 429) {
    pace.Throttled(call.key, RetryAfterOf(reply));
  } else if (reply.status < 500) {
    pace.Answered();
  }
  const auto name = reply.Find("server");
  if (!name) return;
  std::lock_guard lock(mutex_);
  server_ = *name;
}

// What is mended by asking again, after which it is the caller's to do so: nothing is sent twice
// below the meter.
Status S3Sender::Refused(const S3Call& call, const Signing& with, const HttpReply& reply) {
  if (reply.status != 400 && reply.status != 403) return Status::Ok();
  const std::string code = ErrorOf(reply).code;
  const std::string seen =
      fmt::format("{} s3://{}/{}: {}://{} answered {} {}", call.method, place_.bucket, call.key,
                  place_.scheme, place_.HostIn(with.region), reply.status, code);
  if (code == "RequestTimeTooSkewed") {
    const auto skew = clock_->Correct(reply, with.now_us);
    if (!skew) return Status::Ok();
    if (skew->corrected) {
      return Status::Unavailable(
          fmt::format("{}: {}; requests are signed by the server's from now on", seen, skew->text));
    }
    return Status::Invalid(fmt::format(
        "{}: {}, and requests are signed by the server's; set the clock", seen, skew->text));
  }
  if (!SaysExpired(code) || !credentials_->Renew(with.keys)) return Status::Ok();
  return Status::Unavailable(
      fmt::format("{}; keys come from {} and are fetched anew", seen, credentials_->source()));
}

}  // namespace duckpond
