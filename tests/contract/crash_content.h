// SPDX-License-Identifier: MIT
//
// What `swap_worker write` writes: contents that tell their number and whether they are whole.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/hash.h"

namespace duckpond {

// "<number>:<hash>:<filling of a length that differs from number to number>"
inline std::string CrashContent(int number) {
  const size_t length = 1 + static_cast<size_t>(number) * 7919 % 300'000;
  const std::string filling(length, static_cast<char>('a' + number % 26));
  const std::string start = std::to_string(number) + ":";
  return start + HexEncode(Xxh3_128(start + filling)) + ":" + filling;
}

// The number that `text` starts with; -1 if it starts with none.
inline int NumberAtStart(std::string_view text) {
  int number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The number of a whole content; empty for anything else.
inline std::optional<int> CrashNumber(std::string_view content) {
  const int number = NumberAtStart(content);
  if (number < 0 || content != CrashContent(number)) return std::nullopt;
  return number;
}

inline std::string CrashDataKey(int number) {
  return "data/" + std::to_string(number % 10) + "/" + std::to_string(number);
}

}  // namespace duckpond
