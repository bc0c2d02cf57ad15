// SPDX-License-Identifier: MIT
//
// Moments as other programs write them in UTC: ISO 8601, "2026-11-21T18:00:00Z", with or without a
// fraction, which is dropped.
//
// Threads:  pure functions.
// Units:    microseconds since the Unix epoch, UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace duckpond {

// Nothing for text that is no such moment.
std::optional<int64_t> ParseIsoTime(std::string_view text);

}  // namespace duckpond
