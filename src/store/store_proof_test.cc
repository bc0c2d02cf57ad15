// SPDX-License-Identifier: MIT
#include "store/store_proof.h"

#include <gtest/gtest.h>

#include "store/faulty_store.h"
#include "store/memory_store.h"
#include "store/store_stack.h"
#include "tests/support/virtual_executor.h"

namespace duckpond {
namespace {

using Kind = PutCondition::Kind;

// A store that drops the conditions of puts, as servers do that do not know the header.
class Forgetful final : public StoreWrapper {
 public:
  Forgetful(Kind forgotten, bool only_when_missing)
      : StoreWrapper(std::make_shared<MemoryObjectStore>()),
        forgotten_(forgotten),
        only_when_missing_(only_when_missing) {}

  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override {
    Result<GetReply> now = co_await below()->Get(context, key, {});
    const bool missing = now->state == GetReply::State::kMissing;
    if (condition.kind == forgotten_ && (missing || !only_when_missing_)) condition = {};
    co_return co_await below()->Put(context, key, body, condition);
  }

 private:
  const Kind forgotten_;
  const bool only_when_missing_;
};

// A store that compares and writes without a lock between: rivals whose comparison came before the
// first write all win. Here all of them compare before any writes.
class Racy final : public StoreWrapper {
 public:
  explicit Racy(size_t rivals)
      : StoreWrapper(std::make_shared<MemoryObjectStore>()), rivals_(rivals) {}

  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override {
    if (condition.kind != Kind::kIfMatch) {
      co_return co_await below()->Put(context, key, body, condition);
    }
    Result<GetReply> now = co_await below()->Get(context, key, {});
    if (now->state != GetReply::State::kFound || now->tag != condition.tag) {
      co_return PutReply{.state = PutReply::State::kConflict, .tag = {}, .detail = {}};
    }
    const Completion<bool> turn = Arrive();
    co_await turn;
    co_return co_await below()->Put(context, key, body, PutCondition::None());
  }

 private:
  // Given once all rivals have arrived.
  Completion<bool> Arrive() {
    std::lock_guard lock(mutex_);
    Completion<bool> turn;
    waiting_.push_back(turn);
    if (waiting_.size() >= rivals_) {
      for (const auto& waiter : waiting_) waiter.Set(true);
    }
    return turn;
  }

  const size_t rivals_;
  std::mutex mutex_;
  std::vector<Completion<bool>> waiting_;
};

// A memory whose puts go the way of a function.
class Twisted final : public StoreWrapper {
 public:
  using PutWay = Task<Result<PutReply>> (*)(std::shared_ptr<ObjectStore> below, Context context,
                                            std::string key, Bytes body, PutCondition condition);
  explicit Twisted(PutWay way) : StoreWrapper(std::make_shared<MemoryObjectStore>()), way_(way) {}

  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override {
    return way_(below(), std::move(context), std::move(key), std::move(body), std::move(condition));
  }

 private:
  const PutWay way_;
};

// Answers "conflict" to a swap and writes all the same.
Task<Result<PutReply>> Lie(std::shared_ptr<ObjectStore> below, Context context, std::string key,
                           Bytes body, PutCondition condition) {
  Result<PutReply> reply = co_await below->Put(context, key, body, condition);
  if (condition.kind == Kind::kIfMatch && reply->state == PutReply::State::kConflict) {
    Result<PutReply> forced = co_await below->Put(context, key, body, PutCondition::None());
  }
  co_return reply;
}

// Refuses a swap of a missing key and makes the object all the same.
Task<Result<PutReply>> MakeGhosts(std::shared_ptr<ObjectStore> below, Context context,
                                  std::string key, Bytes body, PutCondition condition) {
  Result<PutReply> reply = co_await below->Put(context, key, body, condition);
  if (condition.kind == Kind::kIfMatch) {
    Result<PutReply> made = co_await below->Put(context, key, body, PutCondition::IfAbsent());
  }
  co_return reply;
}

// Never lets anybody swap.
Task<Result<PutReply>> RefuseSwaps(std::shared_ptr<ObjectStore> below, Context context,
                                   std::string key, Bytes body, PutCondition condition) {
  if (condition.kind == Kind::kIfMatch) co_return PutReply{PutReply::State::kConflict, {}, {}};
  co_return co_await below->Put(context, key, body, condition);
}

class Named final : public StoreWrapper {
 public:
  explicit Named(std::string server)
      : StoreWrapper(std::make_shared<MemoryObjectStore>()), server_(std::move(server)) {}
  std::string server() const override { return server_; }

 private:
  const std::string server_;
};

// A world in which waiting takes no time.
struct VirtualWorld {
  explicit VirtualWorld(uint64_t seed) : random(seed) {}

  VirtualExecutor executor;
  SystemClock clock;
  SeededRandom random;
  UuidSource uuids{clock, random};
  Env env{executor, clock, random, uuids};
};

Result<std::string> Prove(std::shared_ptr<ObjectStore> store) {
  VirtualWorld world(1);
  const auto proof = Block(world.executor, ProveConditions(world.env, std::move(store), {}));
  world.executor.RunAll();  // What was sent late.
  return proof;
}

void ExpectRefused(std::shared_ptr<ObjectStore> store, std::string_view why) {
  const auto proof = Prove(store);
  ASSERT_FALSE(proof.ok()) << why;
  EXPECT_EQ(proof.error().code(), StatusCode::kUnsupported);
  EXPECT_NE(proof.error().message().find(why), std::string::npos) << proof.error().ToString();
  const auto left = Block(Env::Process().executor, store->List({}, "", std::nullopt));
  EXPECT_TRUE(left->objects.empty());
}

TEST(StoreProofTest, HonestStoreIsProvenForItsEndpoint) {
  const auto proof = Prove(std::make_shared<MemoryObjectStore>());
  ASSERT_TRUE(proof.ok()) << proof.status().ToString();
  EXPECT_EQ(*proof, "conditions/1 memory:");
}

TEST(StoreProofTest, IgnoredIfNoneMatchIsRefused) {
  ExpectRefused(std::make_shared<Forgetful>(Kind::kIfAbsent, false),
                "accepted If-None-Match: * of a key that exists");
}

TEST(StoreProofTest, IgnoredIfMatchIsRefused) {
  ExpectRefused(std::make_shared<Forgetful>(Kind::kIfMatch, false), "two writers win");
}

TEST(StoreProofTest, IfMatchThatSucceedsOnAMissingKeyIsRefused) {
  ExpectRefused(std::make_shared<Forgetful>(Kind::kIfMatch, true),
                "accepted If-Match of a missing key");
}

TEST(StoreProofTest, CompareWithoutLockIsRefused) {
  ExpectRefused(std::make_shared<Racy>(4), "two writers win the same race");
}

TEST(StoreProofTest, RefusalThatWritesIsRefused) {
  ExpectRefused(std::make_shared<Twisted>(Lie), "wrote what it had refused to write");
}

TEST(StoreProofTest, SwapOfAMissingKeyThatIsRefusedAndWritesIsRefused) {
  ExpectRefused(std::make_shared<Twisted>(MakeGhosts), "wrote what it had refused to write");
}

TEST(StoreProofTest, SwapsThatNeverSucceedAreRefused) {
  ExpectRefused(std::make_shared<Twisted>(RefuseSwaps), "refused If-Match with the right tag");
}

// No mixture of what networks do may make a good store look bad: that would end a commit for good.
TEST(StoreProofTest, WhateverTheNetworkDoesAGoodStoreIsNotRefused) {
  int proven = 0;
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    FaultOptions faults;
    faults.seed = seed;
    faults.rates = {0.02, 0.02, 0.02, 0.02, 0.1, 0.15, 0.05, 0.15};
    faults.delay_us_max = 50;
    const auto proof =
        Prove(std::make_shared<FaultyObjectStore>(std::make_shared<MemoryObjectStore>(), faults));
    proven += proof.ok();
    ASSERT_TRUE(proof.ok() || proof.error().code() == StatusCode::kUnavailable)
        << "seed " << seed << ": " << proof.error().ToString();
  }
  EXPECT_GT(proven, 300);
}

// R2 admits one write of a key a second: most rivals are told to slow down, again and again.
TEST(StoreProofTest, AStoreThatThrottlesWritesOfAKeyIsProvenWithoutStartingAgain) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    VirtualWorld world(seed);
    StackOptions options;
    options.latency = *LatencyProfile::Named("r2");
    // Answered at once, so that all attempts fall into few seconds.
    options.latency->read = options.latency->write = {26'000, 41'000};
    const auto store = BuildStore(world.env, std::make_shared<MemoryObjectStore>(), options);
    const auto proof = Block(world.executor, ProveConditions(world.env, store, {}));
    ASSERT_TRUE(proof.ok()) << "seed " << seed << ": " << proof.error().ToString();
    EXPECT_LT(world.executor.NowUs(), 30'000'000) << "seed " << seed;
  }
}

TEST(StoreProofTest, ServersKnownToLoseRacesAreRefusedByName) {
  ExpectRefused(std::make_shared<Named>("Werkzeug/3.0.1 Python/3.11"), "two writers win");
  ExpectRefused(std::make_shared<Named>("S3rver/3.7.1"), "S3rver/3.7.1");
  EXPECT_TRUE(Prove(std::make_shared<Named>("MinIO")).ok());
}

TEST(StoreProofTest, UnclearAnswerIsUnavailableNotAProof) {
  for (uint64_t nth = 1; nth <= 9; ++nth) {
    FaultOptions faults;
    faults.rules.push_back({.kind = RequestKind::kPut,
                            .key = {},
                            .nth = nth,
                            .fault = Fault::kTimeOut,
                            .delay_us = 0});
    const auto proof =
        Prove(std::make_shared<FaultyObjectStore>(std::make_shared<MemoryObjectStore>(), faults));
    ASSERT_FALSE(proof.ok()) << "put " << nth;
    EXPECT_EQ(proof.error().code(), StatusCode::kUnavailable) << proof.error().ToString();
  }
}

TEST(StoreProofTest, RepeatedRequestsAndStaleReadsAreNotTheStoresFault) {
  for (const Fault fault : {Fault::kDuplicate, Fault::kStale, Fault::kTruncate, Fault::kLate}) {
    for (uint64_t nth = 1; nth <= 12; ++nth) {
      FaultOptions faults;
      faults.rules.push_back({.kind = {}, .key = {}, .nth = nth, .fault = fault, .delay_us = 0});
      const auto proof =
          Prove(std::make_shared<FaultyObjectStore>(std::make_shared<MemoryObjectStore>(), faults));
      EXPECT_TRUE(proof.ok() || proof.error().code() == StatusCode::kUnavailable)
          << "request " << nth << ": " << proof.error().ToString();
    }
  }
}

TEST(StoreProofTest, DuplicatedSwapsStillGiveAProof) {
  FaultOptions faults;
  faults.rates.duplicate = 1;
  const auto proof =
      Prove(std::make_shared<FaultyObjectStore>(std::make_shared<MemoryObjectStore>(), faults));
  EXPECT_TRUE(proof.ok()) << proof.error().ToString();
}

}  // namespace
}  // namespace duckpond
