// SPDX-License-Identifier: MIT
//
// What a sender learns from one reply for the next request: keys, clock, pace.
#include "store/s3_sender.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "store/retrying_store.h"
#include "store/s3_store.h"
#include "tests/support/scripted_server.h"

namespace duckpond {
namespace {

using State = PutReply::State;

ScriptedReply Refusal(int status, const std::string& code,
                      const std::vector<std::string>& headers = {}) {
  return ScriptedReply::Http(status, headers, "<Error><Code>" + code + "</Code></Error>");
}

// Keys "key1", "key2", …, the next after each Renew, as often as there are some.
class NumberedKeys final : public CredentialsProvider {
 public:
  explicit NumberedKeys(int count) : count_(count) {}
  Task<Result<AwsKeys>> Get(Context) override {
    co_return AwsKeys{fmt::format("key{}", number_.load()), "never-print-this", "token"};
  }
  bool Renew(const AwsKeys& refused) override {
    if (refused.access_key_id != fmt::format("key{}", number_.load())) return true;
    if (number_ == count_) return false;
    ++number_;
    return true;
  }
  const std::string& source() const override { return source_; }

 private:
  const int count_;
  std::atomic<int> number_{1};
  const std::string source_ = "a test";
};

class S3SenderTest : public testing::Test {
 protected:
  void Open(ScriptedServer::Script script, int keys = 1) {
    server_ = std::make_unique<ScriptedServer>(std::move(script));
    S3Options options;
    options.endpoint = server_->url();
    options.credentials = std::make_shared<NumberedKeys>(keys);
    options.environment = [](std::string_view) { return std::nullopt; };
    store_ = *OpenS3(Env::Process(), "s3://bucket/pond", options);
    retrying_ = std::make_shared<RetryingObjectStore>(Env::Process(), store_);
  }
  static Result<PutReply> Put(const std::shared_ptr<ObjectStore>& store) {
    return Block(Env::Process().executor,
                 store->Put({}, "k", Bytes("x"), PutCondition::IfAbsent()));
  }
  static bool SignedWith(const SeenRequest& seen, const std::string& key) {
    return seen.Header("authorization").find("Credential=" + key + "/") != std::string::npos;
  }

  std::unique_ptr<ScriptedServer> server_;
  std::shared_ptr<ObjectStore> store_;
  std::shared_ptr<ObjectStore> retrying_;
};

TEST_F(S3SenderTest, KeysThatEndInTheMiddleOfALoadAreFetchedAnewAndTheRequestIsSignedAgain) {
  for (const int status : {400, 403}) {
    Open(
        [status](const SeenRequest& seen) {
          if (SignedWith(seen, "key2")) return ScriptedReply::Http(200, {"ETag: \"t\""});
          return Refusal(status, "ExpiredToken");
        },
        2);
    // The store itself sends nothing twice: it says that it is worth trying.
    const auto alone = Put(store_);
    EXPECT_EQ(alone.status().code(), StatusCode::kUnavailable) << alone.status().ToString();
    EXPECT_EQ(alone.status().message().find("never-print-this"), std::string::npos);
    EXPECT_NE(alone.status().message().find("s3://bucket/pond/k"), std::string::npos);
    EXPECT_EQ(server_->seen().size(), 1u);
    EXPECT_EQ(Put(retrying_)->state, State::kWritten);
    EXPECT_EQ(server_->seen().size(), 2u);
  }
}

TEST_F(S3SenderTest, KeysThatStayExpiredAreTheUsersToMend) {
  Open([](const SeenRequest&) { return Refusal(403, "ExpiredToken"); }, 3);
  const auto reply = Put(retrying_);
  EXPECT_EQ(reply.status().code(), StatusCode::kInvalid);
  EXPECT_NE(reply.status().message().find("the keys have expired; keys come from a test"),
            std::string::npos)
      << reply.status().ToString();
  EXPECT_EQ(server_->seen().size(), 3u) << "once for each new key, and no more";
}

// "Sun, 30 Aug 2015 12:36:00 GMT" of a moment.
std::string HttpDate(int64_t at_us) {
  using namespace std::chrono;
  const sys_seconds at{floor<seconds>(microseconds(at_us))};
  const sys_days day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("Sun, {:02} {} {} {:02}:{:02}:{:02} GMT", static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

constexpr int64_t kHourUs = 3'600'000'000;

Task<Result<PutReply>> Await(Completion<Result<PutReply>> done) { co_return co_await done; }

TEST_F(S3SenderTest, AClockThatIsAnHourOffIsCorrectedByTheServersOnce) {
  for (const int64_t off_us : {kHourUs, -kHourUs}) {
    const std::string date = HttpDate(Env::Process().clock.NowUs() + off_us);
    std::atomic<int> asked{0};
    std::string first;
    Open([&](const SeenRequest& seen) {
      if (asked++ == 0) {
        first = seen.Header("x-amz-date");
        return Refusal(403, "RequestTimeTooSkewed", {"Date: " + date});
      }
      // Hours differ, whatever the minutes are.
      return seen.Header("x-amz-date").substr(0, 11) == first.substr(0, 11)
                 ? Refusal(403, "RequestTimeTooSkewed", {"Date: " + date})
                 : ScriptedReply::Http(200, {"ETag: \"t\""});
    });
    const auto alone = Put(store_);
    EXPECT_EQ(alone.status().code(), StatusCode::kUnavailable);
    const std::string minutes = off_us > 0 ? "minutes behind" : "minutes ahead of";
    EXPECT_NE(alone.status().message().find(minutes), std::string::npos)
        << alone.status().ToString();
    EXPECT_EQ(Put(retrying_)->state, State::kWritten);
    EXPECT_EQ(server_->seen().size(), 2u);
  }
}

TEST_F(S3SenderTest, RequestsThatWereSentWithTheWrongClockTogetherAreAllTriedAgain) {
  constexpr size_t kTogether = 8;
  const std::string date = HttpDate(Env::Process().clock.NowUs() + 26 * kHourUs);
  Open([&](const SeenRequest& seen) {
    // Nobody is answered before all were sent.
    server_->WaitForRequests(kTogether);
    const std::string day = seen.Header("x-amz-date").substr(6, 2);
    return day == date.substr(5, 2) ? ScriptedReply::Http(200, {"ETag: \"t\""})
                                    : Refusal(403, "RequestTimeTooSkewed", {"Date: " + date});
  });
  Executor& executor = Env::Process().executor;
  std::vector<Completion<Result<PutReply>>> puts;
  for (size_t i = 0; i < kTogether; ++i) {
    auto put = retrying_->Put({}, "k", Bytes("x"), PutCondition::IfAbsent());
    puts.push_back(Start(executor, std::move(put)));
  }
  for (const auto& put : puts) {
    const auto reply = Block(executor, Await(put));
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->state, State::kWritten);
  }
}

TEST_F(S3SenderTest, AClockThatCannotBeCorrectedIsTold) {
  const std::string date = HttpDate(Env::Process().clock.NowUs() - 2 * kHourUs);
  Open([&](const SeenRequest&) { return Refusal(403, "RequestTimeTooSkewed", {"Date: " + date}); });
  const auto reply = Put(retrying_);
  EXPECT_EQ(reply.status().code(), StatusCode::kInvalid);
  EXPECT_NE(reply.status().message().find("set the clock"), std::string::npos)
      << reply.status().ToString();
  EXPECT_EQ(server_->seen().size(), 2u);
}

TEST_F(S3SenderTest, RetryAfterHoldsBackTheNextRequest) {
  std::atomic<int> asked{0};
  Open([&](const SeenRequest&) {
    return asked++ == 0 ? Refusal(429, "SlowDown", {"Retry-After: 3600"})
                        : ScriptedReply::Http(200, {"ETag: \"t\""});
  });
  EXPECT_EQ(Put(store_).status().code(), StatusCode::kUnavailable);
  Context hurried;
  hurried.deadline_us = Env::Process().executor.NowUs() + 500'000;
  const auto reply = Block(Env::Process().executor,
                           store_->Put(hurried, "k", Bytes("x"), PutCondition::IfAbsent()));
  EXPECT_EQ(reply.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(reply.status().message().find("s3://bucket/pond"), std::string::npos);
  EXPECT_EQ(asked, 1) << "it was not sent";
}

}  // namespace
}  // namespace duckpond
