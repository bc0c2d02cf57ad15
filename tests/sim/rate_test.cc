// SPDX-License-Identifier: MIT
//
// How many commits and swaps a store's rate leaves room for, and how long anybody waits: the pace
// of the committer (log/pacer.h), in virtual time. Each run prints what it came to.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "log/limits.h"
#include "tests/sim/rate_sim.h"

namespace duckpond {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

LatencyProfile Profile(const std::string& name) {
  auto profile = LatencyProfile::Named(name);
  EXPECT_TRUE(profile.ok());
  return *profile;
}

// The same store, had it no limit of its own: a swap then takes what a put takes.
LatencyProfile WithoutLimit(LatencyProfile profile) {
  profile.name += " without limit";
  profile.swaps_per_second_max = 0;
  return profile;
}

// One that does not say what it refuses.
LatencyProfile Silent(LatencyProfile profile) {
  profile.name += " of unknown limit";
  profile.tells_limit = false;
  return profile;
}

RateResult Measure(const RateShape& shape, uint64_t seed = 1) {
  const RateResult result = RunRateSim(seed, shape);
  EXPECT_EQ(result.failure, "");
  const double landed = result.swaps_per_second * static_cast<double>(shape.time_us) / 1e6;
  const auto each = [landed](uint64_t count) { return static_cast<double>(count) / landed; };
  fmt::print(
      "{}, {} × {}: {:.0f} commits/s, {:.2f} swaps/s; a swap: {:.2f} PUTs, {:.2f} refused, {:.2f} "
      "lost, {:.2f} GETs; waits of {}, {}, {} ms (median, p99, longest); least share {:.2f}\n",
      shape.profile.name, shape.processes, shape.clients, result.commits_per_second,
      result.swaps_per_second, each(result.puts), each(result.refused), each(result.lost),
      each(result.gets), result.wait_p50_us / 1000, result.wait_p99_us / 1000,
      result.wait_max_us / 1000, result.share_min);
  return result;
}

double SwapUs(const RateResult& result) { return 1e6 / result.swaps_per_second; }

TEST(Rate, OneProcessUsesWhatTheStoreAdmitsAndHardlyMore) {
  for (const char* name : {"s3", "s3-express", "r2"}) {
    const LatencyProfile profile = Profile(name);
    const RateResult result = Measure({profile, 1, 16, 60 * kSecondUs});
    EXPECT_GE(result.swaps_per_second, 0.7 * profile.swaps_per_second_max) << name;
    EXPECT_LE(result.refused, result.puts / 8) << name;
    EXPECT_LE(static_cast<double>(result.wait_p99_us), 3 * SwapUs(result)) << name;
  }
}

TEST(Rate, ALimitThatNobodyToldIsFound) {
  for (const char* name : {"s3", "r2"}) {
    const LatencyProfile profile = Silent(Profile(name));
    const RateResult result = Measure({profile, 1, 16, 120 * kSecondUs});
    EXPECT_GE(result.swaps_per_second, 0.6 * profile.swaps_per_second_max) << name;
    EXPECT_LE(result.refused, result.puts / 4) << name;
  }
}

TEST(Rate, CommitsThatWaitLeaveTogetherHoweverManyTheyAre) {
  const RateResult s3 = Measure({Profile("s3"), 1, 400, 8 * kSecondUs});
  EXPECT_GE(s3.commits_per_second, 1500);
  EXPECT_LE(static_cast<double>(s3.wait_p99_us), 3 * SwapUs(s3));
  const RateResult r2 = Measure({Profile("r2"), 1, 1600, 15 * kSecondUs});
  EXPECT_GE(r2.commits_per_second, 1000);
  EXPECT_LE(static_cast<double>(r2.wait_p99_us), 3 * SwapUs(r2));
}

TEST(Rate, CallersWhoWereAnsweredTogetherComeAgainTogether) {
  const RateResult result = Measure({WithoutLimit(Profile("s3")), 1, 16, 10 * kSecondUs});
  EXPECT_GE(result.commits_per_second, 0.8 * 16 * result.swaps_per_second);
}

TEST(Rate, SixteenProcessesGetTheSwapsThatOneGets) {
  for (const auto& profile :
       {Profile("s3"), WithoutLimit(Profile("s3")), Profile("s3-express"), Profile("r2")}) {
    const int64_t time_us = (profile.swaps_per_second_max == 1 ? 300 : 60) * kSecondUs;
    const RateResult one = Measure({profile, 1, 1, time_us});
    const RateResult many = Measure({profile, 16, 1, time_us});
    EXPECT_GE(many.swaps_per_second, 0.8 * one.swaps_per_second) << profile.name;
    EXPECT_LE(many.puts, 12 * many.swaps_per_second * static_cast<double>(time_us) / 1e6);
  }
}

TEST(Rate, NobodyStarves) {
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    const RateResult s3 = Measure({Profile("s3"), 16, 1, 120 * kSecondUs}, seed);
    EXPECT_GE(s3.share_min, 0.25) << seed;
    EXPECT_LE(s3.wait_p99_us, 10 * kSecondUs) << seed;
    EXPECT_LE(s3.wait_max_us, 30 * kSecondUs) << seed;
  }
  // Those who were there first do not keep out who comes later.
  const RateResult late = Measure({Profile("s3"), 4, 4, 60 * kSecondUs, 3 * kSecondUs});
  EXPECT_GE(late.share_min, 0.4);
}

}  // namespace
}  // namespace duckpond
