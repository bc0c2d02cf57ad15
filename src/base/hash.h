// SPDX-License-Identifier: MIT
//
// Hashes: XXH3 for integrity inside our formats (fast, not against an adversary), SHA-256 and HMAC
// for request signing, MD5 only where a protocol asks for it. All results are raw bytes; see
// base/encoding.h for their text form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace duckpond {

// 16 bytes, big-endian: the canonical form of XXH3-128.
std::string Xxh3_128(std::string_view bytes);
uint64_t Xxh3_64(std::string_view bytes);

std::string Sha256(std::string_view bytes);                            // 32 bytes
std::string HmacSha256(std::string_view key, std::string_view bytes);  // 32 bytes
std::string Md5(std::string_view bytes);                               // 16 bytes

// Lets hashing, and TLS, go on while the process exits, when OpenSSL would clean up behind threads
// that still run. REQUIRES: called before anything else of OpenSSL; else it changes nothing.
void HashUntilTheEnd();

}  // namespace duckpond
