// SPDX-License-Identifier: MIT
#include "store/store_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/encoding.h"
#include "base/text.h"
#include "net/shown_url.h"
#include "store/dynamo_store.h"
#include "store/http_store.h"
#include "store/local_store.h"
#include "store/memory_store.h"
#include "store/object_rules.h"
#include "store/s3_history.h"
#include "store/s3_store.h"
#include "store/store_stack.h"

namespace duckpond {
namespace {

constexpr std::string_view kForms =
    "write a directory (./dir, /dir, file:///dir), an S3 bucket (s3://bucket/prefix), a DynamoDB "
    "table (dynamodb://table/prefix), what a web server shows (https://host/path), or memory: or "
    "memory:name";

bool IsSchemeCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
}

// The scheme of `url` in lower case, or nothing if it is a path.
std::string SchemeOf(std::string_view url) {
  const size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  std::string scheme = LowerCase(url.substr(0, colon));
  if (!std::all_of(scheme.begin(), scheme.end(), IsSchemeCharacter)) return {};
  if (std::isalpha(static_cast<unsigned char>(scheme[0])) == 0) return {};
  return scheme;
}

Result<StoreUrl> ParseFileUrl(std::string_view url, std::string_view rest) {
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    if (rest.starts_with("localhost/")) rest.remove_prefix(std::string_view("localhost").size());
    if (!rest.starts_with('/')) {
      return Status::Invalid(fmt::format(
          "\"{}\" names another host; a directory of this machine has three slashes: file:///dir",
          ShownUrl(url)));
    }
  }
  ASSIGN_OR_RETURN(std::string path, PercentDecode(rest));
  if (path.empty()) return Status::Invalid(fmt::format("\"{}\" names no directory", ShownUrl(url)));
  return StoreUrl{StoreUrl::Kind::kDirectory, std::move(path), {}};
}

// "//bucket/prefix" behind a scheme; `what` a place of that kind is called.
struct NamedPlace {
  StoreUrl::Kind kind;
  std::string_view scheme;
  std::string_view what;
};
constexpr NamedPlace kBucket{StoreUrl::Kind::kS3, "s3", "bucket"};
constexpr NamedPlace kTable{StoreUrl::Kind::kDynamo, "dynamodb", "table"};

Result<StoreUrl> ParseNamedPlace(std::string_view url, std::string_view rest,
                                 const NamedPlace& named) {
  if (rest.starts_with("//")) rest.remove_prefix(2);
  const std::string from_where =
      "credentials and the endpoint come from a secret or the environment (AWS_ENDPOINT_URL)";
  if (rest.find('?') != std::string_view::npos) {
    // As some libraries take keys. Not repeated in the message either.
    return Status::Invalid(
        fmt::format("a URL of {}:// takes no parameters; {}", named.scheme, from_where));
  }
  const size_t slash = rest.find('/');
  const std::string_view place = rest.substr(0, slash);
  if (place.empty()) {
    return Status::Invalid(fmt::format("\"{}\" names no {}; write {}://{} or {}://{}/prefix",
                                       ShownUrl(url), named.what, named.scheme, named.what,
                                       named.scheme, named.what));
  }
  const bool plain = std::all_of(place.begin(), place.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
  });
  if (!plain) {
    // Not repeated in the message: somebody may have put a secret before an '@'.
    return Status::Invalid(
        fmt::format("the {} of a URL of {}:// has letters, digits, '-', '.' and '_' only; {}",
                    named.what, named.scheme, from_where));
  }
  StoreUrl parsed{named.kind, std::string(place), {}};
  if (slash != std::string_view::npos) parsed.prefix = rest.substr(slash + 1);
  while (parsed.prefix.ends_with('/')) parsed.prefix.pop_back();
  if (parsed.prefix.empty()) return parsed;
  const Status checked = CheckKey(parsed.prefix);
  if (!checked.ok()) return checked.Prefixed(fmt::format("the prefix of \"{}\"", ShownUrl(url)));
  return parsed;
}

Status Unknown(std::string_view whole_url, const std::string& scheme) {
  const std::string url = ShownUrl(whole_url);
  if (scheme == "gs" || scheme == "gcs" || scheme == "az" || scheme == "azure" || scheme == "r2") {
    return Status::Unsupported(fmt::format(
        "\"{}\": {}:// is not offered; a store with an S3-compatible endpoint and conditional "
        "writes is reached as s3://bucket/prefix with AWS_ENDPOINT_URL set",
        url, scheme));
  }
  return Status::Invalid(
      fmt::format("\"{}\" has the unknown scheme \"{}:\"; {}", url, scheme, kForms));
}

}  // namespace

Result<StoreUrl> ParseStoreUrl(std::string_view url) {
  if (url.empty()) return Status::Invalid(fmt::format("the URL is empty; {}", kForms));
  if (url.find('\0') != std::string_view::npos) {
    return Status::Invalid("the URL has a zero byte in it");
  }
  const std::string scheme = SchemeOf(url);
  if (scheme.empty()) return StoreUrl{StoreUrl::Kind::kDirectory, std::string(url), {}};
  const std::string_view rest = url.substr(scheme.size() + 1);
  if (scheme == "file") return ParseFileUrl(url, rest);
  if (scheme == kBucket.scheme) return ParseNamedPlace(url, rest, kBucket);
  if (scheme == kTable.scheme) return ParseNamedPlace(url, rest, kTable);
  if (scheme == "http" || scheme == "https") {
    ASSIGN_OR_RETURN(std::string located, LocateHttp(url));
    return StoreUrl{StoreUrl::Kind::kHttp, std::move(located), {}};
  }
  if (scheme == "memory") return StoreUrl{StoreUrl::Kind::kMemory, std::string(rest), {}};
  return Unknown(url, scheme);
}

namespace {

std::string S3UrlOf(const StoreUrl& url) {
  return url.prefix.empty() ? "s3://" + url.place
                            : fmt::format("s3://{}/{}", url.place, url.prefix);
}

Result<std::shared_ptr<ObjectStore>> OpenBase(Env& env, const StoreUrl& url, OpenOptions options) {
  switch (url.kind) {
    case StoreUrl::Kind::kMemory:
      if (url.place.empty()) return std::make_shared<MemoryObjectStore>();
      return MemoryObjectStore::Named(url.place);
    case StoreUrl::Kind::kDirectory:
      return LocalObjectStore::Open(env, {.path = url.place, .create = options.create_directory});
    case StoreUrl::Kind::kHttp:
      return OpenHttp(env, url.place);
    case StoreUrl::Kind::kS3:
    case StoreUrl::Kind::kDynamo:
      break;
  }
  if (url.kind == StoreUrl::Kind::kS3) return OpenS3(env, S3UrlOf(url), std::move(options.s3));
  const std::string path = url.prefix.empty() ? url.place : url.place + "/" + url.prefix;
  return OpenDynamo(env, "dynamodb://" + path, std::move(options.s3));
}

// The store of a CDN, not asked twice: what it does not give, the origin does.
Result<std::shared_ptr<ObjectStore>> OpenFront(Env& env, const OpenOptions& options) {
  auto base = OpenHttp(env, options.cdn);
  if (!base.ok()) return base.error().Prefixed("the CDN");
  StackOptions stack;
  stack.retry.reset();
  stack.ledger = options.ledger;
  return BuildStore(env, *std::move(base), std::move(stack));
}

}  // namespace

Result<std::shared_ptr<ObjectStore>> OpenStore(Env& env, const std::string& url,
                                               OpenOptions options) {
  ASSIGN_OR_RETURN(const StoreUrl parsed, ParseStoreUrl(url));
  RETURN_IF_ERROR(PriceList::OfProcess().status());
  StackOptions stack;
  stack.ledger = options.ledger;
  if (!options.latency.empty()) {
    ASSIGN_OR_RETURN(stack.latency, LatencyProfile::Named(options.latency));
  }
  const bool near =
      parsed.kind == StoreUrl::Kind::kMemory || parsed.kind == StoreUrl::Kind::kDirectory;
  if (!near) {
    ASSIGN_OR_RETURN(stack.caches, ProcessCaches(env, options.cache));
  }
  if (!options.cdn.empty()) {
    ASSIGN_OR_RETURN(stack.front, OpenFront(env, options));
  }
  ASSIGN_OR_RETURN(auto base, OpenBase(env, parsed, std::move(options)));
  return BuildStore(env, std::move(base), std::move(stack));
}

Result<std::shared_ptr<ObjectHistory>> OpenHistory(Env& env, const std::string& url,
                                                   OpenOptions options) {
  ASSIGN_OR_RETURN(const StoreUrl parsed, ParseStoreUrl(url));
  if (parsed.kind != StoreUrl::Kind::kS3) return std::shared_ptr<ObjectHistory>();
  return OpenS3History(env, S3UrlOf(parsed), std::move(options.s3));
}

}  // namespace duckpond
