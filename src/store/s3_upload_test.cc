// SPDX-License-Identifier: MIT
#include "store/s3_upload.h"

#include <gtest/gtest.h>

#include "store/metered_store.h"
#include "tests/support/scripted_s3.h"

namespace duckpond {
namespace {

using State = PutReply::State;
using Fate = ScriptedS3::Fate;

constexpr char kKey[] = "data/big";
constexpr char kPlace[] = "pond/data/big";

std::string ErrorBody(const std::string& code) {
  return "<Error><Code>" + code + "</Code></Error>";
}

// Three parts: five requests if nothing goes wrong, the last of which completes.
class S3UploadTest : public testing::Test {
 protected:
  S3UploadTest() {
    for (int i = 0; i < 2500; ++i) body_ += static_cast<char>('a' + i % 26);
  }
  std::shared_ptr<ObjectStore> Open() {
    S3Options options;
    options.part_bytes = 1000;
    return s3_.Open(options);
  }
  Result<PutReply> Put(PutCondition condition, Context context = {}) {
    return Block(Env::Process().executor,
                 Open()->Put(context, kKey, Bytes(body_), std::move(condition)));
  }
  std::string Stored() { return s3_.objects()[kPlace]; }
  // Request number `nth` meets `fate`, all others what they should.
  void FateOf(int nth, const Fate& fate) {
    s3_.SetFate(
        [=, seen = 0](const SeenRequest&) mutable { return ++seen == nth ? fate : Fate{}; });
  }
  static bool Completes(const SeenRequest& seen) {
    return seen.method == "POST" && seen.target.find("uploadId=") != std::string::npos;
  }

  std::string body_;
  ScriptedS3 s3_{{}};
};

TEST_F(S3UploadTest, PartsArePutTogetherAndTheLastRequestHasTheCondition) {
  const auto reply = Put(PutCondition::IfAbsent());
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->state, State::kWritten);
  EXPECT_EQ(reply->requests, 5u);
  EXPECT_EQ(Stored(), body_);
  EXPECT_EQ(s3_.open_uploads(), 0u);
  for (const SeenRequest& seen : s3_.server().seen()) {
    EXPECT_EQ(seen.Header("if-none-match"), Completes(seen) ? "*" : "") << seen.target;
    EXPECT_NE(seen.Header("content-length"), "") << "never chunked";
  }
  EXPECT_EQ(s3_.server().seen()[0].Header("cache-control"), "public, max-age=31536000, immutable");
  const auto got = Block(Env::Process().executor, Open()->Get({}, kKey, {}));
  EXPECT_EQ(got->tag, reply->tag);
}

TEST_F(S3UploadTest, ConditionsThatDoNotHoldAreConflictsAndThePartsAreGivenUp) {
  ASSERT_TRUE(
      Block(Env::Process().executor, Open()->Put({}, kKey, Bytes("small"), PutCondition::None()))
          .ok());
  EXPECT_EQ(Put(PutCondition::IfAbsent())->state, State::kConflict);
  EXPECT_EQ(Put(PutCondition::IfMatch({"\"other\""}))->state, State::kConflict);
  EXPECT_EQ(Stored(), "small");
  EXPECT_EQ(s3_.open_uploads(), 0u);
  EXPECT_EQ(Put(PutCondition::None())->state, State::kWritten);
}

TEST_F(S3UploadTest, AnyRequestMayFailOrLoseItsAnswer) {
  const struct {
    const char* name;
    Fate fate;
  } fates[] = {
      {"refused", {false, ScriptedReply::Http(503, {}, ErrorBody("SlowDown"))}},
      {"lost", {false, ScriptedReply::HangUp()}},
      {"answer lost", {true, ScriptedReply::HangUp()}},
      {"half an answer", {true, ScriptedReply::Raw("HTTP/1.1 200 OK\r\nContent-").ThenClose()}},
      {"empty answer", {true, ScriptedReply::Http(200)}},
      {"a proxy's page", {false, ScriptedReply::Http(502, {}, "<html>Bad Gateway</html>")}},
  };
  for (const auto& [name, fate] : fates) {
    for (int nth = 1; nth <= 5; ++nth) {
      FateOf(nth, fate);
      const auto reply = Put(PutCondition::IfAbsent());
      const std::string what = std::string(name) + " at request " + std::to_string(nth) + ": " +
                               reply.status().ToString();
      const bool stored = !Stored().empty();
      if (!reply.ok()) {
        EXPECT_FALSE(stored) << what;
        EXPECT_NE(reply.error().code(), StatusCode::kUnknown) << what;
      } else {
        EXPECT_NE(reply->state, State::kConflict) << what;
        if (reply->state == State::kWritten) {
          EXPECT_EQ(Stored(), body_) << what;
        }
        // Only of the last request the outcome is in doubt.
        if (reply->state == State::kUnknown) {
          EXPECT_EQ(nth, 5) << what;
        }
      }
      if (nth == 1) {
        EXPECT_FALSE(reply.ok()) << what;
      }
      if (nth > 1 && nth < 5 && fate.reply->bytes.find(" 200 ") == std::string::npos) {
        EXPECT_EQ(reply->state, State::kWritten) << "a part is sent again; " << what;
      }
      s3_.SetFate(nullptr);
      ASSERT_TRUE(Block(Env::Process().executor, Open()->Delete({}, kKey, std::nullopt)).ok());
    }
  }
}

TEST_F(S3UploadTest, APartThatIsRefusedEndsTheUploadAndNothingStays) {
  s3_.SetFate([](const SeenRequest& seen) {
    if (seen.target.find("partNumber=2") == std::string::npos) return Fate{};
    return Fate{false, ScriptedReply::Http(403, {}, ErrorBody("AccessDenied"))};
  });
  const auto reply = Put(PutCondition::None());
  EXPECT_EQ(reply.status().code(), StatusCode::kInvalid);
  EXPECT_NE(reply.status().message().find("s3://bucket/pond/data/big"), std::string::npos);
  EXPECT_EQ(Stored(), "");
  EXPECT_EQ(s3_.open_uploads(), 0u);
}

TEST_F(S3UploadTest, APartThatNeverComesThroughIsGivenUpAfterSomeAttempts) {
  s3_.SetFate([](const SeenRequest& seen) {
    if (seen.target.find("partNumber=2") == std::string::npos) return Fate{};
    return Fate{false, ScriptedReply::Http(500)};
  });
  EXPECT_EQ(Put(PutCondition::None()).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(s3_.Count("PUT", "partNumber=2"), 4u);
  EXPECT_EQ(s3_.open_uploads(), 0u);
}

TEST_F(S3UploadTest, A200MayCarryAnError) {
  const struct {
    const char* code;
    State state;
  } rows[] = {{"InternalError", State::kUnknown},
              {"PreconditionFailed", State::kConflict},
              {"ConditionalRequestConflict", State::kConflict}};
  for (const auto& row : rows) {
    FateOf(5, {false, ScriptedReply::Http(200, {}, "\n" + ErrorBody(row.code))});
    const auto reply = Put(PutCondition::IfAbsent());
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->state, row.state) << row.code;
    EXPECT_NE(reply->detail.find(row.code), std::string::npos);
  }
}

TEST_F(S3UploadTest, AnUploadThatIsGoneAtItsEndMayHaveBeenCompletedBefore) {
  // As when something on the way sends the last request twice.
  FateOf(5, {true, ScriptedReply::Http(404, {}, ErrorBody("NoSuchUpload"))});
  EXPECT_EQ(Put(PutCondition::IfAbsent())->state, State::kUnknown);
  EXPECT_EQ(Stored(), body_);
}

TEST_F(S3UploadTest, WhoCancelsInTheMiddleLeavesNothingBehind) {
  s3_.SetFate([](const SeenRequest& seen) {
    if (seen.target.find("partNumber=2") == std::string::npos) return Fate{};
    return Fate{false, ScriptedReply::Silence()};
  });
  Executor& executor = Env::Process().executor;
  CancelSource source;
  Context context;
  context.cancel = source.token();
  const auto store = Open();
  auto put = Start(executor, store->Put(context, kKey, Bytes(body_), PutCondition::None()));
  s3_.server().WaitForRequests(4);
  source.Cancel();
  s3_.server().WaitForRequests(5);  // The last of which gives the parts up.
  const auto await = [](Completion<Result<PutReply>> done) -> Task<Result<PutReply>> {
    co_return co_await done;
  };
  const auto reply = Block(executor, await(put));
  EXPECT_EQ(reply.status().code(), StatusCode::kCancelled) << reply.status().ToString();
  EXPECT_EQ(s3_.open_uploads(), 0u);
  EXPECT_EQ(Stored(), "");
}

TEST_F(S3UploadTest, TheMeterCountsEachRequest) {
  auto ledger = std::make_shared<CostLedger>();
  MeteredObjectStore metered(Open(), ledger);
  FateOf(2, {false, ScriptedReply::Http(500)});  // One part once more.
  ASSERT_TRUE(
      Block(Env::Process().executor, metered.Put({}, kKey, Bytes(body_), PutCondition::None()))
          .ok());
  EXPECT_EQ(ledger->Total().puts, 6u);
  EXPECT_EQ(ledger->Total().bytes_written, body_.size());
  EXPECT_NEAR(ledger->Total().usd, 6 * metered.traits().prices.put, 1e-12);
}

TEST(PartBytesTest, PartsGrowSoThatTheirNumberStaysAllowed) {
  constexpr uint64_t kWanted = uint64_t{32} << 20;
  EXPECT_EQ(PartBytesOf(1, kWanted), kWanted);
  EXPECT_EQ(PartBytesOf(10'000 * kWanted, kWanted), kWanted);
  EXPECT_EQ(PartBytesOf(10'000 * kWanted + 1, kWanted), kWanted + 1);
  // S3 takes parts of 5 GiB at most.
  EXPECT_LT(PartBytesOf(kUploadBytesMax, kWanted), uint64_t{5} << 30);
}

}  // namespace
}  // namespace duckpond
