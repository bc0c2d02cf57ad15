// SPDX-License-Identifier: MIT
#include "store/credentials_sts.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/iso_time.h"
#include "net/http_client.h"
#include "net/shown_url.h"
#include "store/aws_profile.h"
#include "store/s3_quirks.h"
#include "store/s3_xml.h"

namespace duckpond {
namespace {

constexpr uint64_t kReplyBytesMax = 256 << 10;
constexpr size_t kTokenBytesMax = 20'000;

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string FormOf(const Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    if (!text.empty()) text += '&';
    text += name + "=" + PercentEncode(value, false);
  }
  return text;
}

Fields FieldsOf(const char* action, const RoleToAssume& role) {
  return {{"Action", action},
          {"Version", "2011-06-15"},
          {"RoleArn", role.arn},
          {"RoleSessionName", role.session_name.empty() ? "duckpond" : role.session_name},
          {"ExternalId", role.external_id},
          {"DurationSeconds", role.duration_s}};
}

// "http://host:port/path/" as the Host header and the path.
std::pair<std::string, std::string> SplitUrl(const std::string& url) {
  const size_t start = url.find("://") + 3;
  const size_t slash = url.find('/', start);
  return {url.substr(start, slash - start), url.substr(slash)};
}

Status Refused(const RoleToAssume& role, const HttpReply& reply) {
  const auto root = ParseXml(reply.body.view());
  const XmlElement* error = root.ok() ? root->Child("Error") : nullptr;
  const std::string code(error == nullptr ? "" : error->ChildText("Code"));
  std::string seen = fmt::format("assuming {} was answered {}", role.arn, reply.status);
  if (!code.empty()) seen += " " + code;
  // Who may not assume what. Of other errors the text may repeat a token.
  if (code == "AccessDenied") seen += ": " + std::string(error->ChildText("Message"));
  const bool later = reply.status >= 500 || reply.status == 429 || code == "Throttling" ||
                     code == "IDPCommunicationError";
  return later ? Status::Unavailable(seen) : Status::Invalid(seen);
}

Result<FetchedKeys> KeysOf(const RoleToAssume& role, const std::string& result_name,
                           const Result<HttpReply>& reply) {
  if (!reply.ok()) {
    const Status& error = reply.error();
    if (error.code() != StatusCode::kUnknown) return error;
    return Status::Unavailable(error.message());
  }
  if (reply->status != 200) return Refused(role, *reply);
  const auto root = ParseXml(reply->body.view());
  const XmlElement* result = root.ok() ? root->Child(result_name) : nullptr;
  const XmlElement* credentials = result == nullptr ? nullptr : result->Child("Credentials");
  if (credentials == nullptr) {
    return Status::Invalid("assuming " + role.arn + " was answered without credentials");
  }
  FetchedKeys fetched;
  fetched.keys = {std::string(credentials->ChildText("AccessKeyId")),
                  std::string(credentials->ChildText("SecretAccessKey")),
                  std::string(credentials->ChildText("SessionToken"))};
  fetched.expires_us = ParseIsoTime(credentials->ChildText("Expiration"));
  if (fetched.keys.access_key_id.empty() || fetched.keys.secret_access_key.empty() ||
      !fetched.expires_us) {
    return Status::Invalid("assuming " + role.arn + " was answered with half of the keys");
  }
  return fetched;
}

HttpRequest Post(const StsPlace& place, std::string body, std::vector<HttpHeader> headers) {
  return {.method = "POST",
          .url = place.url,
          .headers = std::move(headers),
          .body = Bytes(std::move(body)),
          .reply_bytes_max = kReplyBytesMax};
}

const HttpHeader kForm{"Content-Type", "application/x-www-form-urlencoded"};

class RoleFetcher final : public KeyFetcher {
 public:
  RoleFetcher(Env& env, StsPlace place, RoleToAssume role,
              std::shared_ptr<CredentialsProvider> with)
      : env_(env),
        place_(std::move(place)),
        role_(std::move(role)),
        with_(std::move(with)),
        source_(fmt::format("role {}, assumed at {} with keys of {}", role_.arn,
                            ShownUrl(place_.url), with_->source())) {}

  Task<Result<FetchedKeys>> Fetch(Context context) override {
    CO_ASSIGN_OR_RETURN(const AwsKeys keys, co_await with_->Get(context));
    HttpClient client(place_.http);
    HttpRequest request = Signed(keys);
    const Result<HttpReply> reply = co_await client.Send(context, std::move(request));
    // Its own keys may have run out: the next fetch gets others then.
    if (reply.ok() && reply->status == 403) with_->Renew(keys);
    co_return KeysOf(role_, "AssumeRoleResult", reply);
  }
  const std::string& source() const override { return source_; }

 private:
  HttpRequest Signed(const AwsKeys& keys) const {
    std::string body = FormOf(FieldsOf("AssumeRole", role_));
    const auto [host, path] = SplitUrl(place_.url);
    SigV4Request signing{.method = "POST",
                         .host = host,
                         .path = path,
                         .query = {},
                         .headers = {kForm},
                         .payload_hash = PayloadHash(body)};
    SignV4(keys, {.region = place_.region, .service = "sts"}, env_.clock.NowUs(), &signing);
    return Post(place_, std::move(body), std::move(signing.headers));
  }

  Env& env_;
  const StsPlace place_;
  const RoleToAssume role_;
  const std::shared_ptr<CredentialsProvider> with_;
  const std::string source_;
};

class WebIdentityFetcher final : public KeyFetcher {
 public:
  WebIdentityFetcher(StsPlace place, RoleToAssume role, std::string token_path)
      : place_(std::move(place)),
        role_(std::move(role)),
        token_path_(std::move(token_path)),
        source_(fmt::format("role {}, assumed at {} with the token in {}", role_.arn,
                            ShownUrl(place_.url), token_path_)) {}

  Task<Result<FetchedKeys>> Fetch(Context context) override {
    // Read each time: it is renewed where it lies.
    CO_ASSIGN_OR_RETURN(std::string token, ReadSmallFile(token_path_));
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
    if (token.empty() || token.size() > kTokenBytesMax) {
      co_return Status::Invalid(token_path_ + " has no token");
    }
    Fields fields = FieldsOf("AssumeRoleWithWebIdentity", role_);
    fields.emplace_back("WebIdentityToken", std::move(token));
    HttpClient client(place_.http);
    HttpRequest request = Post(place_, FormOf(fields), {kForm});
    const Result<HttpReply> reply = co_await client.Send(context, std::move(request));
    co_return KeysOf(role_, "AssumeRoleWithWebIdentityResult", reply);
  }
  const std::string& source() const override { return source_; }

 private:
  const StsPlace place_;
  const RoleToAssume role_;
  const std::string token_path_;
  const std::string source_;
};

}  // namespace

StsPlace StsPlace::Of(const EnvironmentLookup& environment, const std::string& profile_region) {
  StsPlace place;
  place.http = HttpSettings::FromEnvironment(environment);
  place.region = profile_region.empty() ? "us-east-1" : profile_region;
  for (const char* name : {"AWS_DEFAULT_REGION", "AWS_REGION"}) {
    if (const auto region = environment(name)) place.region = *region;
  }
  for (const char* name : {"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"}) {
    if (place.url.empty()) place.url = environment(name).value_or("");
  }
  if (place.url.empty()) {
    // A region that is none is refused where the bucket is located.
    place.url =
        "https://" + AwsHost("sts", IsRegionName(place.region) ? place.region : "us-east-1");
  }
  if (!place.url.ends_with('/')) place.url += '/';
  return place;
}

std::shared_ptr<KeyFetcher> FetchByRole(Env& env, StsPlace place, RoleToAssume role,
                                        std::shared_ptr<CredentialsProvider> with) {
  return std::make_shared<RoleFetcher>(env, std::move(place), std::move(role), std::move(with));
}

std::shared_ptr<KeyFetcher> FetchWithWebIdentity(StsPlace place, RoleToAssume role,
                                                 std::string token_path) {
  return std::make_shared<WebIdentityFetcher>(std::move(place), std::move(role),
                                              std::move(token_path));
}

}  // namespace duckpond
