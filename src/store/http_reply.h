// SPDX-License-Identifier: MIT
//
// What stores that speak HTTP have in common: how a range is asked for, what a part must look like,
// what a request that was not answered means for one who only reads, and how old an answer may be.
//
// Threads:  pure functions.
// Units:    microseconds; microseconds since the Unix epoch for dates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/context.h"
#include "net/http_message.h"
#include "store/object_store.h"

namespace duckpond {

// The value of a Range header.
std::string RangeText(const ByteRange& range);

// The start of what a server said, for messages: without control characters.
std::string Printable(std::string_view text);

// Errors: kCorrupt.
Result<uint64_t> ParseSize(std::string_view text);

// What a reply without content says of an object: 304 to a condition, 416 to a range. None for
// every other reply.
std::optional<GetReply> MeaningWithoutContent(const GetOptions& options, const HttpReply& reply);

// Whether the content is a page for people: of a proxy, a log-in, a website. Nobody keeps that in a
// pond.
bool IsPage(const HttpReply& reply);
// For messages, behind what was answered.
inline constexpr char kPageInstead[] =
    "with a page of HTML in place of the object: is there a log-in or a proxy on the way, or does "
    "the URL belong to a website?";

// What a 407 means, for messages.
inline constexpr char kProxyAsks[] =
    ": the proxy that the environment names asks for a password (https_proxy=http://user:…@host)";

// Whether it sends the caller elsewhere, and where to: ", a redirect to http://host/path" without
// a query, in which a signature may stand.
bool IsRedirect(const HttpReply& reply);
std::string RedirectText(const HttpReply& reply);

// A part as the server cut it (206), checked against what was asked and what arrived; without a
// tag. Errors: kCorrupt; kExhausted if it is longer than options.bytes_max.
Result<GetReply> MeaningOfPart(const GetOptions& options, HttpReply reply);

// For a request that changes nothing: that it was sent and not answered is kUnavailable, unless the
// caller went away: who counts what was sent wants to know.
Status AsRead(const Status& status, const Context& context, MonotonicUs now_us);

// What a reply lets caches do with it (RFC 9111, RFC 5861). Directives that are not known, and
// times that are no number, are left out.
struct CacheControl {
  bool must_ask = false;  // no-cache or no-store.
  std::optional<int64_t> max_age_us;
  std::optional<int64_t> shared_max_age_us;
  int64_t stale_while_revalidate_us = 0;
  int64_t stale_if_error_us = 0;

  // How long a cache between may go on answering with it; none if the server does not say.
  std::optional<int64_t> Lifetime() const;
};
CacheControl ParseCacheControl(const HttpReply& reply);

// "Sun, 06 Nov 1994 08:49:37 GMT"; none for anything else.
std::optional<int64_t> ParseHttpDate(std::string_view text);

// How long ago the object's own server may have given this reply: what Age says. Without it, all
// that Cache-Control lets a cache do, since there are caches that do not say that they are one; and
// at least what Date says. A clock that is wrong makes an answer seem older, never newer than that.
int64_t AgeOf(const HttpReply& reply, int64_t now_us);

}  // namespace duckpond
