// SPDX-License-Identifier: MIT
#include "base/uuid.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace duckpond {
namespace {

class FixedClock final : public Clock {
 public:
  int64_t NowUs() override { return now_us; }
  int64_t now_us = 1'700'000'000'000'000;
};

TEST(UuidTest, TextReadsBackAndKeepsItsOrder) {
  FixedClock clock;
  SeededRandom random(1);
  UuidSource source(clock, random);
  const Uuid first = source.Next();
  const Uuid second = source.Next();
  EXPECT_EQ(*Uuid::Parse(first.ToString()), first);
  EXPECT_LT(first, second);
  EXPECT_LT(first.ToString(), second.ToString());
}

TEST(UuidTest, VersionAndVariantAreThoseOfRfc9562) {
  FixedClock clock;
  SeededRandom random(2);
  UuidSource source(clock, random);
  const std::string text = source.Next().ToString();
  EXPECT_EQ(text[14], '7');
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos) << text;
}

TEST(UuidTest, IdsRiseWithinAMillisecondAndWhenTheClockGoesBack) {
  FixedClock clock;
  SeededRandom random(3);
  UuidSource source(clock, random);
  Uuid last = source.Next();
  for (int i = 0; i < 10'000; ++i) {
    if (i % 1000 == 0) clock.now_us -= 5'000'000;
    const Uuid next = source.Next();
    ASSERT_LT(last, next) << "at id " << i;
    last = next;
  }
}

TEST(UuidTest, TimeIsThatOfTheClock) {
  FixedClock clock;
  SeededRandom random(4);
  UuidSource source(clock, random);
  EXPECT_EQ(source.Next().time_ms(), clock.now_us / 1000);
}

TEST(UuidTest, ThreadsNeverGetTheSameId) {
  SystemClock clock;
  SystemRandom random;
  UuidSource source(clock, random);
  std::vector<std::vector<Uuid>> made(4);
  std::vector<std::thread> threads;
  for (auto& ids : made) {
    threads.emplace_back([&source, &ids] {
      for (int i = 0; i < 1000; ++i) ids.push_back(source.Next());
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<Uuid> all;
  for (const auto& ids : made) all.insert(ids.begin(), ids.end());
  EXPECT_EQ(all.size(), 4000U);
}

TEST(UuidTest, TextThatIsNoUuidIsRefused) {
  for (const char* text :
       {"", "018f4e2c", "018f4e2c-0000-7000-8000-00000000000g",
        "018f4e2c+0000-7000-8000-000000000000", "018f4e2c-0000-7000-8000-0000000000000"}) {
    EXPECT_EQ(Uuid::Parse(text).status().code(), StatusCode::kInvalid) << text;
  }
}

}  // namespace
}  // namespace duckpond
