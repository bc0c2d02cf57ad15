// SPDX-License-Identifier: MIT
#include "store/hedging_store.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "store/memory_store.h"
#include "store/metered_store.h"
#include "tests/support/virtual_executor.h"

namespace duckpond {
namespace {

constexpr int64_t kUsualUs = 30'000;

// Answers each read after kUsualUs, or after as long as a test says; or fails it then.
class SlowStore final : public StoreWrapper {
 public:
  using StoreWrapper::StoreWrapper;
  struct Odd {
    int64_t wait_us = kUsualUs;
    bool fails = false;
  };

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override {
    const size_t number = ++requests;
    const Odd odd = odds.contains(number) ? odds[number] : Odd{};
    const Status waited = co_await Sleep(context, odd.wait_us);
    if (!waited.ok()) {
      cancelled.push_back(number);
      co_return Status::Unknown(waited.message());
    }
    if (odd.fails) co_return Status::Unavailable("request " + std::to_string(number));
    co_return co_await below()->Get(context, key, options);
  }
  const StoreTraits& traits() const override { return slow; }

  std::map<size_t, Odd> odds;  // By number of the request, from 1 on.
  size_t requests = 0;
  std::vector<size_t> cancelled;
  StoreTraits slow;  // Of a kind that nobody knows: as fast as S3.
};

class HedgingStoreTest : public ::testing::Test {
 protected:
  HedgingStoreTest() {
    EXPECT_TRUE(Block(executor_, memory_->Put({}, "k", Bytes("0123456789"), {})).ok());
  }
  ~HedgingStoreTest() override { executor_.RunAll(); }

  Result<GetReply> Get(Context context = {}) {
    GetOptions options;
    options.range = ByteRange{2, 4};
    return Block(executor_, store_.Get(std::move(context), "k", options));
  }
  // So many reads that a hedge is allowed, and known when it is due.
  void Learn() {
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(Get().ok());
    ASSERT_EQ(slow_->requests, 100U);
  }
  int64_t TimeOfGet(bool ok = true) {
    const MonotonicUs before = executor_.NowUs();
    const auto reply = Get();
    EXPECT_EQ(reply.ok(), ok) << reply.status().ToString();
    if (ok) {
      EXPECT_EQ(reply->bytes.view(), "2345");
    }
    return executor_.NowUs() - before;
  }

  VirtualExecutor executor_;
  SystemClock clock_;
  SeededRandom random_{1};
  UuidSource uuids_{clock_, random_};
  Env env_{executor_, clock_, random_, uuids_};
  std::shared_ptr<MemoryObjectStore> memory_ = std::make_shared<MemoryObjectStore>();
  std::shared_ptr<SlowStore> slow_ = std::make_shared<SlowStore>(memory_);
  std::shared_ptr<CostLedger> ledger_ = std::make_shared<CostLedger>();
  HedgingObjectStore store_{env_, std::make_shared<MeteredObjectStore>(slow_, ledger_)};
};

TEST_F(HedgingStoreTest, SlowReadIsAskedForAgainAndTheFirstAnswerWins) {
  Learn();
  slow_->odds[101] = {10'000'000};
  EXPECT_EQ(TimeOfGet(), 2 * kUsualUs + kUsualUs);
  EXPECT_EQ(slow_->requests, 102U);
  executor_.RunAll();
  EXPECT_EQ(slow_->cancelled, std::vector<size_t>{101});
}

TEST_F(HedgingStoreTest, BothRequestsAreCounted) {
  Learn();
  slow_->odds[101] = {10'000'000};
  TimeOfGet();
  executor_.RunAll();
  EXPECT_EQ(ledger_->Total().gets, 102U);
  EXPECT_EQ(ledger_->Total().bytes_read, 102U * 4);  // For it is billed, whoever took it.
}

TEST_F(HedgingStoreTest, FirstRequestWinsIfItsAnswerComesFirst) {
  Learn();
  slow_->odds[101] = {70'000};
  slow_->odds[102] = {50'000};
  EXPECT_EQ(TimeOfGet(), 70'000);
  executor_.RunAll();
  EXPECT_EQ(slow_->cancelled, std::vector<size_t>{102});
}

TEST_F(HedgingStoreTest, ReadsThatAreNotSlowAreAskedForOnce) {
  Learn();
  slow_->odds[101] = {2 * kUsualUs - 1};
  TimeOfGet();
  EXPECT_EQ(slow_->requests, 101U);
}

TEST_F(HedgingStoreTest, NothingIsHedgedBeforeItIsKnownWhatIsSlow) {
  slow_->odds[20] = {10'000'000};
  for (int i = 0; i < 20; ++i) TimeOfGet();
  EXPECT_EQ(slow_->requests, 20U);
}

TEST_F(HedgingStoreTest, StoreThatIsSlowAsAWholeIsNotAskedTwice) {
  Learn();
  for (size_t i = 101; i < 2000; ++i) slow_->odds[i] = {1'000'000};
  for (int i = 0; i < 100; ++i) TimeOfGet();
  // A fiftieth, and what the reads before have saved up.
  EXPECT_LE(slow_->requests, 100U + 100 + 2 + 2);
  EXPECT_GT(slow_->requests, 100U + 100);
}

TEST_F(HedgingStoreTest, FailureIsAnsweredAtOnceUnlessTheOtherMayStillSucceed) {
  Learn();
  slow_->odds[101] = {10'000, true};
  EXPECT_EQ(TimeOfGet(false), 10'000);
  slow_->odds[102] = {70'000, true};
  EXPECT_EQ(TimeOfGet(), 3 * kUsualUs);
  EXPECT_EQ(slow_->requests, 103U);
}

TEST_F(HedgingStoreTest, BothFailuresAreOne) {
  Learn();
  slow_->odds[101] = {70'000, true};
  slow_->odds[102] = {70'000, true};
  EXPECT_EQ(TimeOfGet(false), 2 * kUsualUs + 70'000);
}

TEST_F(HedgingStoreTest, CallerCancelsBoth) {
  Learn();
  slow_->odds[101] = {10'000'000};
  slow_->odds[102] = {10'000'000};
  CancelSource cancel;
  Context context;
  context.cancel = cancel.token();
  executor_.PostAt(executor_.NowUs() + 100'000, [&] { cancel.Cancel(); });
  EXPECT_FALSE(Get(context).ok());
  EXPECT_EQ(slow_->cancelled.size(), 2U);
}

TEST_F(HedgingStoreTest, NearStoreIsLeftAlone) {
  slow_->slow.kind = "file";
  Learn();
  slow_->odds[101] = {10'000'000};
  EXPECT_EQ(TimeOfGet(), 10'000'000);
  EXPECT_EQ(slow_->requests, 101U);
}

}  // namespace
}  // namespace duckpond
