// SPDX-License-Identifier: MIT
//
// What protocols and files of settings need of text: ASCII only, whatever the locale.
//
// Threads:  pure functions.
#pragma once

#include <string>
#include <string_view>

namespace duckpond {

// Without spaces, tabs and line ends at both ends.
inline std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

inline std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace duckpond
