// SPDX-License-Identifier: MIT
#include "base/hash.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/encoding.h"
#include "base/env.h"

namespace duckpond {
namespace {

// Published values: FIPS 180-4, RFC 1321, RFC 4231 (case 2), and xxHash's own for the empty input.
TEST(HashTest, PublishedVectorsHold) {
  EXPECT_EQ(HexEncode(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexEncode(Md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(HexEncode(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(HexEncode(Xxh3_128("")), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(Xxh3_64(""), 0x2d06800538d394c2U);
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
