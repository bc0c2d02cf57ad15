// SPDX-License-Identifier: MIT
#include "base/iso_time.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

constexpr int64_t kMomentUs = 1'440'938'160'000'000;  // 2015-08-30, 12:36:00

TEST(IsoTimeTest, FormsOfOneMoment) {
  EXPECT_EQ(ParseIsoTime("2015-08-30T12:36:00Z"), kMomentUs);
  EXPECT_EQ(ParseIsoTime("2015-08-30T12:36:00.123456789Z"), kMomentUs);
  EXPECT_EQ(ParseIsoTime("2015-08-30T12:36:00+00:00"), kMomentUs);
}

TEST(IsoTimeTest, WhatIsNoMomentIsNone) {
  for (const char* text :
       {"", "2015", "2015-08-30", "2015-08-30 12:36:00Z", "2015-08-30T12:36:00",
        "2015-08-30T12:36:00+02:00", "2015-02-30T12:36:00Z", "2015-08-30T25:36:00Z",
        "2015-08-30T12:36:00Zx", "-015-08-30T12:36:00Z", "2015-08-30T12:-6:00Z"}) {
    EXPECT_EQ(ParseIsoTime(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace duckpond
