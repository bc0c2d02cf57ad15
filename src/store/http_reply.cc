// SPDX-License-Identifier: MIT
#include "store/http_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "store/object_rules.h"

namespace duckpond {
namespace {

constexpr size_t kQuotedBytesMax = 200;
constexpr int64_t kSecondUs = 1'000'000;
// A Date has whole seconds, and the answer took a while: less than this is now.
constexpr int64_t kDateResolutionUs = 2 * kSecondUs;
// As RFC 9111 has it: what is longer, is this.
constexpr int64_t kSecondsMax = int64_t{1} << 31;

struct ContentRange {
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t total = 0;
};

// "bytes 0-99/1234"
Result<ContentRange> ParseContentRange(std::string_view text) {
  const Status bad = Status::Corrupt(
      fmt::format("the Content-Range \"{}\" is not what was asked for", Printable(text)));
  constexpr std::string_view kUnit = "bytes ";
  const size_t dash = text.find('-');
  const size_t slash = text.find('/');
  if (!text.starts_with(kUnit) || dash == std::string_view::npos ||
      slash == std::string_view::npos || dash > slash) {
    return bad;
  }
  const auto first = ParseSize(text.substr(kUnit.size(), dash - kUnit.size()));
  const auto last = ParseSize(text.substr(dash + 1, slash - dash - 1));
  const auto total = ParseSize(text.substr(slash + 1));
  if (!first.ok() || !last.ok() || !total.ok()) return bad;
  if (*first > *last || *last >= *total) return bad;
  return ContentRange{*first, *last, *total};
}

// Whole seconds, which may stand in quotes.
std::optional<int64_t> ParseSeconds(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !std::ranges::all_of(text, digit)) return std::nullopt;
  uint64_t seconds = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc()) return kSecondsMax * kSecondUs;
  return static_cast<int64_t>(std::min<uint64_t>(seconds, kSecondsMax)) * kSecondUs;
}

void TakeDirective(std::string_view directive, CacheControl& control) {
  const size_t equals = directive.find('=');
  const std::string name = LowerCase(Trim(directive.substr(0, equals)));
  if (name == "no-cache" || name == "no-store") control.must_ask = true;
  if (equals == std::string_view::npos) return;
  const std::optional<int64_t> time_us = ParseSeconds(Trim(directive.substr(equals + 1)));
  if (!time_us) return;
  if (name == "max-age") control.max_age_us = time_us;
  if (name == "s-maxage") control.shared_max_age_us = time_us;
  if (name == "stale-while-revalidate") control.stale_while_revalidate_us = *time_us;
  if (name == "stale-if-error") control.stale_if_error_us = *time_us;
}

std::optional<int> ParseDigits(std::string_view text) {
  int value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::string RangeText(const ByteRange& range) {
  CHECK(!range.length || *range.length > 0);  // CheckGet refuses an empty one.
  if (!range.length) return fmt::format("bytes={}-", range.offset);
  return fmt::format("bytes={}-{}", range.offset, range.offset + *range.length - 1);
}

std::string Printable(std::string_view text) {
  std::string clean(text.substr(0, kQuotedBytesMax));
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return clean;
}

Result<uint64_t> ParseSize(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) {
    return Status::Corrupt(fmt::format("\"{}\" is not a size", Printable(text)));
  }
  return value;
}

std::optional<GetReply> MeaningWithoutContent(const GetOptions& options, const HttpReply& reply) {
  GetReply answer;
  if (reply.status == 304 && options.if_none_match) {
    answer.state = GetReply::State::kUnchanged;
    answer.tag = *options.if_none_match;
    return answer;
  }
  if (reply.status == 416 && options.range) {
    answer.state = GetReply::State::kPastEnd;
    return answer;
  }
  return std::nullopt;
}

bool IsPage(const HttpReply& reply) {
  constexpr std::string_view kPage = "text/html";
  const std::string type = LowerCase(reply.Find("content-type").value_or(""));
  const std::string_view body = reply.body.view();
  const size_t start = body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  return type.starts_with(kPage) && start != std::string_view::npos && body[start] == '<';
}

bool IsRedirect(const HttpReply& reply) {
  const int status = reply.status;
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string RedirectText(const HttpReply& reply) {
  const std::string_view to = reply.Find("location").value_or("nowhere");
  return ", a redirect to " + Printable(to.substr(0, to.find_first_of("?#")));
}

Result<GetReply> MeaningOfPart(const GetOptions& options, HttpReply reply) {
  if (!options.range) return Status::Corrupt("a part was answered though the whole was asked for");
  ASSIGN_OR_RETURN(const ContentRange got,
                   ParseContentRange(reply.Find("content-range").value_or("")));
  ASSIGN_OR_RETURN(const ReplyPart part, PartOf(got.total, options));
  const uint64_t length = got.last - got.first + 1;
  if (part.past_end || got.first != part.offset || length != part.length ||
      reply.body.size() != length) {
    return Status::Corrupt(fmt::format(
        "bytes {}-{} of {} were answered in a body of {} bytes, where {} bytes at {} were expected",
        got.first, got.last, got.total, reply.body.size(), part.length, part.offset));
  }
  GetReply answer;
  answer.state = GetReply::State::kFound;
  answer.bytes = std::move(reply.body);
  answer.object_size = got.total;
  return answer;
}

Status AsRead(const Status& status, const Context& context, MonotonicUs now_us) {
  if (status.code() != StatusCode::kUnknown || !context.Check(now_us).ok()) return status;
  return Status::Unavailable(status.message());
}

std::optional<int64_t> CacheControl::Lifetime() const {
  if (must_ask) return 0;
  if (!max_age_us && !shared_max_age_us) return std::nullopt;
  return std::max(max_age_us.value_or(0), shared_max_age_us.value_or(0)) +
         std::max(stale_while_revalidate_us, stale_if_error_us);
}

CacheControl ParseCacheControl(const HttpReply& reply) {
  CacheControl control;
  for (const HttpHeader& header : reply.headers) {
    if (header.name != "cache-control") continue;
    // A comma within quotes only cuts the list of a no-cache="a, b" in two, of which none is known.
    for (std::string_view rest = header.value; !rest.empty();) {
      const size_t comma = std::min(rest.find(','), rest.size());
      TakeDirective(rest.substr(0, comma), control);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return control;
}

std::optional<int64_t> ParseHttpDate(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::string_view kForm = "Sun, 06 Nov 1994 08:49:37 GMT";
  if (text.size() != kForm.size() || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  const auto month = std::ranges::find(kMonths, text.substr(8, 3));
  const auto day = ParseDigits(text.substr(5, 2));
  const auto year = ParseDigits(text.substr(12, 4));
  const auto hour = ParseDigits(text.substr(17, 2));
  const auto minute = ParseDigits(text.substr(20, 2));
  const auto second = ParseDigits(text.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(*year),
      std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto at = std::chrono::sys_days(date) + std::chrono::hours(*hour) +
                  std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  return std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
}

int64_t AgeOf(const HttpReply& reply, int64_t now_us) {
  const std::optional<int64_t> said = ParseSeconds(reply.Find("age").value_or(""));
  if (said) return *said;
  int64_t age_us = ParseCacheControl(reply).Lifetime().value_or(0);
  const std::optional<int64_t> date_us = ParseHttpDate(reply.Find("date").value_or(""));
  if (date_us && now_us - *date_us >= kDateResolutionUs) {
    age_us = std::max(age_us, now_us - *date_us);
  }
  return age_us;
}

}  // namespace duckpond
