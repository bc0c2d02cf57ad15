// SPDX-License-Identifier: MIT
#include "store/credentials_metadata.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "net/http_client.h"
#include "net/shown_url.h"
#include "store/aws_profile.h"

namespace duckpond {
namespace {

constexpr std::string_view kContainerHost = "http://169.254.170.2";
constexpr std::string_view kMachineEndpoint = "http://169.254.169.254";
constexpr std::string_view kMachineEndpointV6 = "http://[fd00:ec2::254]";
constexpr std::string_view kRolePath = "/latest/meta-data/iam/security-credentials/";
constexpr uint64_t kReplyBytesMax = 64 << 10;
constexpr size_t kRoleNameBytesMax = 256;

HttpSettings LocalSettings() {
  HttpSettings settings;
  settings.connect_timeout_ms = 1'000;
  settings.stall_timeout_ms = 5'000;
  settings.connections_per_host_max = 1;
  return settings;
}

std::string FirstLine(std::string_view text) {
  return std::string(text.substr(0, text.find_first_of("\r\n")));
}

// A read that was not answered, whatever was sent, may be asked again.
Status NotAnswered(const Status& status) {
  if (status.code() != StatusCode::kUnknown) return status;
  return Status::Unavailable(status.message());
}

Status Refused(const std::string& what, const HttpReply& reply) {
  const std::string seen = fmt::format("{} was answered {}", what, reply.status);
  if (reply.status >= 500 || reply.status == 429) return Status::Unavailable(seen);
  return Status::Invalid(seen);
}

class ContainerFetcher final : public KeyFetcher {
 public:
  ContainerFetcher(std::string url, std::string token, std::string token_path)
      : url_(std::move(url)),
        token_(std::move(token)),
        token_path_(std::move(token_path)),
        source_("the container's endpoint " + ShownUrl(url_)) {}

  Task<Result<FetchedKeys>> Fetch(Context context) override {
    HttpRequest request;
    request.url = url_;
    request.reply_bytes_max = kReplyBytesMax;
    std::string token = token_;
    if (!token_path_.empty()) {
      // Read each time: it is renewed where it lies.
      CO_ASSIGN_OR_RETURN(token, ReadSmallFile(token_path_));
      token = FirstLine(token);
      if (token.empty()) co_return Status::Invalid(token_path_ + " has no token");
    }
    if (!token.empty()) request.headers.push_back({"Authorization", token});
    HttpClient client(LocalSettings());
    const Result<HttpReply> reply = co_await client.Send(context, std::move(request));
    if (!reply.ok()) co_return NotAnswered(reply.error());
    if (reply->status != 200) co_return Refused("a GET", *reply);
    co_return ReadKeysJson(reply->body.view());
  }
  const std::string& source() const override { return source_; }

 private:
  const std::string url_;
  const std::string token_;
  const std::string token_path_;
  const std::string source_;
};

class MachineFetcher final : public KeyFetcher {
 public:
  MachineFetcher(std::string endpoint, std::string looked_at)
      : endpoint_(std::move(endpoint)),
        looked_at_(std::move(looked_at)),
        source_("the metadata service " + ShownUrl(endpoint_)) {}

  Task<Result<FetchedKeys>> Fetch(Context context) override {
    HttpClient client(LocalSettings());
    HttpRequest request;
    request.method = "PUT";
    request.url = endpoint_ + "/latest/api/token";
    request.headers.push_back({"X-aws-ec2-metadata-token-ttl-seconds", "60"});
    request.reply_bytes_max = kReplyBytesMax;
    const Result<HttpReply> token = co_await client.Send(context, std::move(request));
    if (!token.ok()) co_return Absent(token.error());
    if (token->status != 200) {
      const Status refused = Refused("the PUT for a token", *token);
      // Maybe nobody meant it to be asked.
      co_return answered_ ? refused : refused.Prefixed(looked_at_ + ", and " + source_);
    }
    answered_ = true;
    const HttpHeader proof{"X-aws-ec2-metadata-token", FirstLine(token->body.view())};
    CO_ASSIGN_OR_RETURN(const HttpReply roles,
                        co_await Ask(client, context, std::string(kRolePath), proof));
    if (roles.status == 404) co_return Status::Invalid("this machine has no role");
    if (roles.status != 200) co_return Refused("the GET of its role", roles);
    const std::string role = FirstLine(roles.body.view());
    if (role.empty() || role.size() > kRoleNameBytesMax) {
      co_return Status::Invalid("this machine's role has no name");
    }
    CO_ASSIGN_OR_RETURN(const HttpReply keys,
                        co_await Ask(client, context, std::string(kRolePath) + role, proof));
    if (keys.status != 200) co_return Refused("the GET of the keys of role " + role, keys);
    co_return ReadKeysJson(keys.body.view());
  }
  const std::string& source() const override { return source_; }

 private:
  Task<Result<HttpReply>> Ask(HttpClient& client, Context context, std::string path,
                              HttpHeader proof) {
    HttpRequest request;
    request.url = endpoint_ + path;
    request.headers.push_back(std::move(proof));
    request.reply_bytes_max = kReplyBytesMax;
    Result<HttpReply> reply = co_await client.Send(context, std::move(request));
    if (!reply.ok()) co_return NotAnswered(reply.error());
    co_return reply;
  }

  Status Absent(const Status& status) const {
    if (answered_) return NotAnswered(status);
    return Status::Invalid(
        fmt::format("{}, and {} does not answer ({})", looked_at_, source_, status.message()));
  }

  const std::string endpoint_;
  const std::string looked_at_;
  const std::string source_;
  bool answered_ = false;  // Used by one fetch at a time.
};

bool MayHaveKeys(std::string_view url) {
  if (url.starts_with("https://")) return true;
  constexpr std::string_view kPlain = "http://";
  if (!url.starts_with(kPlain)) return false;
  const std::string_view rest = url.substr(kPlain.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos) return false;
  const std::string_view host = authority.starts_with('[')
                                    ? authority.substr(0, authority.find(']') + 1)
                                    : authority.substr(0, authority.find(':'));
  constexpr std::array<std::string_view, 6> kHosts = {
      "localhost", "127.0.0.1", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
  for (const std::string_view allowed : kHosts) {
    if (host == allowed) return true;
  }
  return false;
}

}  // namespace

Result<std::shared_ptr<KeyFetcher>> FetchFromContainer(const EnvironmentLookup& environment) {
  std::string url;
  if (const auto path = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    if (!path->starts_with('/')) {
      return Status::Invalid("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI starts with '/'");
    }
    url = std::string(kContainerHost) + *path;
  } else if (const auto full = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
    url = *full;
    if (!MayHaveKeys(url)) {
      return Status::Invalid(
          "AWS_CONTAINER_CREDENTIALS_FULL_URI is https://…, or http:// of this machine or of "
          "169.254.170.2, 169.254.170.23 or [fd00:ec2::23]: keys would go in the clear elsewhere");
    }
  } else {
    return std::shared_ptr<KeyFetcher>();
  }
  return std::shared_ptr<KeyFetcher>(std::make_shared<ContainerFetcher>(
      std::move(url), environment("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or(""),
      environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").value_or("")));
}

bool MetadataDisabled(const EnvironmentLookup& environment) {
  const std::string text = environment("AWS_EC2_METADATA_DISABLED").value_or("");
  return text == "true" || text == "TRUE" || text == "True" || text == "1";
}

Result<std::shared_ptr<KeyFetcher>> FetchFromMachine(const EnvironmentLookup& environment,
                                                     std::string looked_at) {
  const bool v6 = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE").value_or("") == "IPv6";
  std::string endpoint = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT")
                             .value_or(std::string(v6 ? kMachineEndpointV6 : kMachineEndpoint));
  while (endpoint.ends_with('/')) endpoint.pop_back();
  if (!endpoint.starts_with("http://") && !endpoint.starts_with("https://")) {
    return Status::Invalid("AWS_EC2_METADATA_SERVICE_ENDPOINT is no http:// URL");
  }
  return std::shared_ptr<KeyFetcher>(
      std::make_shared<MachineFetcher>(std::move(endpoint), std::move(looked_at)));
}

}  // namespace duckpond
