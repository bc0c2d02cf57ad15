// SPDX-License-Identifier: MIT
#include "store/s3_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/iso_time.h"
#include "store/http_reply.h"
#include "store/object_rules.h"
#include "store/s3_reply.h"
#include "store/s3_sender.h"
#include "store/s3_store.h"
#include "store/s3_xml.h"

namespace duckpond {
namespace {

constexpr uint64_t kListingBytesMax = 16 << 20;
constexpr int kPagesMax = 100;

// Where the next page starts; empty for none.
struct Marker {
  std::string key;
  std::string version;
};

Result<ObjectVersion> ReadListed(const XmlElement& listed) {
  ObjectVersion version;
  version.id = listed.ChildText("VersionId");
  version.latest = listed.ChildText("IsLatest") == "true";
  version.deleted = listed.name == "DeleteMarker";
  version.time_us = ParseIsoTime(listed.ChildText("LastModified")).value_or(0);
  if (!version.deleted) {
    ASSIGN_OR_RETURN(version.bytes, ParseSize(listed.ChildText("Size")));
  }
  if (version.id.empty()) return Status::Corrupt("a version without an id");
  return version;
}

// Some servers list what was deleted apart, and all of them tell times by the second at best.
bool IsBefore(const ObjectVersion& a, const ObjectVersion& b) {
  if (a.latest != b.latest) return a.latest;
  return a.time_us > b.time_us;
}

// Adds those of `key` in `body`, a page of a listing of what starts with it.
Result<Marker> ReadPage(std::string_view body, const std::string& key,
                        std::vector<ObjectVersion>& versions) {
  ASSIGN_OR_RETURN(const XmlElement root, ParseXml(body));
  if (root.name != "ListVersionsResult") {
    return Status::Corrupt("<" + Printable(root.name) + "> is no listing of versions");
  }
  for (const XmlElement& child : root.children) {
    const bool listed = child.name == "Version" || child.name == "DeleteMarker";
    if (!listed || child.ChildText("Key") != key) continue;
    ASSIGN_OR_RETURN(ObjectVersion version, ReadListed(child));
    versions.insert(std::ranges::upper_bound(versions, version, IsBefore), std::move(version));
  }
  Marker next;
  if (root.ChildText("IsTruncated") != "true") return next;
  next.key = root.ChildText("NextKeyMarker");
  next.version = root.ChildText("NextVersionIdMarker");
  if (next.key.empty()) return Status::Corrupt("a listing stops without saying where");
  if (next.key != key) next = {};  // What follows are other objects.
  return next;
}

class S3History final : public ObjectHistory {
 public:
  S3History(Env& env, S3Place place, const S3Options& options)
      : env_(env), sender_(env, std::move(place), options) {}

  Task<Result<std::vector<ObjectVersion>>> Versions(Context context, std::string key,
                                                    size_t count_max) override;
  Task<Result<Bytes>> ReadVersion(Context context, std::string key, std::string id,
                                  uint64_t bytes_max) override;
  Task<Status> Undelete(Context context, std::string key, std::string id) override;

 private:
  Task<Result<HttpReply>> Send(Context context, S3Call call);

  Env& env_;
  S3Sender sender_;
};

Task<Result<HttpReply>> S3History::Send(Context context, S3Call call) {
  auto reply = co_await sender_.Send(context, std::move(call));
  if (!reply.ok()) co_return AsRead(reply.error(), context, env_.executor.NowUs());
  co_return reply;
}

Task<Result<std::vector<ObjectVersion>>> S3History::Versions(Context context, std::string key,
                                                             size_t count_max) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  const S3Asked asked = sender_.Asked("LIST", key);
  const std::string full = sender_.place().prefix + key;
  std::vector<ObjectVersion> versions;
  Marker next;
  for (int page = 0; page < kPagesMax; ++page) {
    S3Call call("GET", "");
    call.query.emplace_back("versions", "");
    call.query.emplace_back("prefix", full);
    if (!next.key.empty()) {
      call.query.emplace_back("key-marker", next.key);
      call.query.emplace_back("version-id-marker", next.version);
    }
    call.reply_bytes_max = kListingBytesMax;
    CO_ASSIGN_OR_RETURN(const HttpReply reply, co_await Send(context, std::move(call)));
    // What is no listing fails as a listing of objects does.
    if (reply.status != 200) co_return MeaningOfList(asked, sender_.place().prefix, reply).status();
    auto read = ReadPage(reply.body.view(), full, versions);
    if (!read.ok()) co_return read.error().Prefixed("LIST " + asked.url);
    next = *std::move(read);
    if (next.key.empty() || versions.size() >= count_max) break;
  }
  if (versions.size() > count_max) versions.resize(count_max);
  co_return versions;
}

Task<Result<Bytes>> S3History::ReadVersion(Context context, std::string key, std::string id,
                                           uint64_t bytes_max) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  const S3Asked asked = sender_.Asked("GET", key);
  S3Call call("GET", sender_.place().prefix + key);
  call.query.emplace_back("versionId", id);
  call.reply_bytes_max = bytes_max;
  CO_ASSIGN_OR_RETURN(HttpReply reply, co_await Send(context, std::move(call)));
  if (reply.status == 404 || reply.status == 405) {
    co_return Status::NotFound(fmt::format("version {} of {} is gone", Printable(id), asked.url));
  }
  GetOptions options;
  options.bytes_max = bytes_max;
  CO_ASSIGN_OR_RETURN(GetReply read, MeaningOfGet(asked, options, std::move(reply)));
  co_return std::move(read.bytes);
}

Task<Status> S3History::Undelete(Context context, std::string key, std::string id) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  const S3Asked asked = sender_.Asked("DELETE", key);
  S3Call call("DELETE", sender_.place().prefix + key);
  call.query.emplace_back("versionId", id);
  CO_ASSIGN_OR_RETURN(const HttpReply reply, co_await Send(context, std::move(call)));
  co_return MeaningOfDelete(asked, reply).status();
}

}  // namespace

Result<std::shared_ptr<ObjectHistory>> OpenS3History(Env& env, const std::string& url,
                                                     S3Options options) {
  ASSIGN_OR_RETURN(S3Place place, LocateS3(url, options));
  RETURN_IF_ERROR(FindS3Access(env, place, options));
  return std::shared_ptr<ObjectHistory>(
      std::make_shared<S3History>(env, std::move(place), options));
}

}  // namespace duckpond
