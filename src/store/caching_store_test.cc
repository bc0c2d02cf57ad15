// SPDX-License-Identifier: MIT
#include "store/caching_store.h"

#include <gtest/gtest.h>

#include "store/faulty_store.h"
#include "store/memory_cache.h"
#include "store/memory_store.h"
#include "store/metered_store.h"
#include "tests/sim/sim_env.h"

namespace duckpond {
namespace {

using GetState = GetReply::State;

class CachingStoreTest : public ::testing::Test {
 protected:
  Result<GetReply> Get(int64_t age_us_max, std::optional<ByteRange> range = std::nullopt) {
    GetOptions options;
    options.age_us_max = age_us_max;
    options.range = range;
    Context context;
    context.ledger = std::make_shared<CostLedger>();
    auto reply = Block(env_.executor, store_->Get(context, "key", options));
    cost_ = context.ledger->Take();
    return reply;
  }
  std::string Content(int64_t age_us_max, std::optional<ByteRange> range = std::nullopt) {
    const auto reply = Get(age_us_max, range);
    if (!reply.ok()) return reply.status().ToString();
    return reply->state == GetState::kFound ? std::string(reply->bytes.view()) : "(missing)";
  }
  void Wait(int64_t wait_us) { EXPECT_TRUE(Block(env_.executor, Sleep({}, wait_us)).ok()); }
  // As another process does it, past this one's caches.
  void Change(const std::string& content) {
    ASSERT_TRUE(
        Block(env_.executor, memory_->Put({}, "key", Bytes(content), PutCondition::None())).ok());
  }
  Result<PutReply> Put(const std::string& content, PutCondition condition) {
    return Block(env_.executor, store_->Put({}, "key", Bytes(content), std::move(condition)));
  }

  SimExecutor executor_{1};
  SimEnv sim_{executor_, 1, 0};
  Env& env_ = sim_.env;
  std::shared_ptr<MemoryObjectStore> memory_ = std::make_shared<MemoryObjectStore>();
  std::shared_ptr<MemoryCache> fast_ = std::make_shared<MemoryCache>(100'000);
  std::shared_ptr<MemoryCache> slow_ = std::make_shared<MemoryCache>(100'000);
  std::shared_ptr<CachingObjectStore> store_ = std::make_shared<CachingObjectStore>(
      env_, std::make_shared<MeteredObjectStore>(memory_, nullptr),
      CachingObjectStore::Caches{fast_, slow_});
  Cost cost_;
};

TEST_F(CachingStoreTest, WhatNeverChangesIsAskedForOnce) {
  Change("0123456789");
  EXPECT_EQ(Content(GetOptions::kAnyAge), "0123456789");
  EXPECT_EQ(cost_.gets, 1u);
  EXPECT_EQ(Content(GetOptions::kAnyAge), "0123456789");
  EXPECT_EQ(Content(GetOptions::kAnyAge, ByteRange{3, 4}), "3456");
  EXPECT_EQ(Content(GetOptions::kAnyAge, ByteRange{8, 100}), "89");
  EXPECT_EQ(Content(GetOptions::kAnyAge, ByteRange{8, std::nullopt}), "89");
  EXPECT_EQ(cost_.gets, 0u);
}

// A store behind a CDN: all it says is five seconds old.
class OldStore final : public StoreWrapper {
 public:
  using StoreWrapper::StoreWrapper;
  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override {
    auto reply = co_await below()->Get(std::move(context), std::move(key), std::move(options));
    if (reply.ok()) reply->age_us = 5'000'000;
    co_return reply;
  }
};

TEST_F(CachingStoreTest, WhatWasOldAlreadyDoesNotBecomeYoung) {
  store_ = std::make_shared<CachingObjectStore>(
      env_, std::make_shared<MeteredObjectStore>(std::make_shared<OldStore>(memory_), nullptr),
      CachingObjectStore::Caches{fast_, slow_});
  Change("x");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Get(5'000'000)->age_us, 5'000'000) << "read, then unchanged";
    EXPECT_EQ(cost_.gets, 1u);
  }
  EXPECT_GE(Get(6'000'000)->age_us, 5'000'000);
  EXPECT_EQ(cost_.gets, 0u);
}

TEST_F(CachingStoreTest, WhoWantsItFromTheStoreGetsItFromThere) {
  Change("old");
  EXPECT_EQ(Content(GetOptions::kAnyAge), "old");
  Change("new");
  EXPECT_EQ(Content(GetOptions::kFromStore), "new");
  EXPECT_EQ(cost_.gets, 1u);
  EXPECT_EQ(Content(GetOptions::kAnyAge), "new") << "what was kept may have been damaged";
}

TEST_F(CachingStoreTest, WithoutAgeTheStoreIsAskedWhetherItChanged) {
  Change("old");
  EXPECT_EQ(Content(0), "old");
  EXPECT_EQ(Content(0), "old");
  EXPECT_EQ(cost_.gets, 1u);
  EXPECT_EQ(cost_.bytes_read, 0u) << "unchanged";
  Change("new");
  EXPECT_EQ(Content(0), "new");
  EXPECT_EQ(cost_.gets, 1u);
  EXPECT_EQ(cost_.bytes_read, 3u);
}

TEST_F(CachingStoreTest, AnAgeIsCountedFromTheAsking) {
  Change("old");
  EXPECT_EQ(Content(0), "old");
  Change("new");
  Wait(900'000);
  EXPECT_EQ(Content(1'000'000), "old");
  EXPECT_EQ(cost_.gets, 0u);
  Wait(200'000);
  EXPECT_EQ(Content(1'000'000), "new");
  EXPECT_EQ(cost_.gets, 1u);
}

TEST_F(CachingStoreTest, UnchangedMakesItYoungAgain) {
  Change("same");
  EXPECT_EQ(Content(0), "same");
  Wait(5'000'000);
  EXPECT_EQ(Content(1'000'000), "same");
  EXPECT_EQ(cost_.gets, 1u);
  EXPECT_EQ(Content(1'000'000), "same");
  EXPECT_EQ(cost_.gets, 0u);
}

TEST_F(CachingStoreTest, MissingIsAskedForAgain) {
  EXPECT_EQ(Content(GetOptions::kAnyAge), "(missing)");
  Change("there");
  EXPECT_EQ(Content(GetOptions::kAnyAge), "there");
}

TEST_F(CachingStoreTest, WhatIsGoneIsForgotten) {
  Change("there");
  EXPECT_EQ(Content(0), "there");
  ASSERT_TRUE(Block(env_.executor, memory_->Delete({}, "key", std::nullopt)).ok());
  EXPECT_EQ(Content(0), "(missing)");
  EXPECT_EQ(Content(GetOptions::kAnyAge), "(missing)");
}

TEST_F(CachingStoreTest, OwnWritesAreSeen) {
  ASSERT_TRUE(Put("one", PutCondition::IfAbsent()).ok());
  EXPECT_EQ(Content(GetOptions::kAnyAge), "one");
  EXPECT_EQ(cost_.gets, 0u) << "kept as it was written";
  ASSERT_TRUE(Put("two", PutCondition::None()).ok());
  EXPECT_EQ(Content(GetOptions::kAnyAge), "two");
  ASSERT_TRUE(Block(env_.executor, store_->Delete({}, "key", std::nullopt)).ok());
  EXPECT_EQ(Content(GetOptions::kAnyAge), "(missing)");
}

TEST_F(CachingStoreTest, WhatWasRefusedIsNotKept) {
  Change("theirs");
  const auto refused = Put("mine", PutCondition::IfAbsent());
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->state, PutReply::State::kConflict);
  EXPECT_EQ(Content(GetOptions::kAnyAge), "theirs");
}

TEST_F(CachingStoreTest, ASlowCacheFillsTheFaster) {
  Change("content");
  EXPECT_EQ(Content(GetOptions::kAnyAge), "content");
  const std::string name = store_->url() + '\n' + store_->endpoint() + "\nkey";
  EXPECT_TRUE(fast_->Find(name, {}));
  EXPECT_TRUE(slow_->Find(name, {}));
  fast_->Forget(name);
  EXPECT_EQ(Content(GetOptions::kAnyAge), "content");
  EXPECT_EQ(cost_.gets, 0u);
  EXPECT_TRUE(fast_->Find(name, {}));
}

TEST_F(CachingStoreTest, AnAnswerStaysBelowTheCallersLimit) {
  Change("0123456789");
  EXPECT_EQ(Content(GetOptions::kAnyAge), "0123456789");
  GetOptions options;
  options.age_us_max = GetOptions::kAnyAge;
  options.bytes_max = 5;
  const auto reply = Block(env_.executor, store_->Get({}, "key", options));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code(), StatusCode::kExhausted);
}

}  // namespace
}  // namespace duckpond
