// SPDX-License-Identifier: MIT
#include "base/hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/encoding.h"
#include "base/env.h"
#include "base/hash_in_parts.h"
#include "base/sha1.h"

namespace duckpond {
namespace {

// Published values: FIPS 180-4, RFC 1321, RFC 4231 (case 2), and xxHash's own for the empty input.
TEST(HashTest, PublishedVectorsHold) {
  EXPECT_EQ(HexEncode(Sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(HexEncode(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexEncode(Md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(HexEncode(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(HexEncode(Xxh3_128("")), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(Xxh3_64(""), 0x2d06800538d394c2U);
}

TEST(HashTest, PartsHashAsTheWholeDoes) {
  std::string whole;
  for (int i = 0; i < 3000; ++i) whole += static_cast<char>(i * 7 + i / 253);
  for (const size_t part_bytes : {1, 7, 240, 1024, 5000}) {
    HashInParts parts;
    EXPECT_EQ(parts.Hash(), Xxh3_128(""));
    for (size_t at = 0; at < whole.size(); at += part_bytes) {
      parts.Add(std::string_view(whole).substr(at, part_bytes));
      const size_t end = std::min(at + part_bytes, whole.size());
      EXPECT_EQ(parts.Hash(), Xxh3_128(std::string_view(whole).substr(0, end)));
    }
  }
}

// Tasks of the process's own executor may still sign requests then.
TEST(HashDeathTest, HashingGoesOnWhileTheProcessExits) {
  // The child is a process of its own, in which nobody has hashed before.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto hash_at_exit = [] {
    std::atexit([] { Sha256("behind what OpenSSL does at exit"); });
    Env::Process();
    Sha256("early");
    std::exit(0);
  };
  EXPECT_EXIT(hash_at_exit(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace duckpond
