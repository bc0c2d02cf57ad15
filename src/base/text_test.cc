// SPDX-License-Identifier: MIT
#include "base/text.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

TEST(TextTest, TrimTakesSpaceFromTheEndsOnly) {
  EXPECT_EQ(Trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(Trim("a"), "a");
  EXPECT_EQ(Trim(" \t\r\n"), "");
  EXPECT_EQ(Trim(""), "");
}

TEST(TextTest, OnlyLettersOfAsciiHaveALowerCase) {
  EXPECT_EQ(LowerCase("AbZ-19_Ä\xff"), "abz-19_Ä\xff");
  EXPECT_EQ(LowerCase(""), "");
}

}  // namespace
}  // namespace duckpond
