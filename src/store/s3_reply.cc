// SPDX-License-Identifier: MIT
#include "store/s3_reply.h"

#include <fmt/format.h>

#include <utility>

#include "store/http_reply.h"
#include "store/object_rules.h"
#include "store/s3_quirks.h"
#include "store/s3_xml.h"

namespace duckpond {
namespace {

// "GET s3://bucket/key: answered 403 AccessDenied (Access Denied.)"
std::string Seen(const S3Asked& asked, const HttpReply& reply, const S3Error& error) {
  std::string text =
      fmt::format("{} {}: {} answered {}", asked.method, asked.url, asked.endpoint, reply.status);
  if (!error.code.empty()) text += " " + error.code;
  if (!error.message.empty()) text += " (" + error.message + ")";
  return text;
}

// What to do about an error that is about who asks, or nothing.
std::string AdviceOnKeys(const S3Asked& asked, std::string_view code) {
  // The last one is versitygw's, with a 404.
  if (code == "InvalidAccessKeyId" || code == "InvalidClientTokenId" ||
      code == "XAdminUserNotFound") {
    return "the access key is not known there: check the key and the endpoint";
  }
  if (code == "SignatureDoesNotMatch") return "check the secret key, the region and the endpoint";
  if (code == "ExpiredToken" || code == "TokenRefreshRequired") return "the keys have expired";
  if (code == "InvalidToken") return "check the session token";
  if (code == "RequestTimeTooSkewed") return "check this machine's clock";
  if (code == "AccessDenied" || code == "AllAccessDisabled" || code == "Forbidden") {
    return asked.method == "GET"
               ? "it is missing or not permitted (without s3:ListBucket a missing object is "
                 "answered like this)"
               : "it is not permitted";
  }
  return {};
}

// A definite failure that means the same for every kind of request. REQUIRES: not a success, not
// an answer about the object.
Status Failure(const S3Asked& asked, const HttpReply& reply) {
  const S3Error error = ErrorOf(reply);
  std::string seen = Seen(asked, reply, error);
  if (IsPage(reply)) seen += std::string(" ") + kPageInstead;
  if (error.code == "NoSuchBucket") {
    return Status::Invalid(
        fmt::format("bucket {} does not exist at {}", asked.bucket, asked.endpoint));
  }
  if (const std::string advice = AdviceOnKeys(asked, error.code); !advice.empty()) {
    // Not the server's own text: it may repeat the key.
    return Status::Invalid(fmt::format("{} {}: {} answered {} {}; {}; keys come from {}",
                                       asked.method, asked.url, asked.endpoint, reply.status,
                                       error.code, advice, asked.keys_source));
  }
  if (error.code == "EntityTooLarge" || reply.status == 413) {
    return Status::Exhausted(std::move(seen));
  }
  if (reply.status == 501 || error.code == "NotImplemented") {
    return Status::Unsupported(seen +
                               ": it is no store for a pond if it has no conditional writes");
  }
  const bool later = reply.status == 429 || reply.status >= 500 || reply.status == 408 ||
                     error.code == "RequestTimeout" || error.code == "SlowDown";
  if (later) return Status::Unavailable(std::move(seen));
  if (reply.status == 307) return Status::Unavailable(std::move(seen));  // The name still moves.
  if (IsRedirect(reply)) {
    const auto region = RegionElsewhere(reply);
    return Status::Invalid(seen + (region ? ", the bucket is in " + *region : RedirectText(reply)) +
                           ": set the bucket's own region or endpoint");
  }
  if (reply.status == 407) return Status::Invalid(seen + kProxyAsks);
  if (reply.status < 400) return Status::Corrupt(seen + ", which is no answer to this");
  return Status::Invalid(seen +
                         (IsPage(reply) ? "" : ": check the keys, the bucket and the endpoint"));
}

bool IsServerError(const HttpReply& reply) { return reply.status >= 500 && reply.status != 501; }

// Whether a 404 says that the object is missing, not the bucket, and was said by an S3 server at
// all: a mistyped endpoint must not look like an empty store.
bool IsMissing(const HttpReply& reply) {
  if (reply.status != 404) return false;
  const S3Error error = ErrorOf(reply);
  if (error.code.empty()) return reply.body.empty() && reply.Find("x-amz-request-id").has_value();
  return error.code == "NoSuchKey" || error.code == "NotFound";
}

Result<ObjectTag> TagOf(const S3Asked& asked, const HttpReply& reply) {
  const auto tag = reply.Find("etag");
  if (!tag || tag->empty()) {
    return Status::Corrupt(
        fmt::format("{} {}: {} answered {} without an ETag: is it an S3 server, or does something "
                    "on the way change replies?",
                    asked.method, asked.url, asked.endpoint, reply.status));
  }
  if (tag->starts_with("W/")) {
    return Status::Corrupt(
        fmt::format("{} {}: {} answered with a weak ETag, so something on the way changes replies",
                    asked.method, asked.url, asked.endpoint));
  }
  return ObjectTag{std::string(*tag)};
}

Result<GetReply> MeaningOfFound(const S3Asked& asked, const GetOptions& options, HttpReply reply) {
  const std::string seen = Seen(asked, reply, {});
  if (IsPage(reply)) return Status::Corrupt(seen + " " + kPageInstead);
  ASSIGN_OR_RETURN(ObjectTag tag, TagOf(asked, reply));
  // The whole object, also from servers that do not know ranges; the part is cut here then.
  GetOptions part = options;
  part.if_none_match.reset();
  auto answer = reply.status == 206 ? MeaningOfPart(options, std::move(reply))
                                    : AnswerGet(reply.body, tag, part);
  if (!answer.ok()) return answer.error().Prefixed(seen);
  answer->tag = std::move(tag);
  return answer;
}

Result<ListReply::Object> ReadListed(const XmlElement& contents, const std::string& store_prefix) {
  const std::string_view key = contents.ChildText("Key");
  if (!key.starts_with(store_prefix)) {
    return Status::Corrupt(
        fmt::format("listed key \"{}\" does not start with \"{}\"", Printable(key), store_prefix));
  }
  ASSIGN_OR_RETURN(const uint64_t size, ParseSize(contents.ChildText("Size")));
  return ListReply::Object{std::string(key.substr(store_prefix.size())), size};
}

Result<ListReply> ReadListing(const std::string& store_prefix, const HttpReply& reply) {
  ASSIGN_OR_RETURN(const XmlElement root, ParseXml(reply.body.view()));
  if (root.name != "ListBucketResult") return Status::Corrupt("<" + root.name + "> is no listing");
  ListReply listing;
  for (const XmlElement& child : root.children) {
    if (child.name != "Contents") continue;
    ASSIGN_OR_RETURN(ListReply::Object object, ReadListed(child, store_prefix));
    listing.objects.push_back(std::move(object));
  }
  if (root.ChildText("IsTruncated") == "true") {
    listing.next_token = root.ChildText("NextContinuationToken");
    if (listing.next_token->empty()) return Status::Corrupt("a listing stops without saying where");
  }
  return listing;
}

}  // namespace

S3Error ErrorOf(const HttpReply& reply) {
  S3Error error;
  const auto root = ParseXml(reply.body.view());
  if (!root.ok()) return error;
  const XmlElement* element = root->name == "Error" ? &*root : root->Child("Error");
  if (element == nullptr) return error;
  error.code = Printable(element->ChildText("Code"));
  error.message = Printable(element->ChildText("Message"));
  error.region = Printable(element->ChildText("Region"));
  return error;
}

std::optional<std::string> RegionElsewhere(const HttpReply& reply) {
  const bool redirect = reply.status == 301 || reply.status == 302 || reply.status == 307;
  if (!redirect && reply.status != 400) return std::nullopt;
  const S3Error error = ErrorOf(reply);
  if (!redirect && error.code != "AuthorizationHeaderMalformed" &&
      error.code != "IllegalLocationConstraintException") {
    return std::nullopt;
  }
  std::string region(reply.Find("x-amz-bucket-region").value_or(error.region));
  if (!IsRegionName(region)) return std::nullopt;
  return region;
}

Result<GetReply> MeaningOfGet(const S3Asked& asked, const GetOptions& options, HttpReply reply) {
  if (reply.status == 200 || reply.status == 206) {
    return MeaningOfFound(asked, options, std::move(reply));
  }
  if (auto answer = MeaningWithoutContent(options, reply)) return *std::move(answer);
  if (IsMissing(reply)) return GetReply{};
  return Failure(asked, reply);
}

Result<PutReply> MeaningOfPut(const S3Asked& asked, const PutCondition& condition,
                              const HttpReply& reply) {
  if (reply.status >= 200 && reply.status < 300) {
    if (IsPage(reply)) {
      // Said by something that knows nothing of what was asked.
      return PutReply{PutReply::State::kUnknown, {}, Seen(asked, reply, {}) + " " + kPageInstead};
    }
    const auto tag = TagOf(asked, reply);
    // Written, but under which tag is not known: to be read back.
    if (!tag.ok()) return PutReply{PutReply::State::kUnknown, {}, tag.error().message()};
    return PutReply{PutReply::State::kWritten, *tag, {}};
  }
  const S3Error error = ErrorOf(reply);
  if (IsServerError(reply)) {
    return PutReply{PutReply::State::kUnknown, {}, Seen(asked, reply, error)};
  }
  if (reply.status == 412 || reply.status == 409) {
    if (IsImpossibleKey(error.code)) return Failure(asked, reply);
    if (IsFolderInTheWay(error.code)) return Status::Unavailable(Seen(asked, reply, error));
    return PutReply{PutReply::State::kConflict, {}, Seen(asked, reply, error)};
  }
  if (condition.kind == PutCondition::Kind::kIfMatch && IsMissing(reply)) {
    return PutReply{PutReply::State::kConflict, {}, Seen(asked, reply, error)};
  }
  return Failure(asked, reply);
}

Result<PutReply> MeaningOfAppend(const S3Asked& asked, const HttpReply& reply) {
  const S3Error error = ErrorOf(reply);
  const std::string seen = Seen(asked, reply, error);
  if (error.code == "TooManyParts") return Status::Exhausted(seen);
  // It has grown, or shrunk, since.
  if (error.code == "InvalidWriteOffset") return PutReply{PutReply::State::kConflict, {}, seen};
  return MeaningOfPut(asked, PutCondition::IfMatch({}), reply);
}

Result<std::string> MeaningOfBegin(const S3Asked& asked, const HttpReply& reply) {
  if (reply.status != 200) return Failure(asked, reply);
  const auto root = ParseXml(reply.body.view());
  std::string id(root.ok() ? root->ChildText("UploadId") : std::string_view());
  if (id.empty()) {
    return Status::Corrupt(fmt::format("{} {}: {} answered without an UploadId", asked.method,
                                       asked.url, asked.endpoint));
  }
  return id;
}

Result<std::string> MeaningOfPart(const S3Asked& asked, const HttpReply& reply) {
  if (reply.status != 200) return Failure(asked, reply);
  ASSIGN_OR_RETURN(ObjectTag tag, TagOf(asked, reply));
  return std::move(tag.value);
}

Result<PutReply> MeaningOfComplete(const S3Asked& asked, const PutCondition& condition,
                                   const HttpReply& reply) {
  const S3Error error = ErrorOf(reply);
  // Something on the way may have sent it twice, and the first have done it.
  if (error.code == "NoSuchUpload") {
    return PutReply{PutReply::State::kUnknown, {}, Seen(asked, reply, error)};
  }
  if (reply.status != 200) return MeaningOfPut(asked, condition, reply);
  if (error.code == "PreconditionFailed" || error.code == "ConditionalRequestConflict") {
    return PutReply{PutReply::State::kConflict, {}, Seen(asked, reply, error)};
  }
  const auto root = ParseXml(reply.body.view());
  const std::string tag(root.ok() ? root->ChildText("ETag") : std::string_view());
  if (error.code.empty() && !tag.empty()) return PutReply{PutReply::State::kWritten, {tag}, {}};
  return PutReply{PutReply::State::kUnknown, {}, Seen(asked, reply, error)};
}

Result<DeleteReply> MeaningOfDelete(const S3Asked& asked, const HttpReply& reply) {
  if (reply.status >= 200 && reply.status < 300) {
    if (!IsPage(reply)) return DeleteReply{DeleteReply::State::kDeleted, {}};
    return DeleteReply{DeleteReply::State::kUnknown, Seen(asked, reply, {}) + " " + kPageInstead};
  }
  if (IsMissing(reply)) return DeleteReply{DeleteReply::State::kMissing, {}};
  const std::string seen = Seen(asked, reply, ErrorOf(reply));
  if (IsServerError(reply)) return DeleteReply{DeleteReply::State::kUnknown, seen};
  if (reply.status == 412 || reply.status == 409) {
    return DeleteReply{DeleteReply::State::kConflict, seen};
  }
  return Failure(asked, reply);
}

Result<ListReply> MeaningOfList(const S3Asked& asked, const std::string& store_prefix,
                                const HttpReply& reply) {
  if (reply.status != 200) return Failure(asked, reply);
  auto listing = ReadListing(store_prefix, reply);
  if (!listing.ok()) return listing.error().Prefixed("LIST " + asked.url);
  return listing;
}

}  // namespace duckpond
