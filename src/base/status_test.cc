// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <memory>

#include "base/result.h"

namespace duckpond {
namespace {

Result<int> Half(int value) {
  if (value % 2 != 0) return Status::Invalid("odd");
  return value / 2;
}

Result<int> Quarter(int value) {
  ASSIGN_OR_RETURN(const int half, Half(value));
  RETURN_IF_ERROR(Half(half));
  return half / 2;
}

TEST(ResultTest, MacrosHandOnTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(3).status(), Status::Invalid("odd"));
  EXPECT_EQ(Quarter(6).status(), Status::Invalid("odd"));
}

TEST(ResultTest, HoldsWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

TEST(StatusTest, PrefixKeepsTheCodeAndLeavesOkAlone) {
  EXPECT_EQ(Status::Corrupt("b").Prefixed("a").ToString(), "CORRUPT: a: b");
  EXPECT_TRUE(Status::Ok().Prefixed("a").ok());
}

TEST(ResultDeathTest, AnOkStatusIsNoResult) {
  EXPECT_DEATH({ const Result<int> result = Status::Ok(); }, "CHECK failed");
}

}  // namespace
}  // namespace duckpond
