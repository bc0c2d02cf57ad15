// SPDX-License-Identifier: MIT
#include "store/server_clock.h"

#include <fmt/format.h>

#include <cstdlib>

#include "store/http_reply.h"

namespace duckpond {
namespace {

constexpr int64_t kMinuteUs = 60'000'000;
// Clocks that differ by less are refused for another reason.
constexpr int64_t kSkewUsMin = kMinuteUs;

}  // namespace

int64_t ServerClock::NowUs() const {
  std::lock_guard lock(mutex_);
  return env_.clock.NowUs() + offset_us_;
}

std::optional<ServerClock::Skew> ServerClock::Correct(const HttpReply& refusal, int64_t signed_us) {
  const auto servers_us = ParseHttpDate(refusal.Find("date").value_or(""));
  if (!servers_us) return std::nullopt;
  const int64_t offset_us = *servers_us - env_.clock.NowUs();
  Skew skew;
  skew.text = fmt::format("this machine's clock is {} minutes {} the server's",
                          std::abs(offset_us) / kMinuteUs, offset_us > 0 ? "behind" : "ahead of");
  // Not by what is known: of many that were sent at once, another may have corrected it already.
  skew.corrected = std::abs(*servers_us - signed_us) >= kSkewUsMin;
  if (!skew.corrected && std::abs(offset_us) < kSkewUsMin) return std::nullopt;
  std::lock_guard lock(mutex_);
  offset_us_ = offset_us;
  return skew;
}

}  // namespace duckpond
