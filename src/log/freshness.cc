// SPDX-License-Identifier: MIT
#include "log/freshness.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "base/check.h"
#include "base/text.h"

namespace duckpond {
namespace {

constexpr double kUsPerSecond = 1e6;
constexpr double kSecondsMax = 1e9;

std::optional<Consistency::Kind> KindOf(std::string_view word) {
  const std::string lower = LowerCase(word);
  if (lower == "latest") return Consistency::Kind::kLatest;
  if (lower == "bounded") return Consistency::Kind::kBounded;
  if (lower == "cached") return Consistency::Kind::kCached;
  return std::nullopt;
}

}  // namespace

Result<Consistency> Consistency::Of(std::optional<std::string_view> word,
                                    std::optional<double> seconds) {
  Consistency consistency;
  if (word) {
    const auto kind = KindOf(*word);
    if (!kind) {
      return Status::Invalid(
          fmt::format("consistency is 'latest', 'bounded' or 'cached', not '{}'", *word));
    }
    consistency.kind = *kind;
  } else if (seconds) {
    consistency.kind = Kind::kBounded;
  }
  if (!seconds) return consistency;
  if (!std::isfinite(*seconds) || *seconds < 0 || *seconds > kSecondsMax) {
    return Status::Invalid(
        fmt::format("freshness is seconds, 0 to {:.0f}, not {}", kSecondsMax, *seconds));
  }
  if (consistency.kind == Kind::kLatest) {
    return Status::Invalid(
        "consistency 'latest' has no freshness: it asks each time. With 'bounded' an answer is "
        "that "
        "old at most, with 'cached' what is older is asked for behind it");
  }
  consistency.age_us = static_cast<int64_t>(*seconds * kUsPerSecond);
  return consistency;
}

Freshness Consistency::ToFreshness() const {
  CHECK(!age_us || (*age_us >= 0 && kind != Kind::kLatest));
  switch (kind) {
    case Kind::kLatest:
      break;
    case Kind::kBounded:
      return {.age_us_max = age_us.value_or(kBoundUs)};
    case Kind::kCached:
      return {.age_us_max = Freshness::kAnyAge,
              .refresh_age_us = age_us.value_or(Freshness::kAnyAge)};
  }
  return {};
}

}  // namespace duckpond
