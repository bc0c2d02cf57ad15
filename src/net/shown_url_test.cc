// SPDX-License-Identifier: MIT
#include "net/shown_url.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

TEST(ShownUrlTest, WhatMayBeASecretIsLeftOut) {
  EXPECT_EQ(ShownUrl("https://host:1/path"), "https://host:1/path");
  EXPECT_EQ(ShownUrl("https://user:password@host/path"), "https://…@host/path");
  EXPECT_EQ(ShownUrl("https://user:p@ss/word@host/path"), "https://…@host/path");
  EXPECT_EQ(ShownUrl("https://token@host"), "https://…@host");
  EXPECT_EQ(ShownUrl("https://host/path?token=x"), "https://host/path?…");
  EXPECT_EQ(ShownUrl("https://host/path#x"), "https://host/path?…");
  EXPECT_EQ(ShownUrl("user@host"), "…@host");
  EXPECT_EQ(ShownUrl(""), "");
}

}  // namespace
}  // namespace duckpond
