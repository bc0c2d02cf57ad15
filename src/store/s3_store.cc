// SPDX-License-Identifier: MIT
#include "store/s3_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "store/http_reply.h"
#include "store/object_rules.h"

namespace duckpond {
namespace {

// From this size on a conditional body waits for the server's consent: sending it in vain would
// cost more than the round trip.
constexpr size_t kAskFirstBytes = 1 << 20;
// Replies without an object: errors, and pages of a listing (1,000 keys, each byte as an entity).
constexpr uint64_t kErrorBytesMax = 256 << 10;
constexpr uint64_t kListingBytesMax = 16 << 20;
// The first answer may name another region, the second must not.
constexpr int kRegionsTriedMax = 2;

std::string UrlOf(const S3Place& place) {
  std::string url = "s3://" + place.bucket + "/" + place.prefix;
  url.pop_back();
  return url;
}

Status CheckTag(const ObjectTag& tag) {
  const bool odd = std::any_of(tag.value.begin(), tag.value.end(),
                               [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (odd || tag.value.empty()) return Status::Invalid("a tag that no S3 server has given");
  return Status::Ok();
}

// Whether a write that failed like this may have happened: it was sent and not answered, or its
// answer was too long to be taken.
bool MayHaveHappened(const Status& status) {
  return status.code() == StatusCode::kUnknown || status.code() == StatusCode::kExhausted;
}

}  // namespace

struct S3ObjectStore::Call {
  Call(std::string m, std::string k) : method(std::move(m)), key(std::move(k)) {}

  std::string method;
  std::string key;  // With the store's prefix; empty for the bucket itself.
  std::vector<std::pair<std::string, std::string>> query;
  std::vector<HttpHeader> headers;
  Bytes body;
  bool expect_continue = false;
  uint64_t reply_bytes_max = kErrorBytesMax;
};

S3ObjectStore::S3ObjectStore(Env& env, S3Place place, S3Options options)
    : env_(env),
      place_(std::move(place)),
      http_(std::move(options.http)),
      credentials_(std::move(options.credentials)),
      url_(UrlOf(place_)),
      region_(place_.region) {
  CHECK(http_ != nullptr && credentials_ != nullptr);
  traits_.kind = "s3";
  traits_.swaps_per_second_max = place_.quirks.swaps_per_second_max;
  traits_.prices = place_.quirks.prices;
}

std::string S3ObjectStore::endpoint() const {
  // AWS's own host differs by region only, and a bucket has one region.
  const std::string host = place_.host.empty() ? "amazonaws.com" : place_.host;
  return fmt::format("s3 {}://{}{}/{}", place_.scheme, host, place_.base_path, place_.bucket);
}

std::string S3ObjectStore::server() const {
  std::lock_guard lock(mutex_);
  return server_;
}

std::string S3ObjectStore::region() const {
  std::lock_guard lock(mutex_);
  return region_;
}

void S3ObjectStore::set_region(std::string region) {
  std::lock_guard lock(mutex_);
  region_ = std::move(region);
}

void S3ObjectStore::NoteServer(const HttpReply& reply) {
  const auto name = reply.Find("server");
  if (!name) return;
  std::lock_guard lock(mutex_);
  server_ = *name;
}

S3Asked S3ObjectStore::Asked(std::string method, const std::string& key) const {
  return {.method = std::move(method),
          .url = "s3://" + place_.bucket + "/" + place_.prefix + key,
          .bucket = place_.bucket,
          .endpoint = place_.scheme + "://" + place_.HostIn(region()),
          .keys_source = credentials_->source()};
}

HttpRequest S3ObjectStore::Sign(const Call& call, const AwsKeys& keys,
                                const std::string& region) const {
  SigV4Request signing{.method = call.method,
                       .host = place_.HostIn(region),
                       .path = place_.PathOf(call.key),
                       .query = call.query,
                       .headers = call.headers,
                       .payload_hash = PayloadHash(call.body.view())};
  for (const HttpHeader& header : place_.quirks.headers) signing.headers.push_back(header);
  SignV4(keys, {.region = region, .service = "s3"}, env_.clock.NowUs(), &signing);
  return {.method = call.method,
          .url = place_.scheme + "://" + signing.host + EncodedTarget(signing),
          .headers = std::move(signing.headers),
          .body = call.body,
          .expect_continue = call.expect_continue,
          .reply_bytes_max = std::max(call.reply_bytes_max, kErrorBytesMax)};
}

Task<Result<HttpReply>> S3ObjectStore::Send(Context context, Call call) {
  for (int tried = 1;; ++tried) {
    CO_ASSIGN_OR_RETURN(const AwsKeys keys, co_await credentials_->Get(context));
    const std::string asked_in = region();
    HttpRequest request = Sign(call, keys, asked_in);
    CO_ASSIGN_OR_RETURN(HttpReply reply, co_await http_->Send(context, std::move(request)));
    NoteServer(reply);
    std::optional<std::string> elsewhere = RegionElsewhere(reply);
    if (!elsewhere || *elsewhere == asked_in || tried == kRegionsTriedMax) co_return reply;
    set_region(*std::move(elsewhere));
  }
}

Task<Result<GetReply>> S3ObjectStore::Get(Context context, std::string key, GetOptions options) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  CO_RETURN_IF_ERROR(CheckGet(options));
  Call call("GET", place_.prefix + key);
  call.reply_bytes_max = options.bytes_max;
  if (options.range) call.headers.push_back({"Range", RangeText(*options.range)});
  if (options.if_none_match) {
    CO_RETURN_IF_ERROR(CheckTag(*options.if_none_match));
    call.headers.push_back({"If-None-Match", options.if_none_match->value});
  }
  Result<HttpReply> reply = co_await Send(context, std::move(call));
  if (!reply.ok()) co_return AsRead(reply.error(), context, env_.executor.NowUs());
  co_return MeaningOfGet(Asked("GET", key), options, *std::move(reply));
}

Task<Result<PutReply>> S3ObjectStore::Put(Context context, std::string key, Bytes body,
                                          PutCondition condition) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  if (body.size() > traits_.object_bytes_max) {
    co_return Status::Exhausted(fmt::format("s3://{}/{}{}: an object of {} bytes is larger than {}",
                                            place_.bucket, place_.prefix, key, body.size(),
                                            traits_.object_bytes_max));
  }
  Call call("PUT", place_.prefix + key);
  call.body = std::move(body);
  call.headers.push_back({"Cache-Control", std::string(CacheControlOf(key))});
  if (condition.kind == PutCondition::Kind::kIfAbsent) {
    call.headers.push_back({"If-None-Match", "*"});
  } else if (condition.kind == PutCondition::Kind::kIfMatch) {
    CO_RETURN_IF_ERROR(CheckTag(condition.tag));
    call.headers.push_back({"If-Match", condition.tag.value});
  }
  call.expect_continue =
      condition.kind != PutCondition::Kind::kNone && call.body.size() >= kAskFirstBytes;
  const Result<HttpReply> reply = co_await Send(context, std::move(call));
  if (reply.ok()) co_return MeaningOfPut(Asked("PUT", key), condition, *reply);
  if (!MayHaveHappened(reply.error())) co_return reply.error();
  co_return PutReply{PutReply::State::kUnknown, {}, reply.error().message()};
}

Task<Result<PutReply>> S3ObjectStore::Append(Context, std::string key, Bytes, AppendPosition) {
  co_return Status::Unsupported(url_ + ": S3 cannot append to " + key);
}

Task<Result<DeleteReply>> S3ObjectStore::Delete(Context context, std::string key,
                                                std::optional<ObjectTag> if_match) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  Call call("DELETE", place_.prefix + key);
  if (if_match) {
    CO_RETURN_IF_ERROR(CheckTag(*if_match));
    call.headers.push_back({"If-Match", if_match->value});
  }
  const Result<HttpReply> reply = co_await Send(context, std::move(call));
  if (reply.ok()) co_return MeaningOfDelete(Asked("DELETE", key), *reply);
  if (!MayHaveHappened(reply.error())) co_return reply.error();
  co_return DeleteReply{DeleteReply::State::kUnknown, reply.error().message()};
}

Task<Result<ListReply>> S3ObjectStore::List(Context context, std::string prefix,
                                            std::optional<std::string> token) {
  CO_RETURN_IF_ERROR(CheckPrefix(prefix));
  Call call("GET", "");
  call.query = {{"list-type", "2"}, {"prefix", place_.prefix + prefix}};
  if (token) call.query.emplace_back("continuation-token", *std::move(token));
  call.reply_bytes_max = kListingBytesMax;
  const Result<HttpReply> reply = co_await Send(context, std::move(call));
  if (!reply.ok()) co_return AsRead(reply.error(), context, env_.executor.NowUs());
  co_return MeaningOfList(Asked("LIST", prefix), place_.prefix, *reply);
}

Result<std::shared_ptr<ObjectStore>> OpenS3(Env& env, const std::string& url, S3Options options) {
  ASSIGN_OR_RETURN(S3Place place, LocateS3(url, options));
  if (!options.keys.access_key_id.empty()) {
    options.credentials = GivenCredentials(std::move(options.keys), "the secret");
  }
  if (!options.credentials) {
    ASSIGN_OR_RETURN(options.credentials,
                     FindCredentials(env, options.environment, options.profile));
  }
  if (!options.http) {
    options.http = std::make_shared<HttpClient>(HttpSettings::FromEnvironment(options.environment));
  }
  return std::shared_ptr<ObjectStore>(
      std::make_shared<S3ObjectStore>(env, std::move(place), std::move(options)));
}

}  // namespace duckpond
