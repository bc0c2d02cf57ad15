// SPDX-License-Identifier: MIT
#include "store/http_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/encoding.h"
#include "base/text.h"
#include "store/http_reply.h"
#include "store/object_rules.h"

namespace duckpond {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

bool IsStrongTag(std::string_view tag) {
  const auto odd = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  return tag.size() > 2 && tag.front() == '"' && tag.back() == '"' &&
         std::none_of(tag.begin(), tag.end(), odd);
}

// What caches on the way are asked for; none where anything will do.
std::optional<HttpHeader> Wanted(int64_t age_us_max) {
  if (age_us_max == GetOptions::kAnyAge) return std::nullopt;
  if (age_us_max < kSecondUs) return HttpHeader{"Cache-Control", "no-cache"};
  return HttpHeader{"Cache-Control", fmt::format("max-age={}", age_us_max / kSecondUs)};
}

HttpRequest RequestFor(const std::string& url, const GetOptions& options, bool whole) {
  HttpRequest request{.url = url, .reply_bytes_max = options.bytes_max};
  if (options.range && !whole) request.headers.push_back({"Range", RangeText(*options.range)});
  if (options.if_none_match && IsStrongTag(options.if_none_match->value)) {
    request.headers.push_back({"If-None-Match", options.if_none_match->value});
  }
  if (auto wanted = Wanted(options.age_us_max)) request.headers.push_back(*std::move(wanted));
  return request;
}

// A definite failure. REQUIRES: no success, and not an answer about the object.
Status Failure(const HttpReply& reply) {
  const std::string seen = fmt::format("answered {}", reply.status);
  if (reply.status == 407) return Status::Invalid(seen + kProxyAsks);
  if (reply.status == 401 || reply.status == 403) {
    return Status::Invalid(seen +
                           ": it is missing or not permitted; a pond at http(s):// is read without "
                           "signing in: let everybody read it, or open it by its s3:// URL");
  }
  if (IsRedirect(reply)) {
    return Status::Invalid(seen + RedirectText(reply) +
                           "; redirects are not followed: open the pond by the URL that its "
                           "objects have themselves");
  }
  if (reply.status == 501) return Status::Unsupported(seen);
  if (reply.status == 408 || reply.status == 429 || reply.status >= 500) {
    return Status::Unavailable(seen);
  }
  if (reply.status < 400) return Status::Corrupt(seen + ", which is no answer to this");
  return Status::Invalid(seen + ": check the URL");
}

Result<GetReply> MeaningOfFound(const GetOptions& options, HttpReply reply) {
  if (const auto encoding = reply.Find("content-encoding"); encoding && *encoding != "identity") {
    return Status::Corrupt(fmt::format(
        "the answer is encoded ({}) though nobody asked for that: switch it off for this place",
        Printable(*encoding)));
  }
  if (IsPage(reply)) {
    return Status::Corrupt(fmt::format("answered {} {}", reply.status, kPageInstead));
  }
  ObjectTag tag;
  if (const auto given = reply.Find("etag"); given && IsStrongTag(*given)) tag.value = *given;
  if (reply.status == 206) {
    ASSIGN_OR_RETURN(GetReply part, MeaningOfPart(options, std::move(reply)));
    part.tag = std::move(tag);
    return part;
  }
  if (tag.value.empty()) tag = ContentTag(reply.body.view());
  return AnswerGet(reply.body, tag, options);
}

Result<GetReply> Meaning(const GetOptions& options, HttpReply reply) {
  if (reply.status == 200 || reply.status == 206) return MeaningOfFound(options, std::move(reply));
  if (auto answer = MeaningWithoutContent(options, reply)) return *std::move(answer);
  if (reply.status == 404 || reply.status == 410) return GetReply{};
  return Failure(reply);
}

}  // namespace

HttpObjectStore::HttpObjectStore(Env& env, std::string url, std::shared_ptr<HttpClient> http)
    : env_(env), url_(std::move(url)), http_(std::move(http)) {
  CHECK(http_ != nullptr);
  traits_.kind = "http";
  traits_.can_write = false;
}

std::string HttpObjectStore::server() const {
  std::lock_guard lock(mutex_);
  return server_;
}

void HttpObjectStore::NoteServer(const HttpReply& reply) {
  const auto name = reply.Find("server");
  if (!name) return;
  std::lock_guard lock(mutex_);
  server_ = *name;
}

Task<Result<GetReply>> HttpObjectStore::Get(Context context, std::string key, GetOptions options) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  CO_RETURN_IF_ERROR(CheckGet(options));
  const std::string url = url_ + "/" + PercentEncode(key, /*keep_slash=*/true);
  for (;;) {
    const bool whole = options.want_tag && !gives_tags_;
    HttpRequest request = RequestFor(url, options, whole);
    Result<HttpReply> reply = co_await http_->Send(context, std::move(request));
    if (!reply.ok()) co_return AsRead(reply.error(), context, env_.executor.NowUs());
    NoteServer(*reply);
    const int64_t age_us = AgeOf(*reply, env_.clock.NowUs());
    Result<GetReply> answer = Meaning(options, *std::move(reply));
    if (!answer.ok()) co_return answer.error().Prefixed("GET " + url);
    answer->age_us = age_us;
    const bool found = answer->state == GetReply::State::kFound;
    if (!found || !options.want_tag || !answer->tag.value.empty()) co_return answer;
    if (whole) {
      co_return Status::Corrupt(fmt::format(
          "GET {}: a part without an ETag was answered though the whole was asked for", url));
    }
    gives_tags_ = false;
  }
}

Status HttpObjectStore::ReadOnly() const {
  return Status::Invalid(url_ +
                         " is read-only: http(s):// is for reading; write to the bucket or folder "
                         "behind it");
}

Task<Result<PutReply>> HttpObjectStore::Put(Context, std::string, Bytes, PutCondition) {
  co_return ReadOnly();
}

Task<Result<PutReply>> HttpObjectStore::Append(Context, std::string, Bytes, AppendPosition) {
  co_return ReadOnly();
}

Task<Result<DeleteReply>> HttpObjectStore::Delete(Context, std::string, std::optional<ObjectTag>) {
  co_return ReadOnly();
}

Task<Result<ListReply>> HttpObjectStore::List(Context, std::string, std::optional<std::string>) {
  co_return Status::Unsupported(url_ + ": http(s):// cannot list objects");
}

Result<std::string> LocateHttp(std::string_view url) {
  const size_t scheme_end = std::min(url.find("://"), url.size());
  std::string located = LowerCase(url.substr(0, scheme_end));
  if (located != "http" && located != "https") {
    return Status::Invalid("not an http:// or https:// URL");
  }
  // None of these is repeated: a secret may stand there.
  if (url.find_first_of("?#") != std::string_view::npos) {
    return Status::Invalid("the URL of a pond takes no parameters: https://host/path");
  }
  if (url.find('@') != std::string_view::npos) {
    return Status::Invalid("the URL of a pond has no user or password: it is read by everybody");
  }
  std::string_view rest = url.substr(scheme_end);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  located += rest;
  constexpr size_t kSlashes = std::string_view("://").size();
  const bool odd = std::any_of(located.begin(), located.end(), [](unsigned char c) {
    return c <= 0x20 || c >= 0x7f || c == '"' || c == '\\';
  });
  const bool no_host = rest.size() <= kSlashes || rest[kSlashes] == '/' || rest[kSlashes] == ':';
  if (odd || no_host) {
    return Status::Invalid(fmt::format(
        "\"{}\" is not https://host/path; other characters are percent-encoded", Printable(url)));
  }
  return located;
}

Result<std::shared_ptr<ObjectStore>> OpenHttp(Env& env, std::string_view url) {
  ASSIGN_OR_RETURN(std::string located, LocateHttp(url));
  auto http = std::make_shared<HttpClient>(HttpSettings::FromEnvironment());
  return std::shared_ptr<ObjectStore>(
      std::make_shared<HttpObjectStore>(env, std::move(located), std::move(http)));
}

}  // namespace duckpond
