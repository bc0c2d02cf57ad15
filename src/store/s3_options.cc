// SPDX-License-Identifier: MIT
#include "store/s3_options.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "store/aws_profile.h"
#include "store/object_rules.h"
#include "store/server_url.h"

namespace duckpond {
namespace {

constexpr std::string_view kUrlStart = "s3://";
// What S3 allows in a whole key, less our own longest key and the '/' between.
constexpr size_t kPrefixBytesMax = 1024 - kKeyBytesMax - 1;

bool IsBucketName(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  };
  return name.size() >= 3 && name.size() <= 63 && std::all_of(name.begin(), name.end(), plain) &&
         name[0] != '.' && name[0] != '-';
}

Status SplitUrl(std::string_view url, S3Place* place) {
  if (!url.starts_with(kUrlStart)) {
    return Status::Invalid("not an s3:// URL: " + std::string(url));
  }
  const std::string_view rest = url.substr(kUrlStart.size());
  const size_t slash = std::min(rest.find('/'), rest.size());
  place->bucket = rest.substr(0, slash);
  if (!IsBucketName(place->bucket)) {
    return Status::Invalid("\"" + place->bucket + "\" of " + std::string(url) +
                           " is not the name of a bucket");
  }
  std::string_view prefix = rest.substr(slash);
  while (prefix.starts_with('/')) prefix.remove_prefix(1);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (prefix.empty()) return CheckBucketKind(place->bucket);
  RETURN_IF_ERROR(CheckKey(prefix).Prefixed(std::string(url)));
  if (prefix.size() > kPrefixBytesMax) {
    return Status::Invalid(std::string(url) + ": the path may have " +
                           std::to_string(kPrefixBytesMax) + " bytes, it has " +
                           std::to_string(prefix.size()));
  }
  place->prefix = std::string(prefix) + "/";
  return CheckBucketKind(place->bucket);
}

Result<bool> WantsPathStyle(const S3Options& options, const S3Place& place) {
  if (options.path_style) return *options.path_style;
  if (const auto text = options.environment("S3_USE_PATH_STYLE")) {
    if (*text == "1" || *text == "true" || *text == "TRUE") return true;
    if (*text == "0" || *text == "false" || *text == "FALSE") return false;
    return Status::Invalid("S3_USE_PATH_STYLE is \"" + *text + "\": it is true or false");
  }
  return !place.host.empty() || place.bucket.find('.') != std::string::npos;
}

}  // namespace

std::string S3Place::HostIn(const std::string& in_region) const {
  const std::string service = quirks.zone.empty() ? "s3" : "s3express-" + quirks.zone;
  const std::string server = host.empty() ? AwsHost(service, in_region) : host;
  return path_style ? server : bucket + "." + server;
}

std::string S3Place::PathOf(const std::string& full_key) const {
  return base_path + (path_style ? "/" + bucket : "") + "/" + full_key;
}

Result<S3Place> LocateS3(const std::string& url, const S3Options& options) {
  S3Place place;
  RETURN_IF_ERROR(SplitUrl(url, &place));
  const auto variable = [&options](const char* name) {
    return options.environment(name).value_or("");
  };
  ASSIGN_OR_RETURN(ProfileSettings profile,
                   AwsFiles::Locate(options.environment, options.profile).Read());
  const std::string endpoint =
      FirstOf({options.endpoint, variable("AWS_ENDPOINT_URL_S3"), variable("AWS_ENDPOINT_URL"),
               variable("S3_ENDPOINT"), profile["endpoint_url"]});
  place.scheme = "https";
  if (!endpoint.empty()) {
    ASSIGN_OR_RETURN(ServerUrl server, ParseServerUrl("S3", endpoint, options.use_tls));
    place.scheme = std::move(server.scheme);
    place.host = std::move(server.host);
    place.base_path = std::move(server.base_path);
  }
  place.quirks =
      QuirksOf(place.host.empty() ? "amazonaws.com" : HostName(place.host), place.bucket);
  place.region = FirstOf({options.region, variable("AWS_REGION"), variable("AWS_DEFAULT_REGION"),
                          profile["region"], place.quirks.default_region});
  if (!IsRegionName(place.region)) {
    return Status::Invalid("\"" + place.region + "\" is not the name of a region");
  }
  ASSIGN_OR_RETURN(place.path_style, WantsPathStyle(options, place));
  CHECK(!place.bucket.empty() && (place.prefix.empty() || place.prefix.ends_with('/')));
  return place;
}

Status FindAccess(Env& env, S3Options& options) {
  if (!options.keys.access_key_id.empty()) {
    options.credentials = GivenCredentials(std::move(options.keys), "the secret");
  }
  if (!options.credentials) {
    ASSIGN_OR_RETURN(options.credentials,
                     FindCredentials(env, options.environment, options.profile));
  }
  if (!options.clock) options.clock = std::make_shared<ServerClock>(env);
  if (!options.http) {
    options.http = std::make_shared<HttpClient>(HttpSettings::FromEnvironment(options.environment));
  }
  return Status::Ok();
}

}  // namespace duckpond
