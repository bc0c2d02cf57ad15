// SPDX-License-Identifier: MIT
#include "base/encoding.h"

#include <array>
#include <cstdint>

#include "base/check.h"

namespace duckpond {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kHexDigitsUpper = "0123456789ABCDEF";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static_assert(kBase64Digits.size() == 64 && kHexDigits.size() == 16);

constexpr int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::array<int8_t, 256> MakeBase64Values() {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (size_t i = 0; i < kBase64Digits.size(); ++i) {
    values[static_cast<uint8_t>(kBase64Digits[i])] = static_cast<int8_t>(i);
  }
  return values;
}
constexpr auto kBase64Values = MakeBase64Values();

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string HexEncode(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    text.push_back(kHexDigits[byte >> 4]);
    text.push_back(kHexDigits[byte & 15]);
  }
  DCHECK(text.size() == bytes.size() * 2);
  return text;
}

Result<std::string> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0) return Status::Invalid("hexadecimal text of odd length");
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) return Status::Invalid("a character that is no hexadecimal digit");
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

std::string Base64Encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<uint8_t>(bytes[i + k]) : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      text.push_back(k <= count ? kBase64Digits[group >> (18 - 6 * k) & 63] : '=');
    }
  }
  DCHECK(text.size() == (bytes.size() + 2) / 3 * 4);
  return text;
}

Result<std::string> Base64Decode(std::string_view text) {
  if (text.size() % 4 != 0) return Status::Invalid("base64 text whose length is no multiple of 4");
  size_t padding = 0;  // A '=' anywhere else is no digit.
  if (text.ends_with('=')) padding = text[text.size() - 2] == '=' ? 2 : 1;
  std::string bytes(text.size() / 4 * 3, '\0');
  char* to = bytes.data();
  // A digit that is none is -1: one look at the sign of all together finds it.
  int all = 0;
  uint32_t group = 0;
  for (size_t i = 0; i < text.size(); i += 4) {
    group = 0;
    for (size_t k = 0; k < 4; ++k) {
      const bool padded = i + k >= text.size() - padding;
      const int value = padded ? 0 : kBase64Values[static_cast<uint8_t>(text[i + k])];
      all |= value;
      group = group << 6 | static_cast<uint32_t>(value & 63);
    }
    *to++ = static_cast<char>(group >> 16);
    *to++ = static_cast<char>(group >> 8);
    *to++ = static_cast<char>(group);
  }
  if (all < 0) return Status::Invalid("a character that is no base64 digit");
  if ((padding == 1 && (group & 0xff) != 0) || (padding == 2 && (group & 0xffff) != 0)) {
    return Status::Invalid("base64 text with stray bits before its padding");
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

std::string PercentEncode(std::string_view bytes, bool keep_slash) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    if (IsUnreserved(c) || (c == '/' && keep_slash)) {
      text.push_back(c);
    } else {
      const auto byte = static_cast<uint8_t>(c);
      text.push_back('%');
      text.push_back(kHexDigitsUpper[byte >> 4]);
      text.push_back(kHexDigitsUpper[byte & 15]);
    }
  }
  return text;
}

Result<std::string> PercentDecode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return Status::Invalid("a '%' without two hexadecimal digits");
    const int high = HexValue(text[i + 1]);
    const int low = HexValue(text[i + 2]);
    if (high < 0 || low < 0) return Status::Invalid("a '%' without two hexadecimal digits");
    bytes.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return bytes;
}

}  // namespace duckpond
