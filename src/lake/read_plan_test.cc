// SPDX-License-Identifier: MIT
#include "lake/read_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace duckpond {
namespace {

constexpr uint64_t kKiB = 1024;

ReadPrice S3Inside() { return PriceOfReads({.get = 0.4e-6}, StoreSpeed{}); }
ReadPrice S3Outside() { return PriceOfReads({.get = 0.4e-6, .read_gb = 0.09}, StoreSpeed{}); }

bool Equal(const std::vector<FilePiece>& a, const std::vector<FilePiece>& b) {
  return std::ranges::equal(a, b, [](const FilePiece& x, const FilePiece& y) {
    return x.offset == y.offset && x.bytes == y.bytes;
  });
}

// `groups` row groups of a megabyte's quarter, `share` of which is read, in one column.
GroupsToRead Groups(uint64_t groups, double share) {
  const uint64_t bytes = groups * 256 * kKiB;
  return {.groups = groups,
          .bytes = bytes,
          .requests = (groups + 15) / 16,
          .column_bytes = static_cast<uint64_t>(static_cast<double>(bytes) * share),
          .columns = 1};
}

TEST(ReadPlan, PricesFollowTheFormula) {
  const ReadPrice price =
      PriceOfReads({.get = 1e-6, .read_gb = 0.1},
                   {.latency_us = 100'000, .bytes_per_second = 1e8, .requests_in_flight = 10});
  EXPECT_DOUBLE_EQ(price.trip_usd, 0.1 * kWaitUsdPerSecond);
  EXPECT_DOUBLE_EQ(price.request_usd, 1e-6 + 0.01 * kWaitUsdPerSecond);
  EXPECT_DOUBLE_EQ(price.byte_usd, 1e-10 + kWaitUsdPerSecond / 1e8);
}

TEST(ReadPlan, BytesOfUnitsCostWhatTheirUnitsDo) {
  const ReadPrice price = PriceOfReads({.get = 4e-6, .get_unit_bytes = 4000}, StoreSpeed{});
  EXPECT_DOUBLE_EQ(price.byte_usd, S3Inside().byte_usd + 1e-9);
}

TEST(ReadPlan, NearStoreUnderAFarOnesPricesIsFar) {
  StoreTraits traits;
  traits.kind = "file";
  EXPECT_LT(PriceOfReads(traits).trip_usd, S3Inside().trip_usd / 100);
  traits.prices.get = 0.4e-6;
  EXPECT_EQ(PriceOfReads(traits).trip_usd, S3Inside().trip_usd);
}

// The figures of docs/guide/cost.md.
TEST(ReadPlan, GapsAreWhatTheGuideSays) {
  EXPECT_NEAR(S3Inside().GapBytes() / 1000, 73, 1);
  EXPECT_NEAR(S3Outside().GapBytes() / 1000, 38, 1);
}

TEST(ReadPlan, PiecesAreJoinedOverSmallGaps) {
  EXPECT_TRUE(Equal(JoinPieces({{100, 10}, {0, 50}, {60, 20}}, 10, 1000), {{0, 80}, {100, 10}}));
  EXPECT_TRUE(Equal(JoinPieces({{0, 10}, {10, 10}}, 0, 1000), {{0, 20}}));
  EXPECT_TRUE(Equal(JoinPieces({}, 10, 1000), {}));
}

TEST(ReadPlan, JoinedPiecesStayBelowTheMost) {
  EXPECT_TRUE(Equal(JoinPieces({{0, 60}, {60, 40}, {100, 10}}, 0, 100), {{0, 100}, {100, 10}}));
  // One piece alone may be larger.
  EXPECT_TRUE(Equal(JoinPieces({{0, 500}, {500, 1}}, 0, 100), {{0, 500}, {500, 1}}));
}

TEST(ReadPlan, PiecesWithinOthersNeedNoRequest) {
  EXPECT_TRUE(Equal(JoinPieces({{0, 100}, {20, 10}, {90, 20}}, 0, 1000), {{0, 110}}));
  EXPECT_TRUE(Equal(JoinPieces({{0, 500}, {20, 10}}, 0, 100), {{0, 500}}));
}

TEST(ReadPlan, NoRoundTripIsSpentOnFewRowGroups) {
  EXPECT_FALSE(ColumnsPay(S3Inside(), Groups(1, 0.05)));
  EXPECT_FALSE(ColumnsPay(S3Inside(), Groups(4, 0.05)));
  EXPECT_TRUE(ColumnsPay(S3Inside(), Groups(100, 0.05)));
}

TEST(ReadPlan, WhatCostsMoneyByTheByteIsReadInColumnsEarlier) {
  const GroupsToRead read = Groups(8, 0.05);
  EXPECT_FALSE(ColumnsPay(S3Inside(), read));
  EXPECT_TRUE(ColumnsPay(S3Outside(), read));
}

TEST(ReadPlan, MostColumnsAreReadWithTheRest) {
  EXPECT_FALSE(ColumnsPay(S3Inside(), Groups(1000, 1.0)));
  EXPECT_FALSE(ColumnsPay(S3Inside(), Groups(1000, 0.9)));
  EXPECT_FALSE(ColumnsPay(S3Inside(), {}));
}

}  // namespace
}  // namespace duckpond
