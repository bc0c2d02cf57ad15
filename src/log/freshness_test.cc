// SPDX-License-Identifier: MIT
//
// How old a snapshot may be: which questions are spared, and that no answer is older than allowed.
#include <gtest/gtest.h>

#include <cmath>

#include "log/event_log.h"
#include "store/caching_store.h"
#include "store/memory_cache.h"
#include "store/metered_store.h"
#include "store/store_wrapper.h"
#include "tests/support/log_fixture.h"

namespace duckpond {
namespace {

class OutOfReach final : public StoreWrapper {
 public:
  using StoreWrapper::StoreWrapper;
  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override {
    if (out) return Fail();
    return below()->Get(std::move(context), std::move(key), std::move(options));
  }
  bool out = false;

 private:
  static Task<Result<GetReply>> Fail() { co_return Status::Unavailable("out of reach"); }
};

class FreshnessTest : public LogFixture {
 protected:
  void SetUp() override {
    ASSERT_EQ(Create(), Status::Ok());
    Write("1");
    reader_ = OpenReader();
  }
  // Another process: with a memory of its own, and the machine's cache.
  std::shared_ptr<EventLog> OpenReader() {
    return OpenOn(std::make_shared<CachingObjectStore>(
        env_, std::make_shared<MeteredObjectStore>(memory_, nullptr),
        CachingObjectStore::Caches{cache_}));
  }
  void Write(const std::string& value) { ASSERT_TRUE(Put("a", value).ok()); }
  void Wait(int64_t wait_us) { EXPECT_TRUE(Await(Sleep({}, wait_us)).ok()); }
  std::string Seen(EventLog& log, Freshness freshness) {
    Context context;
    context.ledger = std::make_shared<CostLedger>();
    const auto seen = Await(log.Latest(context, freshness));
    gets_ = context.ledger->Take().gets;
    return seen.ok() ? SetText(seen->state) : seen.error().ToString();
  }

  static constexpr Freshness kCached{Freshness::kAnyAge, 0};
  static constexpr Freshness kSecond{1'000'000, 0};
  std::shared_ptr<MemoryCache> cache_ = std::make_shared<MemoryCache>(1'000'000);
  std::shared_ptr<EventLog> reader_;
  uint64_t gets_ = 0;
};

TEST_F(FreshnessTest, LatestIsAskedForEachTime) {
  EXPECT_EQ(Seen(*reader_, {}), "a=1");
  EXPECT_EQ(gets_, 1u);
  Write("2");
  EXPECT_EQ(Seen(*reader_, {}), "a=2");
  EXPECT_EQ(gets_, 1u);
}

TEST_F(FreshnessTest, CachedAsksOnlyWhereNothingIsKnown) {
  EXPECT_EQ(Seen(*reader_, kCached), "a=1");
  EXPECT_EQ(gets_, 1u);
  Write("2");
  EXPECT_EQ(Seen(*reader_, kCached), "a=1");
  EXPECT_EQ(gets_, 0u);
  EXPECT_EQ(Seen(*OpenReader(), kCached), "a=1") << "of the machine's cache";
  EXPECT_EQ(gets_, 0u);
}

TEST_F(FreshnessTest, BoundedIsNeverOlderThanItsBound) {
  EXPECT_EQ(Seen(*reader_, kSecond), "a=1");
  Write("2");
  Wait(900'000);
  EXPECT_EQ(Seen(*reader_, kSecond), "a=1");
  EXPECT_EQ(gets_, 0u);
  EXPECT_EQ(Seen(*OpenReader(), kSecond), "a=1");
  EXPECT_EQ(gets_, 0u);
  Wait(200'000);
  EXPECT_EQ(Seen(*OpenReader(), kSecond), "a=2");
  EXPECT_EQ(Seen(*reader_, kSecond), "a=2");
  EXPECT_EQ(gets_, 1u) << "the tail that this process does not have";
}

TEST_F(FreshnessTest, TheAgeOfWhatACacheGaveGoesOn) {
  EXPECT_EQ(Seen(*OpenReader(), {}), "a=1");
  Wait(900'000);
  EXPECT_EQ(Seen(*reader_, kSecond), "a=1");
  EXPECT_EQ(gets_, 0u);
  Write("2");
  Wait(200'000);
  EXPECT_EQ(Seen(*reader_, kSecond), "a=2") << "it was 1.1 s old, not 0.2";
}

TEST_F(FreshnessTest, UnchangedSpendsNoBytes) {
  EXPECT_EQ(Seen(*reader_, {}), "a=1");
  Context context;
  context.ledger = std::make_shared<CostLedger>();
  ASSERT_TRUE(Await(OpenReader()->Latest(context, {})).ok());
  const Cost cost = context.ledger->Take();
  EXPECT_EQ(cost.gets, 1u);
  EXPECT_EQ(cost.bytes_read, 0u);
}

TEST_F(FreshnessTest, AVersionThatIsAskedForIsWaitedForByAsking) {
  EXPECT_EQ(Seen(*reader_, kCached), "a=1");
  Write("2");
  EXPECT_EQ(Seen(*reader_, {Freshness::kAnyAge, 1}), "a=1");
  EXPECT_EQ(gets_, 0u);
  EXPECT_EQ(Seen(*reader_, {Freshness::kAnyAge, 2}), "a=2");
  EXPECT_EQ(gets_, 1u);
  const auto future = Await(reader_->Latest(Context{}, {Freshness::kAnyAge, 3}));
  ASSERT_FALSE(future.ok());
  EXPECT_EQ(future.error().code(), StatusCode::kUnavailable) << "kNotFound would be: no pond";
  EXPECT_NE(future.error().message().find("version 3"), std::string::npos);
}

TEST_F(FreshnessTest, WhatIsOldIsAskedForBehindTheAnswer) {
  const Freshness refreshed{.age_us_max = Freshness::kAnyAge, .refresh_age_us = 1'000'000};
  EXPECT_EQ(Seen(*reader_, refreshed), "a=1");
  Write("2");
  Wait(900'000);
  EXPECT_EQ(Seen(*reader_, refreshed), "a=1");
  Wait(10);
  EXPECT_EQ(Seen(*reader_, refreshed), "a=1") << "young enough";
  Wait(200'000);
  EXPECT_EQ(Seen(*reader_, refreshed), "a=1") << "nobody waits";
  EXPECT_EQ(gets_, 0u);
  Wait(10);
  EXPECT_EQ(Seen(*reader_, refreshed), "a=2");
  EXPECT_EQ(gets_, 0u);
}

TEST_F(FreshnessTest, ARefreshThatFailsIsTriedAgain) {
  auto store = std::make_shared<OutOfReach>(memory_);
  const auto log = OpenOn(store);
  const Freshness refreshed{.age_us_max = Freshness::kAnyAge, .refresh_age_us = 1'000'000};
  EXPECT_EQ(Seen(*log, refreshed), "a=1");
  Write("2");
  Wait(2'000'000);
  store->out = true;
  EXPECT_EQ(Seen(*log, refreshed), "a=1");
  Wait(10);
  store->out = false;
  EXPECT_EQ(Seen(*log, refreshed), "a=1");
  Wait(10);
  EXPECT_EQ(Seen(*log, refreshed), "a=2");
}

TEST_F(FreshnessTest, VerifyAsksTheStore) {
  LogOptions small;
  small.roll_bytes = 1;
  const auto writer = OpenOn(memory_, small);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(PutOn(*writer, "a", std::to_string(i)).ok());
  ASSERT_TRUE(Await(writer->Settle({})).ok());
  ASSERT_TRUE(Await(reader_->Verify({})).ok());
  const auto listed = Await(memory_->List({}, "log/", std::nullopt));
  ASSERT_TRUE(listed.ok());
  ASSERT_FALSE(listed->objects.empty());
  ASSERT_TRUE(Await(reader_->At({}, 1)).ok()) << "of the cache";
  ASSERT_TRUE(Await(memory_->Delete({}, listed->objects[0].key, std::nullopt)).ok());
  EXPECT_EQ(Await(reader_->Verify({})).status().code(), StatusCode::kCorrupt);
}

TEST_F(FreshnessTest, OwnCommitsAreSeenAtAnyAge) {
  EXPECT_EQ(Seen(*reader_, kCached), "a=1");
  ASSERT_TRUE(PutOn(*reader_, "b", "2").ok());
  EXPECT_EQ(Seen(*reader_, kCached), "a=1,b=2");
  EXPECT_EQ(Seen(*reader_, kSecond), "a=1,b=2");
}

TEST_F(FreshnessTest, AKeptLogWhosePartsAreGoneIsAskedForAgain) {
  LogOptions small;
  small.roll_bytes = 1;
  small.inline_state_bytes_max = 1;
  const auto writer = OpenOn(memory_, small);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(PutOn(*writer, "a", std::to_string(i)).ok());
  ASSERT_TRUE(Await(writer->Settle({})).ok());
  EXPECT_EQ(Seen(*OpenReader(), {}), "a=4");
  const auto listed = Await(memory_->List({}, "log/", std::nullopt));
  ASSERT_TRUE(listed.ok());
  ASSERT_FALSE(listed->objects.empty());
  for (int i = 5; i < 10; ++i) ASSERT_TRUE(PutOn(*writer, "a", std::to_string(i)).ok());
  ASSERT_TRUE(Await(writer->Settle({})).ok());
  // As a vacuum would once they are old enough: what the kept log names is gone.
  for (const auto& object : listed->objects) {
    cache_->Forget(memory_->url() + '\n' + memory_->endpoint() + '\n' + object.key);
    ASSERT_TRUE(Await(memory_->Delete({}, object.key, std::nullopt)).ok());
  }
  EXPECT_EQ(Seen(*OpenReader(), kCached), "a=9");
}

TEST(Consistency, IsSaidInAWordAndSeconds) {
  const auto said = [](std::optional<std::string_view> word, std::optional<double> seconds) {
    return Consistency::Of(word, seconds).value().ToFreshness();
  };
  EXPECT_EQ(said({}, {}).age_us_max, 0);
  EXPECT_EQ(said("LATEST", {}).age_us_max, 0);
  EXPECT_EQ(said("bounded", {}).age_us_max, Consistency::kBoundUs);
  EXPECT_EQ(said("bounded", 1.5).age_us_max, 1'500'000);
  EXPECT_EQ(said({}, 2).age_us_max, 2'000'000);
  EXPECT_EQ(said("Cached", {}).age_us_max, Freshness::kAnyAge);
  EXPECT_EQ(said("cached", {}).refresh_age_us, Freshness::kAnyAge);
  EXPECT_EQ(said("cached", 3).refresh_age_us, 3'000'000);
}

TEST(Consistency, WhatCannotBeMeantIsRefused) {
  EXPECT_FALSE(Consistency::Of("eventual", {}).ok());
  EXPECT_FALSE(Consistency::Of("", {}).ok());
  EXPECT_FALSE(Consistency::Of("latest", 1).ok());
  for (const double seconds : {-1.0, 1e300, std::nan(""), HUGE_VAL}) {
    EXPECT_FALSE(Consistency::Of("bounded", seconds).ok()) << seconds;
  }
}

}  // namespace
}  // namespace duckpond
