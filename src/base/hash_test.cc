// SPDX-License-Identifier: MIT
#include "base/hash.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

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

}  // namespace
}  // namespace duckpond
