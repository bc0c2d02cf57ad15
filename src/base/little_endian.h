// SPDX-License-Identifier: MIT
//
// Numbers in formats of ours: little-endian, whatever the machine.
//
// Threads:  free functions over values.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

namespace duckpond {

template <class T>
void AppendLittleEndian(std::string& out, T value) {
  static_assert(std::is_unsigned_v<T>);
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

// REQUIRES: at + sizeof(T) <= bytes.size().
template <class T>
T ReadLittleEndian(std::string_view bytes, size_t at) {
  static_assert(std::is_unsigned_v<T>);
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value |= static_cast<T>(static_cast<T>(static_cast<unsigned char>(bytes[at + i])) << (8 * i));
  }
  return value;
}

}  // namespace duckpond
