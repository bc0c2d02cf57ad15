// SPDX-License-Identifier: MIT
#include "shell/cost_estimate.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

constexpr int64_t kDayUs = int64_t{86'400} * 1'000'000;

CommitRecord Commit(int64_t time_us, std::vector<std::string> files) {
  CommitRecord record;
  record.time_us = time_us;
  record.events.push_back({{}, "create_table", "{}"});
  for (const std::string& data : files) record.events.push_back({{}, "add_file", data});
  return record;
}

TEST(PondUse, IsWhatTheEventsSay) {
  PondUse use;
  use.Add({Commit(5, {R"({"bytes":100})"}), Commit(5 + kDayUs, {R"({"bytes":7})", "{}"})});
  EXPECT_EQ(use.commits, 2u);
  EXPECT_EQ(use.files, 3u);
  EXPECT_EQ(use.file_bytes, 107u);
  EXPECT_EQ(use.time_us, kDayUs);
  PondUse none;
  none.Add({});
  EXPECT_EQ(none.time_us, 0);
}

TEST(CostEstimate, AMonthIsAsTheTimeThatTheLogTellsOf) {
  PondUse use;
  use.data_bytes = 1'000'000'000'000;
  use.commits = 1000;
  use.rolls = 10;
  use.files = 100;
  use.time_us = 10 * kDayUs;
  const Prices prices{.put = 1, .get = 2, .space_gb_month = 0.5};
  const CostEstimate estimate = EstimateMonth(use, prices);
  ASSERT_EQ(estimate.lines.size(), 5u);
  EXPECT_DOUBLE_EQ(estimate.lines[0].usd, 500);
  constexpr double kPeriods = 365.25 / 12 / 10;
  EXPECT_DOUBLE_EQ(estimate.lines[2].usd, 1000 * kPeriods);
  EXPECT_DOUBLE_EQ(estimate.usd, 500 + 1110 * kPeriods);
  EXPECT_DOUBLE_EQ(estimate.usd_per_1000_reads, 2000);
}

TEST(CostEstimate, AnHourCountsAsADay) {
  PondUse use;
  use.commits = 24;
  use.time_us = kDayUs / 24;
  const CostEstimate estimate = EstimateMonth(use, Prices{.put = 1});
  EXPECT_DOUBLE_EQ(estimate.usd, 24 * 365.25 / 12);
}

TEST(CostEstimate, UnitsCountWhatEachRequestCarries) {
  PondUse use;
  use.commits = 1;
  use.put_bytes = 10 * 1024;
  use.time_us = kDayUs;
  const CostEstimate estimate = EstimateMonth(use, Prices{.put = 1, .put_unit_bytes = 1024});
  EXPECT_DOUBLE_EQ(estimate.usd, 10 * 365.25 / 12);
}

TEST(CostEstimate, AnAppendIsBilledAsTheStoreBillsIt) {
  PondUse use;
  use.commits = 1;
  use.put_bytes = 600;
  use.appends = true;
  use.time_us = kDayUs;
  const Prices dynamo = PriceList::BuiltIn().Of("dynamodb", "eu-west-1");
  // Head and part within a transaction, and one unit when a roll removes the part.
  EXPECT_DOUBLE_EQ(EstimateMonth(use, dynamo).usd, 5 * 0.625e-6 * 365.25 / 12);
}

TEST(CostEstimate, ForPeopleAndForPrograms) {
  PondUse use;
  use.data_bytes = 2'500'000'000;
  use.commits = 1;
  const CostEstimate estimate = EstimateMonth(use, Prices{.put = 5e-6, .space_gb_month = 0.02});
  const std::string text = TextOf(estimate);
  EXPECT_NE(text.find("data                           2.500 GB          0.0500\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("commits                           30 puts"), std::string::npos) << text;
  EXPECT_EQ(JsonOf(estimate).find(R"({"month":[{"what":"data","amount":2.500000,"unit":"GB",)"),
            0u);
}

}  // namespace
}  // namespace duckpond
