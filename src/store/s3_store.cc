// SPDX-License-Identifier: MIT
#include "store/s3_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "store/http_reply.h"
#include "store/object_rules.h"
#include "store/s3_session.h"
#include "store/s3_upload.h"

namespace duckpond {
namespace {

// From this size on a conditional body waits for the server's consent: sending it in vain would
// cost more than the round trip.
constexpr size_t kAskFirstBytes = 1 << 20;
// A page of a listing: 1,000 keys, each byte as an entity.
constexpr uint64_t kListingBytesMax = 16 << 20;

std::string UrlOf(const S3Place& place) {
  std::string url = "s3://" + place.bucket + "/" + place.prefix;
  CHECK(url.ends_with('/'));
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

S3ObjectStore::S3ObjectStore(Env& env, S3Place place, const S3Options& options)
    : env_(env),
      sender_(env, std::move(place), options),
      url_(UrlOf(sender_.place())),
      part_bytes_(options.part_bytes) {
  const S3Quirks& quirks = sender_.place().quirks;
  CHECK(part_bytes_ > 0);
  traits_.kind = "s3";
  traits_.can_append = quirks.can_append;
  traits_.object_bytes_max = kUploadBytesMax;
  traits_.swaps_per_second_max = quirks.swaps_per_second_max;
  traits_.prices = PricesOf(quirks.price_name, sender_.place().region);
}

std::string S3ObjectStore::endpoint() const {
  const S3Place& place = sender_.place();
  // AWS's own host differs by region only, and a bucket has one region.
  const std::string host = place.host.empty() ? "amazonaws.com" : place.host;
  return fmt::format("s3 {}://{}{}/{}", place.scheme, host, place.base_path, place.bucket);
}

S3Call S3ObjectStore::Call(std::string method, const std::string& key) const {
  return {std::move(method), sender_.place().prefix + key};
}

Status S3ObjectStore::CheckWrite(const std::string& key, const Bytes& body) const {
  RETURN_IF_ERROR(CheckKey(key));
  const std::string& refusal = sender_.place().quirks.refusal;
  if (!refusal.empty()) return Status::Unsupported(url_ + ": " + refusal);
  if (body.size() <= traits_.object_bytes_max) return Status::Ok();
  return Status::Exhausted(fmt::format("{}/{}: an object of {} bytes is larger than {}", url_, key,
                                       body.size(), traits_.object_bytes_max));
}

Task<Result<GetReply>> S3ObjectStore::Get(Context context, std::string key, GetOptions options) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  CO_RETURN_IF_ERROR(CheckGet(options));
  S3Call call = Call("GET", key);
  call.reply_bytes_max = options.bytes_max;
  if (options.range) call.headers.push_back({"Range", RangeText(*options.range)});
  if (options.if_none_match) {
    CO_RETURN_IF_ERROR(CheckTag(*options.if_none_match));
    call.headers.push_back({"If-None-Match", options.if_none_match->value});
  }
  Result<HttpReply> reply = co_await sender_.Send(context, std::move(call));
  if (!reply.ok()) co_return AsRead(reply.error(), context, env_.executor.NowUs());
  co_return MeaningOfGet(sender_.Asked("GET", key), options, *std::move(reply));
}

Task<Result<PutReply>> S3ObjectStore::Put(Context context, std::string key, Bytes body,
                                          PutCondition condition) {
  CO_RETURN_IF_ERROR(CheckWrite(key, body));
  std::vector<HttpHeader> conditions;
  if (condition.kind == PutCondition::Kind::kIfAbsent) {
    conditions.push_back({"If-None-Match", "*"});
  } else if (condition.kind == PutCondition::Kind::kIfMatch) {
    CO_RETURN_IF_ERROR(CheckTag(condition.tag));
    conditions.push_back({"If-Match", condition.tag.value});
  }
  // A put that forgot its condition would overwrite what somebody else has committed.
  CHECK(conditions.empty() == (condition.kind == PutCondition::Kind::kNone));
  std::vector<HttpHeader> headers;
  headers.push_back({"Cache-Control", std::string(CacheControlOf(key))});
  if (body.size() >= 2 * part_bytes_) {
    S3Upload upload;
    upload.key = std::move(key);
    upload.body = std::move(body);
    upload.condition = std::move(condition);
    upload.headers = std::move(headers);
    upload.conditions = std::move(conditions);
    upload.part_bytes = part_bytes_;
    co_return co_await UploadInParts(env_, sender_, std::move(context), std::move(upload));
  }
  S3Call call = Call("PUT", key);
  call.body = std::move(body);
  call.headers = std::move(headers);
  for (HttpHeader& header : conditions) call.headers.push_back(std::move(header));
  call.expect_continue = !conditions.empty() && call.body.size() >= kAskFirstBytes;
  const Result<HttpReply> reply = co_await sender_.Send(context, std::move(call));
  if (reply.ok()) co_return MeaningOfPut(sender_.Asked("PUT", key), condition, *reply);
  if (!MayHaveHappened(reply.error())) co_return reply.error();
  co_return PutReply{PutReply::State::kUnknown, {}, reply.error().message()};
}

Task<Result<PutReply>> S3ObjectStore::Append(Context context, std::string key, Bytes body,
                                             AppendPosition position) {
  if (!traits_.can_append) co_return Status::Unsupported(url_ + ": S3 cannot append to " + key);
  CO_RETURN_IF_ERROR(CheckWrite(key, body));
  CO_RETURN_IF_ERROR(CheckTag(position.tag));
  S3Call call = Call("PUT", key);
  call.body = std::move(body);
  call.headers.push_back({"x-amz-write-offset-bytes", std::to_string(position.size)});
  // The size alone would not tell another content of the same size.
  call.headers.push_back({"If-Match", position.tag.value});
  const Result<HttpReply> reply = co_await sender_.Send(context, std::move(call));
  if (reply.ok()) co_return MeaningOfAppend(sender_.Asked("PUT", key), *reply);
  if (!MayHaveHappened(reply.error())) co_return reply.error();
  co_return PutReply{PutReply::State::kUnknown, {}, reply.error().message()};
}

Task<Result<DeleteReply>> S3ObjectStore::Delete(Context context, std::string key,
                                                std::optional<ObjectTag> if_match) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  S3Call call = Call("DELETE", key);
  if (if_match) {
    CO_RETURN_IF_ERROR(CheckTag(*if_match));
    call.headers.push_back({"If-Match", if_match->value});
  }
  const Result<HttpReply> reply = co_await sender_.Send(context, std::move(call));
  if (reply.ok()) co_return MeaningOfDelete(sender_.Asked("DELETE", key), *reply);
  if (!MayHaveHappened(reply.error())) co_return reply.error();
  co_return DeleteReply{DeleteReply::State::kUnknown, reply.error().message()};
}

Task<Result<ListReply>> S3ObjectStore::List(Context context, std::string prefix,
                                            std::optional<std::string> token) {
  CO_RETURN_IF_ERROR(CheckPrefix(prefix));
  const std::string& store_prefix = sender_.place().prefix;
  std::string asked = store_prefix + prefix;
  const bool whole_folder = sender_.place().quirks.lists_whole_folders;
  if (whole_folder) asked.resize(asked.rfind('/') + 1);
  S3Call call("GET", "");
  call.query = {{"list-type", "2"}, {"prefix", asked}};
  if (token) call.query.emplace_back("continuation-token", *std::move(token));
  call.reply_bytes_max = kListingBytesMax;
  const Result<HttpReply> reply = co_await sender_.Send(context, std::move(call));
  if (!reply.ok()) {
    const Status failed = AsRead(reply.error(), context, env_.executor.NowUs());
    co_return failed.Prefixed(url_ + "/" + prefix);
  }
  auto listing = MeaningOfList(sender_.Asked("LIST", prefix), store_prefix, *reply);
  if (!listing.ok() || !whole_folder) co_return listing;
  std::erase_if(listing->objects, [&prefix](const ListReply::Object& object) {
    return !object.key.starts_with(prefix);
  });
  co_return listing;
}

Status FindS3Access(Env& env, const S3Place& place, S3Options& options) {
  RETURN_IF_ERROR(FindAccess(env, options));
  if (!place.quirks.session_header.empty()) {
    options.credentials = ExpressSession(env, place, options);
  }
  return Status::Ok();
}

Result<std::shared_ptr<ObjectStore>> OpenS3(Env& env, const std::string& url, S3Options options) {
  ASSIGN_OR_RETURN(S3Place place, LocateS3(url, options));
  RETURN_IF_ERROR(FindS3Access(env, place, options));
  return std::shared_ptr<ObjectStore>(
      std::make_shared<S3ObjectStore>(env, std::move(place), options));
}

}  // namespace duckpond
