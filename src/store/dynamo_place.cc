// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/aws_profile.h"
#include "store/dynamo_client.h"
#include "store/object_rules.h"
#include "store/server_url.h"

namespace duckpond {
namespace {

constexpr std::string_view kUrlStart = "dynamodb://";
// A partition key may have 2,048 bytes; a chunk adds its object's generation and its number.
constexpr size_t kPrefixBytesMax = 1'000;
constexpr size_t kTableNameBytesMin = 3;
constexpr size_t kTableNameBytesMax = 255;

bool IsTableName(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  };
  return name.size() >= kTableNameBytesMin && name.size() <= kTableNameBytesMax &&
         std::all_of(name.begin(), name.end(), plain);
}

Status SplitUrl(std::string_view url, DynamoPlace* place) {
  if (!url.starts_with(kUrlStart)) {
    return Status::Invalid("not a dynamodb:// URL: " + std::string(url));
  }
  const std::string_view rest = url.substr(kUrlStart.size());
  const size_t slash = std::min(rest.find('/'), rest.size());
  place->table = rest.substr(0, slash);
  if (!IsTableName(place->table)) {
    // Not quoted: somebody may have put a secret before an '@'.
    return Status::Invalid(fmt::format(
        "the table of a dynamodb:// URL has {} to {} letters, digits, '-', '.' and '_'; "
        "credentials and the endpoint come from a secret or the environment",
        kTableNameBytesMin, kTableNameBytesMax));
  }
  std::string_view prefix = rest.substr(slash);
  while (prefix.starts_with('/')) prefix.remove_prefix(1);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  place->url = std::string(kUrlStart) + place->table;
  if (prefix.empty()) return Status::Ok();
  place->url += "/" + std::string(prefix);
  // CheckKey's limit is a key's own; a prefix may be as long.
  if (prefix.size() > kPrefixBytesMax) {
    return Status::Invalid(fmt::format("{}: the path may have {} bytes, it has {}", place->url,
                                       kPrefixBytesMax, prefix.size()));
  }
  RETURN_IF_ERROR(CheckKey(prefix).Prefixed(place->url));
  place->prefix = std::string(prefix) + "/";
  return Status::Ok();
}

}  // namespace

Result<DynamoPlace> LocateDynamo(const std::string& url, const S3Options& options) {
  DynamoPlace place;
  RETURN_IF_ERROR(SplitUrl(url, &place));
  const auto variable = [&options](const char* name) {
    return options.environment(name).value_or("");
  };
  ASSIGN_OR_RETURN(ProfileSettings profile,
                   AwsFiles::Locate(options.environment, options.profile).Read());
  place.region = FirstOf({options.region, variable("AWS_REGION"), variable("AWS_DEFAULT_REGION"),
                          profile["region"], "us-east-1"});
  if (!IsRegionName(place.region)) {
    return Status::Invalid("\"" + place.region + "\" is not the name of a region");
  }
  const std::string endpoint = FirstOf({options.endpoint, variable("AWS_ENDPOINT_URL_DYNAMODB"),
                                        variable("AWS_ENDPOINT_URL"), profile["endpoint_url"]});
  if (!endpoint.empty()) {
    ASSIGN_OR_RETURN(ServerUrl server, ParseServerUrl("DynamoDB", endpoint, options.use_tls));
    place.scheme = std::move(server.scheme);
    place.host = std::move(server.host);
    place.base_path = std::move(server.base_path);
    return place;
  }
  place.scheme = "https";
  const char* china = place.region.starts_with("cn-") ? ".cn" : "";
  place.host = fmt::format("dynamodb.{}.amazonaws.com{}", place.region, china);
  return place;
}

}  // namespace duckpond
