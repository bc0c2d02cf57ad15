// SPDX-License-Identifier: MIT
#include "store/credentials_sso.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <utility>

#include "base/encoding.h"
#include "base/iso_time.h"
#include "base/sha1.h"
#include "net/http_client.h"
#include "net/shown_url.h"
#include "store/s3_quirks.h"

namespace duckpond {
namespace {

constexpr uint64_t kReplyBytesMax = 64 << 10;
constexpr int64_t kUsPerMs = 1'000;

struct SsoPlace {
  std::string portal;  // Its URL, without '/' at the end.
  std::string account;
  std::string role;
  std::string token_path;  // Where `aws sso login` keeps the token.
  std::string profile;
  HttpSettings http;
};

std::string TextOf(const simdjson::dom::element& object, const char* name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

// "…T…Z", or "…T…UTC" as older tools wrote.
std::optional<int64_t> ParseEnd(std::string text) {
  constexpr std::string_view kUtc = "UTC";
  if (text.ends_with(kUtc)) text.replace(text.size() - kUtc.size(), kUtc.size(), "Z");
  return ParseIsoTime(text);
}

class SsoFetcher final : public KeyFetcher {
 public:
  SsoFetcher(Env& env, SsoPlace place)
      : env_(env),
        place_(std::move(place)),
        source_(fmt::format("single sign-on of profile {}, account {}, role {}, at {}",
                            place_.profile, place_.account, place_.role, ShownUrl(place_.portal))) {
  }

  Task<Result<FetchedKeys>> Fetch(Context context) override {
    CO_ASSIGN_OR_RETURN(std::string token, Token());
    HttpRequest request;
    request.url =
        fmt::format("{}/federation/credentials?role_name={}&account_id={}", place_.portal,
                    PercentEncode(place_.role, false), PercentEncode(place_.account, false));
    request.headers.push_back({"x-amz-sso_bearer_token", std::move(token)});
    request.reply_bytes_max = kReplyBytesMax;
    HttpClient client(place_.http);
    const Result<HttpReply> reply = co_await client.Send(context, std::move(request));
    if (!reply.ok()) {
      if (reply.error().code() != StatusCode::kUnknown) co_return reply.error();
      co_return Status::Unavailable(reply.error().message());
    }
    if (reply->status != 200) co_return Refused(*reply);
    co_return KeysOf(*reply);
  }
  const std::string& source() const override { return source_; }

 private:
  Status LogIn(const std::string& why) const {
    return Status::Invalid(
        fmt::format("{}: run `aws sso login --profile {}`", why, place_.profile));
  }

  // Read each time: it is renewed where it lies.
  Result<std::string> Token() const {
    ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(place_.token_path));
    if (text.empty()) return LogIn("there is no token in " + place_.token_path);
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (parser.parse(simdjson::padded_string(text)).get(root) != simdjson::SUCCESS) {
      return LogIn(place_.token_path + " is no JSON");
    }
    std::string token = TextOf(root, "accessToken");
    const auto end_us = ParseEnd(TextOf(root, "expiresAt"));
    if (token.empty() || !end_us) return LogIn("there is no token in " + place_.token_path);
    if (*end_us <= env_.clock.NowUs())
      return LogIn("the token in " + place_.token_path + " has ended");
    return token;
  }

  Status Refused(const HttpReply& reply) const {
    const std::string seen = fmt::format("GetRoleCredentials was answered {}", reply.status);
    if (reply.status >= 500 || reply.status == 429) return Status::Unavailable(seen);
    if (reply.status == 401) return LogIn(seen + ", the token is not valid any more");
    return Status::Invalid(seen + ": check sso_account_id, sso_role_name and the region");
  }

  static Result<FetchedKeys> KeysOf(const HttpReply& reply) {
    simdjson::dom::parser parser;
    simdjson::dom::element keys;
    FetchedKeys fetched;
    const auto text = simdjson::padded_string(reply.body.view());
    if (parser.parse(text)["roleCredentials"].get(keys) == simdjson::SUCCESS) {
      fetched.keys = {TextOf(keys, "accessKeyId"), TextOf(keys, "secretAccessKey"),
                      TextOf(keys, "sessionToken")};
      int64_t end_ms = 0;
      if (keys["expiration"].get(end_ms) == simdjson::SUCCESS && end_ms > 0 &&
          end_ms < INT64_MAX / kUsPerMs) {
        fetched.expires_us = end_ms * kUsPerMs;
      }
    }
    const bool whole = !fetched.keys.access_key_id.empty() &&
                       !fetched.keys.secret_access_key.empty() &&
                       !fetched.keys.session_token.empty() && fetched.expires_us;
    if (!whole) return Status::Invalid("GetRoleCredentials was answered without keys");
    return fetched;
  }

  Env& env_;
  const SsoPlace place_;
  const std::string source_;
};

}  // namespace

Result<std::shared_ptr<KeyFetcher>> FetchBySso(Env& env, const EnvironmentLookup& environment,
                                               const AwsFiles& files, ProfileSettings settings) {
  const std::string session = settings["sso_session"];
  if (session.empty() && settings["sso_start_url"].empty()) return std::shared_ptr<KeyFetcher>();
  if (!session.empty()) {
    ASSIGN_OR_RETURN(ProfileSettings shared, files.ReadConfig("sso-session " + session));
    settings.merge(shared);
  }
  for (const char* name : {"sso_start_url", "sso_region", "sso_account_id", "sso_role_name"}) {
    if (!settings[name].empty()) continue;
    return Status::Invalid(
        fmt::format("profile {} of {} signs in by SSO and lacks {}{}: run `aws configure sso`",
                    files.profile, files.config_path, name,
                    session.empty() ? "" : " (which may stand in [sso-session " + session + "])"));
  }
  if (!IsRegionName(settings["sso_region"])) {
    return Status::Invalid("sso_region of profile " + files.profile +
                           " is not the name of a region");
  }
  SsoPlace place;
  place.account = settings["sso_account_id"];
  place.role = settings["sso_role_name"];
  place.profile = files.profile;
  const std::string named = session.empty() ? settings["sso_start_url"] : session;
  place.token_path =
      environment("HOME").value_or("") + "/.aws/sso/cache/" + HexEncode(Sha1(named)) + ".json";
  // Not AWS_ENDPOINT_URL, which names somebody else's store here, to whom the token must not go.
  place.portal = environment("AWS_ENDPOINT_URL_SSO")
                     .value_or("https://" + AwsHost("portal.sso", settings["sso_region"]));
  while (place.portal.ends_with('/')) place.portal.pop_back();
  place.http = HttpSettings::FromEnvironment(environment);
  return std::shared_ptr<KeyFetcher>(std::make_shared<SsoFetcher>(env, std::move(place)));
}

}  // namespace duckpond
