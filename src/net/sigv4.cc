// SPDX-License-Identifier: MIT
#include "net/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "base/check.h"
#include "base/encoding.h"
#include "base/hash.h"

namespace duckpond {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// "20150830T123600Z"; its first eight characters are the date of the scope.
std::string AmzDate(int64_t now_us) {
  using namespace std::chrono;
  const sys_seconds now{floor<seconds>(microseconds(now_us))};
  const sys_days day = floor<days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(now - day);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string CanonicalQuery(const SigV4Request& request) {
  std::vector<std::pair<std::string, std::string>> encoded;
  for (const auto& [name, value] : request.query) {
    encoded.emplace_back(PercentEncode(name, false), PercentEncode(value, false));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string text;
  for (const auto& [name, value] : encoded) {
    if (!text.empty()) text += '&';
    text += name;
    text += '=';
    text += value;
  }
  return text;
}

// Without space at the ends, and with runs of it inside as one.
std::string Collapse(std::string_view value) {
  std::string text;
  for (const char c : value) {
    const bool space = c == ' ' || c == '\t';
    if (!space) {
      text += c;
    } else if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

// Values by lower-case name, those of one name joined by commas in the order they were given.
std::map<std::string, std::string> CanonicalHeaders(const SigV4Request& request) {
  std::map<std::string, std::string> headers;
  headers["host"] = request.host;
  for (const HttpHeader& header : request.headers) {
    std::string name = header.name;
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    const auto [place, fresh] = headers.try_emplace(std::move(name), Collapse(header.value));
    if (!fresh) place->second += "," + Collapse(header.value);
  }
  return headers;
}

std::string SigningKey(const AwsKeys& keys, const SigningScope& scope, std::string_view date) {
  std::string key = HmacSha256("AWS4" + keys.secret_access_key, date);
  key = HmacSha256(key, scope.region);
  key = HmacSha256(key, scope.service);
  return HmacSha256(key, "aws4_request");
}

}  // namespace

std::string PayloadHash(std::string_view body) { return HexEncode(Sha256(body)); }

std::string EncodedTarget(const SigV4Request& request) {
  std::string target = PercentEncode(request.path, true);
  if (!request.query.empty()) target += "?" + CanonicalQuery(request);
  return target;
}

void SignV4(const AwsKeys& keys, const SigningScope& scope, int64_t now_us, SigV4Request* request) {
  CHECK(!request->host.empty() && request->path.starts_with('/'));
  // What is not signed could be changed on the way.
  CHECK(!request->payload_hash.empty());
  const std::string amz_date = AmzDate(now_us);
  const std::string date = amz_date.substr(0, 8);
  CHECK(amz_date.size() == 16);
  request->headers.push_back({"X-Amz-Date", amz_date});
  if (scope.service == "s3") {
    request->headers.push_back({"X-Amz-Content-Sha256", request->payload_hash});
  }
  if (!keys.session_token.empty()) {
    request->headers.push_back({"X-Amz-Security-Token", keys.session_token});
  }

  std::string canonical = request->method + "\n" + PercentEncode(request->path, true) + "\n" +
                          CanonicalQuery(*request) + "\n";
  std::string signed_names;
  for (const auto& [name, value] : CanonicalHeaders(*request)) {
    canonical += name + ":" + value + "\n";
    if (!signed_names.empty()) signed_names += ';';
    signed_names += name;
  }
  canonical += "\n" + signed_names + "\n" + request->payload_hash;

  const std::string scope_text =
      fmt::format("{}/{}/{}/aws4_request", date, scope.region, scope.service);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, amz_date, scope_text, HexEncode(Sha256(canonical)));
  const std::string signature = HexEncode(HmacSha256(SigningKey(keys, scope, date), to_sign));
  request->headers.push_back(
      {"Authorization",
       fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                   keys.access_key_id, scope_text, signed_names, signature)});
}

}  // namespace duckpond
