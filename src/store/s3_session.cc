// SPDX-License-Identifier: MIT
#include "store/s3_session.h"

#include <fmt/format.h>

#include <utility>

#include "base/iso_time.h"
#include "store/renewed_credentials.h"
#include "store/s3_reply.h"
#include "store/s3_xml.h"

namespace duckpond {
namespace {

constexpr uint64_t kReplyBytesMax = 256 << 10;

class SessionFetcher final : public KeyFetcher {
 public:
  SessionFetcher(S3Place place, const S3Options& options)
      : place_(std::move(place)),
        http_(options.http),
        own_(options.credentials),
        clock_(options.clock),
        source_(
            fmt::format("a session of bucket {} with keys of {}", place_.bucket, own_->source())) {}

  Task<Result<FetchedKeys>> Fetch(Context context) override {
    CO_ASSIGN_OR_RETURN(const AwsKeys keys, co_await own_->Get(context));
    const int64_t signed_us = clock_->NowUs();
    HttpRequest request = Signed(keys, signed_us);
    const Result<HttpReply> reply = co_await http_->Send(context, std::move(request));
    if (!reply.ok()) {
      if (reply.error().code() != StatusCode::kUnknown) co_return reply.error();
      co_return Status::Unavailable(reply.error().message());
    }
    if (reply->status != 200) co_return Refused(keys, signed_us, *reply);
    co_return KeysOf(*reply);
  }
  const std::string& source() const override { return source_; }

 private:
  HttpRequest Signed(const AwsKeys& keys, int64_t now_us) const {
    SigV4Request signing{.method = "GET",
                         .host = place_.HostIn(place_.region),
                         .path = place_.PathOf(""),
                         .query = {{"session", ""}},
                         .headers = {},
                         .payload_hash = PayloadHash("")};
    SignV4(keys, {.region = place_.region, .service = place_.quirks.signing_service}, now_us,
           &signing);
    HttpRequest request;
    request.url = place_.scheme + "://" + signing.host + EncodedTarget(signing);
    request.headers = std::move(signing.headers);
    request.reply_bytes_max = kReplyBytesMax;
    return request;
  }

  Status Refused(const AwsKeys& keys, int64_t signed_us, const HttpReply& reply) const {
    const std::string code = ErrorOf(reply).code;
    // The server's own text may repeat the key.
    const std::string seen = fmt::format("CreateSession of bucket {} was answered {} {}",
                                         place_.bucket, reply.status, code);
    if (code == "RequestTimeTooSkewed") {
      const auto skew = clock_->Correct(reply, signed_us);
      if (skew && skew->corrected) return Status::Unavailable(seen + ": " + skew->text);
      return Status::Invalid(seen + ": check this machine's clock");
    }
    const bool renewed = code == "ExpiredToken" && own_->Renew(keys);
    if (renewed || reply.status >= 500 || reply.status == 429) return Status::Unavailable(seen);
    return Status::Invalid(seen +
                           ": it needs the permission s3express:CreateSession, AWS_REGION "
                           "as the bucket's, and keys that are known there");
  }

  Result<FetchedKeys> KeysOf(const HttpReply& reply) const {
    const auto root = ParseXml(reply.body.view());
    const XmlElement* credentials = root.ok() ? root->Child("Credentials") : nullptr;
    if (credentials == nullptr) {
      return Status::Invalid("CreateSession of bucket " + place_.bucket +
                             " was answered without credentials");
    }
    FetchedKeys fetched;
    fetched.keys = {std::string(credentials->ChildText("AccessKeyId")),
                    std::string(credentials->ChildText("SecretAccessKey")),
                    std::string(credentials->ChildText("SessionToken"))};
    fetched.expires_us = ParseIsoTime(credentials->ChildText("Expiration"));
    if (fetched.keys.session_token.empty() || !fetched.expires_us) {
      return Status::Invalid("CreateSession of bucket " + place_.bucket +
                             " was answered with half of the keys");
    }
    return fetched;
  }

  const S3Place place_;
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<CredentialsProvider> own_;
  const std::shared_ptr<ServerClock> clock_;
  const std::string source_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> ExpressSession(Env& env, const S3Place& place,
                                                    const S3Options& options) {
  return RenewedCredentials(env, std::make_shared<SessionFetcher>(place, options));
}

}  // namespace duckpond
