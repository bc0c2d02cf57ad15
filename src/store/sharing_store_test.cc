// SPDX-License-Identifier: MIT
#include "store/sharing_store.h"

#include <gtest/gtest.h>

#include <vector>

#include "store/memory_store.h"
#include "tests/support/virtual_executor.h"

namespace duckpond {
namespace {

constexpr int64_t kTakesUs = 30'000;

// Answers each read after kTakesUs; fails the first ones, if it is told to.
class SlowStore final : public StoreWrapper {
 public:
  using StoreWrapper::StoreWrapper;

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override {
    ++requests;
    CO_RETURN_IF_ERROR(co_await Sleep(context, kTakesUs));
    if (failures > 0) {
      --failures;
      co_return Status::Unavailable("try later");
    }
    co_return co_await below()->Get(context, key, options);
  }

  int requests = 0;
  int failures = 0;
};

class SharingStoreTest : public ::testing::Test {
 protected:
  using Reply = Result<GetReply>;

  SharingStoreTest() {
    EXPECT_TRUE(Block(executor_, memory_->Put({}, "k", Bytes("0123456789"), {})).ok());
  }
  ~SharingStoreTest() override { executor_.RunAll(); }

  static GetOptions Part(uint64_t offset, uint64_t bytes) {
    GetOptions options;
    options.range = ByteRange{offset, bytes};
    options.age_us_max = GetOptions::kAnyAge;
    return options;
  }
  Task<Reply> Get(Context context, GetOptions options = Part(2, 4)) {
    return store_.Get(std::move(context), "k", std::move(options));
  }
  Context Until(MonotonicUs after_us) const {
    return Context{}.WithDeadline(executor_.NowUs() + after_us);
  }
  // All of them, begun at the same time in this order.
  std::vector<Reply> Together(std::vector<Task<Reply>> reads) {
    return Block(executor_, WhenAll(std::move(reads)));
  }
  static std::string Content(const Reply& reply) {
    return reply.ok() ? std::string(reply->bytes.view()) : reply.status().ToString();
  }

  VirtualExecutor executor_;
  SystemClock clock_;
  SeededRandom random_{1};
  UuidSource uuids_{clock_, random_};
  Env env_{executor_, clock_, random_, uuids_};
  std::shared_ptr<MemoryObjectStore> memory_ = std::make_shared<MemoryObjectStore>();
  std::shared_ptr<SlowStore> slow_ = std::make_shared<SlowStore>(memory_);
  SharingObjectStore store_{env_, slow_};
};

TEST_F(SharingStoreTest, ManyReadersOfOnePartAreOneRequest) {
  std::vector<Task<Reply>> reads;
  for (int i = 0; i < 10; ++i) reads.push_back(Get({}));
  for (const Reply& reply : Together(std::move(reads))) EXPECT_EQ(Content(reply), "2345");
  EXPECT_EQ(slow_->requests, 1);
}

TEST_F(SharingStoreTest, WhoComesLaterAsksAgain) {
  EXPECT_EQ(Content(Block(executor_, Get({}))), "2345");
  EXPECT_EQ(Content(Block(executor_, Get({}))), "2345");
  EXPECT_EQ(slow_->requests, 2) << "to keep is the caches' part";
}

TEST_F(SharingStoreTest, OtherPartsAndYoungerAnswersAreAskedFor) {
  std::vector<Task<Reply>> reads;
  reads.push_back(Get({}));
  reads.push_back(Get({}, Part(2, 5)));
  GetOptions newest = Part(2, 4);
  newest.age_us_max = 0;
  reads.push_back(Get({}, newest));
  newest.age_us_max = GetOptions::kFromStore;
  reads.push_back(Get({}, newest));
  GetOptions limited = Part(2, 4);
  limited.bytes_max = 3;
  reads.push_back(Get({}, limited));
  const auto replies = Together(std::move(reads));
  EXPECT_EQ(Content(replies[1]), "23456");
  EXPECT_EQ(Content(replies[2]), "2345");
  EXPECT_EQ(replies[4].status().code(), StatusCode::kExhausted) << "its own limit";
  EXPECT_EQ(slow_->requests, 5);
}

TEST_F(SharingStoreTest, AFirstReaderThatIsCancelledFailsNobody) {
  CancelSource stop;
  Context first;
  first.cancel = stop.token();
  std::vector<Task<Reply>> reads;
  reads.push_back(Get(first));
  for (int i = 0; i < 5; ++i) reads.push_back(Get({}));
  executor_.PostAt(executor_.NowUs() + kTakesUs / 2, [&stop] { stop.Cancel(); });
  const auto replies = Together(std::move(reads));
  EXPECT_EQ(replies[0].status().code(), StatusCode::kCancelled);
  for (size_t i = 1; i < replies.size(); ++i) EXPECT_EQ(Content(replies[i]), "2345");
  EXPECT_EQ(slow_->requests, 2) << "one of those who waited sends, for all of them";
}

TEST_F(SharingStoreTest, AFirstReaderWithoutTimeFailsNobody) {
  std::vector<Task<Reply>> reads;
  reads.push_back(Get(Until(kTakesUs / 2)));
  reads.push_back(Get({}));
  const auto replies = Together(std::move(reads));
  EXPECT_EQ(replies[0].status().code(), StatusCode::kCancelled);
  EXPECT_EQ(Content(replies[1]), "2345");
}

TEST_F(SharingStoreTest, WhoWaitsGivesUpByItself) {
  CancelSource stop;
  Context cancelled;
  cancelled.cancel = stop.token();
  std::vector<Task<Reply>> reads;
  reads.push_back(Get({}));
  reads.push_back(Get(Until(kTakesUs / 2)));
  reads.push_back(Get(cancelled));
  executor_.PostAt(executor_.NowUs() + kTakesUs / 3, [&stop] { stop.Cancel(); });
  const auto replies = Together(std::move(reads));
  EXPECT_EQ(Content(replies[0]), "2345");
  EXPECT_EQ(replies[1].status().code(), StatusCode::kCancelled);
  EXPECT_EQ(replies[2].status().code(), StatusCode::kCancelled);
  EXPECT_EQ(slow_->requests, 1);
}

TEST_F(SharingStoreTest, AnErrorIsToldToThoseWhoWaitedAndThenForgotten) {
  slow_->failures = 1;
  std::vector<Task<Reply>> reads;
  for (int i = 0; i < 3; ++i) reads.push_back(Get({}));
  for (const Reply& reply : Together(std::move(reads))) {
    EXPECT_EQ(reply.status().code(), StatusCode::kUnavailable);
  }
  EXPECT_EQ(slow_->requests, 1);
  EXPECT_EQ(Content(Block(executor_, Get({}))), "2345");
}

TEST_F(SharingStoreTest, WhoHasMoreTimeTriesAgain) {
  slow_->failures = 1;
  std::vector<Task<Reply>> reads;
  reads.push_back(Get(Until(2 * kTakesUs)));
  reads.push_back(Get(Until(2 * kTakesUs)));
  reads.push_back(Get(Until(9 * kTakesUs)));
  const auto replies = Together(std::move(reads));
  EXPECT_EQ(replies[0].status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(replies[1].status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(Content(replies[2]), "2345");
  EXPECT_EQ(slow_->requests, 2);
}

TEST_F(SharingStoreTest, MissingIsAnAnswerForAll) {
  std::vector<Task<Reply>> reads;
  for (int i = 0; i < 3; ++i) reads.push_back(store_.Get({}, "nothing", Part(0, 4)));
  for (const Reply& reply : Together(std::move(reads))) {
    ASSERT_TRUE(reply.ok());
    EXPECT_EQ(reply->state, GetReply::State::kMissing);
  }
  EXPECT_EQ(slow_->requests, 1);
}

}  // namespace
}  // namespace duckpond
