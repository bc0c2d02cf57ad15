// SPDX-License-Identifier: MIT
#include "store/renewed_credentials.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>

#include "tests/support/virtual_executor.h"

namespace duckpond {
namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kStartUs = 1'800'000'000 * kSecondUs;

class SetClock final : public Clock {
 public:
  int64_t NowUs() override { return now_us; }
  int64_t now_us = kStartUs;
};

// Gives keys "key1", "key2", … that live for `life_us`, each after `takes_us`.
class CountingFetcher final : public KeyFetcher {
 public:
  explicit CountingFetcher(Clock& clock) : clock_(clock) {}
  Task<Result<FetchedKeys>> Fetch(Context context) override {
    ++fetches;
    if (takes_us > 0) CO_RETURN_IF_ERROR(co_await Sleep(context, takes_us));
    if (!error.ok()) co_return error;
    co_return FetchedKeys{{fmt::format("key{}", fetches), "s", "t"}, clock_.NowUs() + life_us};
  }
  const std::string& source() const override { return source_; }

  int fetches = 0;
  int64_t life_us = 3600 * kSecondUs;
  int64_t takes_us = 0;
  Status error;

 private:
  Clock& clock_;
  const std::string source_ = "a test";
};

class RenewedCredentialsTest : public testing::Test {
 protected:
  std::string Get(Context context = {}) {
    const auto keys = Block(executor_, provider_->Get(context));
    if (keys.ok()) last_ = *keys;
    return keys.ok() ? keys->access_key_id : std::string(CodeName(keys.status().code()));
  }

  VirtualExecutor executor_;
  SetClock clock_;
  SeededRandom random_{1};
  UuidSource uuids_{clock_, random_};
  Env env_{executor_, clock_, random_, uuids_};
  std::shared_ptr<CountingFetcher> fetcher_ = std::make_shared<CountingFetcher>(clock_);
  std::shared_ptr<CredentialsProvider> provider_ = RenewedCredentials(env_, fetcher_);
  AwsKeys last_;
};

TEST_F(RenewedCredentialsTest, AllWhoWaitShareOneFetch) {
  fetcher_->takes_us = kSecondUs;
  std::vector<Task<Result<AwsKeys>>> gets;
  for (int i = 0; i < 5; ++i) gets.push_back(provider_->Get({}));
  for (const auto& keys : Block(executor_, WhenAll(std::move(gets)))) {
    EXPECT_EQ(keys->access_key_id, "key1");
  }
  EXPECT_EQ(fetcher_->fetches, 1);
}

TEST_F(RenewedCredentialsTest, KeysAreRenewedBehindTheirUsersMinutesBeforeTheEnd) {
  EXPECT_EQ(Get(), "key1");
  clock_.now_us = kStartUs + 3299 * kSecondUs;
  EXPECT_EQ(Get(), "key1");
  executor_.RunAll();
  EXPECT_EQ(fetcher_->fetches, 1);
  clock_.now_us = kStartUs + 3301 * kSecondUs;
  EXPECT_EQ(Get(), "key1") << "nobody waits yet";
  executor_.RunAll();
  EXPECT_EQ(fetcher_->fetches, 2);
  EXPECT_EQ(Get(), "key2");
}

TEST_F(RenewedCredentialsTest, InTheLastMinuteUsersWait) {
  EXPECT_EQ(Get(), "key1");
  clock_.now_us = kStartUs + 3541 * kSecondUs;
  EXPECT_EQ(Get(), "key2");
}

TEST_F(RenewedCredentialsTest, ShortLivesAreRenewedAtTheirLastQuarter) {
  fetcher_->life_us = 300 * kSecondUs;  // As S3 Express's sessions have.
  EXPECT_EQ(Get(), "key1");
  clock_.now_us = kStartUs + 224 * kSecondUs;
  EXPECT_EQ(Get(), "key1");
  executor_.RunAll();
  EXPECT_EQ(fetcher_->fetches, 1);
  clock_.now_us = kStartUs + 286 * kSecondUs;
  EXPECT_EQ(Get(), "key2");
}

TEST_F(RenewedCredentialsTest, AFetchThatFailsBehindUsersIsTriedAgainLaterAndHarmsNobody) {
  EXPECT_EQ(Get(), "key1");
  fetcher_->error = Status::Unavailable("not now");
  clock_.now_us = kStartUs + 3301 * kSecondUs;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Get(), "key1");
    executor_.RunAll();
  }
  EXPECT_EQ(fetcher_->fetches, 2);
  clock_.now_us += 31 * kSecondUs;
  EXPECT_EQ(Get(), "key1");
  executor_.RunAll();
  EXPECT_EQ(fetcher_->fetches, 3);
  clock_.now_us = kStartUs + 3600 * kSecondUs;
  EXPECT_EQ(Get(), "UNAVAILABLE");
}

TEST_F(RenewedCredentialsTest, ErrorsNameTheSource) {
  fetcher_->error = Status::Invalid("no role");
  const auto keys = Block(executor_, provider_->Get({}));
  EXPECT_EQ(keys.status().ToString(), "INVALID: keys come from a test: no role");
}

TEST_F(RenewedCredentialsTest, WhoIsCancelledOrLateDoesNotWait) {
  fetcher_->takes_us = 10 * kSecondUs;
  Context late;
  late.deadline_us = executor_.NowUs() + kSecondUs;
  EXPECT_EQ(Get(late), "CANCELLED");
  CancelSource source;
  source.Cancel();
  Context cancelled;
  cancelled.cancel = source.token();
  EXPECT_EQ(Get(cancelled), "CANCELLED");
  EXPECT_EQ(Get(), "key1") << "the fetch goes on";
}

TEST_F(RenewedCredentialsTest, RefusedKeysAreFetchedAnewOnceAndNotForEver) {
  EXPECT_EQ(Get(), "key1");
  const AwsKeys first = last_;
  EXPECT_TRUE(provider_->Renew(first));
  EXPECT_TRUE(provider_->Renew(first)) << "others have done it";
  EXPECT_EQ(Get(), "key2");
  EXPECT_TRUE(provider_->Renew(first)) << "they are gone already";
  EXPECT_FALSE(provider_->Renew(last_)) << "new ones are refused, too";
  EXPECT_EQ(fetcher_->fetches, 2);
  clock_.now_us += 31 * kSecondUs;
  EXPECT_TRUE(provider_->Renew(last_));
}

TEST_F(RenewedCredentialsTest, KeysThatLiveForSecondsAreRenewedHoweverOftenTheyEnd) {
  fetcher_->life_us = 2 * kSecondUs;
  for (const char* key : {"key1", "key2", "key3", "key4"}) {
    EXPECT_EQ(Get(), key);
    clock_.now_us += 2 * kSecondUs;
    EXPECT_TRUE(provider_->Renew(last_)) << "refused, as keys are that have ended";
  }
}

TEST_F(RenewedCredentialsTest, KeysThatSeemOverAreLeftForTheStoreToJudge) {
  fetcher_->life_us = -3600 * kSecondUs;  // This machine's clock is ahead.
  EXPECT_EQ(Get(), "key1");
  EXPECT_EQ(Get(), "key1");
  EXPECT_EQ(fetcher_->fetches, 1);
}

TEST(ReadKeysJsonTest, KeysTokenAndEnd) {
  const auto fetched =
      ReadKeysJson(R"({"Code":"Success","AccessKeyId":"k","SecretAccessKey":"s","Token":"t",)"
                   R"("Expiration":"2015-08-30T12:36:00Z"})");
  ASSERT_TRUE(fetched.ok()) << fetched.status().ToString();
  EXPECT_EQ(
      fetched->keys.access_key_id + fetched->keys.secret_access_key + fetched->keys.session_token,
      "kst");
  EXPECT_EQ(fetched->expires_us, 1'440'938'160'000'000);
  EXPECT_EQ(ReadKeysJson(R"({"AccessKeyId":"k","SecretAccessKey":"s"})")->expires_us, std::nullopt);
}

TEST(ReadKeysJsonTest, WhatHasNoKeysIsInvalidAndNotRepeated) {
  for (const char* text : {"", "<html>", "[]", "{}", R"({"AccessKeyId":"k","SecretAccessKey":7})",
                           R"({"AccessKeyId":"k","SecretAccessKey":"hush","Expiration":"soon"})",
                           R"({"SecretAccessKey":"hush"})"}) {
    const auto fetched = ReadKeysJson(text);
    EXPECT_EQ(fetched.status().code(), StatusCode::kInvalid) << text;
    EXPECT_EQ(fetched.status().message().find("hush"), std::string::npos);
  }
  EXPECT_NE(ReadKeysJson(R"({"Message":"no such role"})").status().message().find("no such role"),
            std::string::npos);
}

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };

// Nothing prints keys by accident.
static_assert(!Streamable<AwsKeys> && !fmt::is_formattable<AwsKeys>::value);
static_assert(!Streamable<FetchedKeys> && !fmt::is_formattable<FetchedKeys>::value);

}  // namespace
}  // namespace duckpond
