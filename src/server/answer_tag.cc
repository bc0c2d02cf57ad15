// SPDX-License-Identifier: MIT
#include "server/answer_tag.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/hash.h"

namespace duckpond {
namespace {

// Another program may write the same answer in another way.
constexpr std::string_view kProgram = "duckpond 0.1.0";
constexpr int64_t kUsPerSecond = 1'000'000;
// What `cached` refreshes behind the answer, a cache may as well.
constexpr int64_t kStaleSeconds = 86'400;

// Whatever is in it, two lists of texts are never one text.
void Add(std::string& all, std::string_view text) {
  all += fmt::format("{}:", text.size());
  all += text;
}

std::string Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

// What may be shown without asking, and behind the answer.
std::string LifeOf(const Consistency& consistency, int64_t age_us) {
  using Kind = Consistency::Kind;
  if (consistency.kind == Kind::kLatest) return "no-cache";
  const bool bounded = consistency.kind == Kind::kBounded;
  const int64_t allowed_us = consistency.age_us.value_or(bounded ? Consistency::kBoundUs : 0);
  const int64_t seconds = std::max<int64_t>(allowed_us - age_us, 0) / kUsPerSecond;
  if (bounded) return fmt::format("max-age={}", seconds);
  return fmt::format("max-age={}, stale-while-revalidate={}", seconds, kStaleSeconds);
}

}  // namespace

std::string TagOf(const QueryRequest& request, const ReadVersion& read) {
  std::string all;
  Add(all, kProgram);
  Add(all, request.sql);
  Add(all, ContentTypeOf(request.format));
  Add(all, fmt::format("{}.{}", static_cast<int>(request.format), read.time_us));
  Add(all, read.zone);
  for (const auto& [name, value] : request.run.parameters) {
    Add(all, name);
    Add(all, value);
  }
  return fmt::format("W/\"{}-{}\"", read.version, HexEncode(Xxh3_128(all)));
}

bool HasTag(std::string_view if_none_match, std::string_view tag) {
  while (!if_none_match.empty()) {
    const size_t comma = std::min(if_none_match.find(','), if_none_match.size());
    std::string one = Trimmed(if_none_match.substr(0, comma));
    // A cache may have made it strong.
    if (!one.starts_with("W/")) one.insert(0, "W/");
    if (one == tag) return true;
    if_none_match.remove_prefix(std::min(comma + 1, if_none_match.size()));
  }
  return false;
}

WebFields CacheFields(const QueryRequest& request, const Consistency& consistency,
                      const std::optional<ReadVersion>& read) {
  if (!request.run.note_answer) return {};
  if (!read) return {{"Cache-Control", "no-store"}};
  const std::string whose = request.has_token ? "private, " : "";
  return {{"ETag", TagOf(request, *read)},
          {"Cache-Control", whose + LifeOf(consistency, read->age_us)},
          {"Vary", "X-ClickHouse-Format, format"}};
}

}  // namespace duckpond
