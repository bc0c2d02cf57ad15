// SPDX-License-Identifier: MIT
//
// ByteWriter and ByteReader: varints and little-endian integers of up to 128 bits, for the lake's
// binary encodings.
//
// Errors:  a ByteReader that was asked for more than there is says so once by ok() and from then on
//          gives zeros; callers check where it matters and at the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace duckpond {

using Int128 = __int128;
using Uint128 = unsigned __int128;

class ByteWriter {
 public:
  void Byte(uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  // Seven bits a byte, the lowest first; all but the last byte have the top bit.
  void Varint(Uint128 value) {
    for (; value >= 0x80; value >>= 7) Byte(static_cast<uint8_t>(value) | 0x80);
    Byte(static_cast<uint8_t>(value));
  }
  // Small numbers of either sign stay short: 0, -1, 1, -2, … become 0, 1, 2, 3, …
  void Zigzag(Int128 value) {
    Varint((static_cast<Uint128>(value) << 1) ^ static_cast<Uint128>(value >> 127));
  }
  void Little(Uint128 value, uint32_t bytes) {
    DCHECK(bytes <= sizeof(value));
    for (uint32_t i = 0; i < bytes; ++i, value >>= 8) Byte(static_cast<uint8_t>(value));
  }
  void Raw(std::string_view bytes) { bytes_ += bytes; }
  const std::string& bytes() const { return bytes_; }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }
  uint8_t Byte() {
    const std::string_view byte = Raw(1);
    return byte.empty() ? 0 : static_cast<uint8_t>(byte[0]);
  }
  Uint128 Varint() {
    constexpr int kBitsMax = 128;
    Uint128 value = 0;
    for (int shift = 0; shift < kBitsMax; shift += 7) {
      const uint8_t byte = Byte();
      value |= static_cast<Uint128>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }
  // A varint that is at most `max`.
  uint64_t Count(uint64_t max) {
    const Uint128 value = Varint();
    if (value <= max) return static_cast<uint64_t>(value);
    ok_ = false;
    return 0;
  }
  Int128 Zigzag() {
    const Uint128 value = Varint();
    return static_cast<Int128>((value >> 1) ^ (~(value & 1) + 1));
  }
  Uint128 Little(uint32_t bytes) {
    DCHECK(bytes <= sizeof(Uint128));
    Uint128 value = 0;
    const std::string_view raw = Raw(bytes);
    for (size_t i = raw.size(); i-- > 0;) value = (value << 8) | static_cast<uint8_t>(raw[i]);
    return value;
  }
  // The next `size` bytes; empty if there are fewer.
  std::string_view Raw(uint64_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const std::string_view raw = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return raw;
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace duckpond
