// SPDX-License-Identifier: MIT
#include "base/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/check.h"
#include "base/sha1.h"

namespace duckpond {
namespace {

std::string Digest(const EVP_MD* kind, std::string_view bytes) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  CHECK(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                   &size, kind, nullptr) == 1);
  CHECK(size == static_cast<unsigned int>(EVP_MD_size(kind)));
  digest.resize(size);
  return digest;
}

}  // namespace

std::string Xxh3_128(std::string_view bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  static_assert(sizeof(canonical.digest) == 16);
  return {reinterpret_cast<const char*>(canonical.digest), sizeof(canonical.digest)};
}

uint64_t Xxh3_64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string Sha1(std::string_view bytes) { return Digest(EVP_sha1(), bytes); }

std::string Sha256(std::string_view bytes) { return Digest(EVP_sha256(), bytes); }

std::string Md5(std::string_view bytes) { return Digest(EVP_md5(), bytes); }

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  CHECK(key.size() <= INT32_MAX);  // OpenSSL takes it as an int.
  unsigned int size = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
             reinterpret_cast<unsigned char*>(digest.data()), &size) != nullptr);
  CHECK(size == static_cast<unsigned int>(EVP_MD_size(EVP_sha256())));
  digest.resize(size);
  return digest;
}

void HashUntilTheEnd() { OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr); }

}  // namespace duckpond
