// SPDX-License-Identifier: MIT
//
// Each vendor's rule, against a server that answers as that vendor does. Requests go through it as
// through a proxy, so that it stands at the vendor's own address.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "store/s3_store.h"
#include "store/store_proof.h"
#include "tests/support/scripted_s3.h"

namespace duckpond {
namespace {

using State = PutReply::State;

constexpr char kBucket[] = "bucket";
constexpr char kDirectoryBucket[] = "bucket--use1-az4--x-s3";

ScriptedReply Refusal(int status, const std::string& code) {
  return ScriptedReply::Http(status, {}, "<Error><Code>" + code + "</Code></Error>");
}

ScriptedReply Written() { return ScriptedReply::Http(200, {"ETag: \"new\""}); }

class VendorTest : public testing::Test {
 protected:
  void Open(const std::string& host, ScriptedServer::Script script,
            const std::string& bucket = kBucket) {
    server_ = std::make_unique<ScriptedServer>(std::move(script));
    HttpSettings settings;
    settings.http_proxy = server_->url();
    S3Options options;
    options.endpoint = "http://" + host;
    options.path_style = bucket != kDirectoryBucket;
    options.keys = {"own", "secret", ""};
    options.http = std::make_shared<HttpClient>(settings);
    options.environment = [](std::string_view) { return std::nullopt; };
    auto opened = OpenS3(Env::Process(), "s3://" + bucket + "/pond", options);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = *opened;
  }
  Result<PutReply> Put(PutCondition condition) {
    return Block(Env::Process().executor, store_->Put({}, "k", Bytes("x"), std::move(condition)));
  }
  Result<PutReply> Append(uint64_t size) {
    return Block(Env::Process().executor,
                 store_->Append({}, "k", Bytes("more"), {size, {"\"t\""}}));
  }

  std::unique_ptr<ScriptedServer> server_;
  std::shared_ptr<ObjectStore> store_;
};

TEST_F(VendorTest, AwsAnswers409ForAWriteUnderWayAnd404ForASwapOfAMissingKey) {
  std::atomic<int> asked{0};
  Open("s3.eu-west-1.amazonaws.com", [&](const SeenRequest&) {
    return asked++ == 0 ? Refusal(409, "ConditionalRequestConflict") : Refusal(404, "NoSuchKey");
  });
  EXPECT_EQ(Put(PutCondition::IfAbsent())->state, State::kConflict);
  EXPECT_EQ(Put(PutCondition::IfMatch({"\"t\""}))->state, State::kConflict);
  EXPECT_EQ(store_->traits().swaps_per_second_max, 15);
}

TEST_F(VendorTest, R2IsSignedForAutoAnswers412OnAMissingKeyAnd429ForAKeyWrittenTooOften) {
  std::atomic<int> asked{0};
  Open("id.r2.cloudflarestorage.com", [&](const SeenRequest&) {
    return asked++ == 0 ? Refusal(412, "PreconditionFailed") : Refusal(429, "TooManyRequests");
  });
  EXPECT_EQ(Put(PutCondition::IfMatch({"\"t\""}))->state, State::kConflict);
  EXPECT_EQ(Put(PutCondition::IfMatch({"\"t\""})).status().code(), StatusCode::kUnavailable);
  EXPECT_NE(server_->seen()[0].Header("authorization").find("/auto/s3/"), std::string::npos);
  EXPECT_EQ(store_->traits().swaps_per_second_max, 1);
}

TEST_F(VendorTest, TigrisIsAskedForConsistencyWithEachRequest) {
  for (const char* host : {"fly.storage.tigris.dev", "t3.storage.dev"}) {
    Open(host, [](const SeenRequest&) { return Written(); });
    ASSERT_TRUE(Put(PutCondition::None()).ok());
    ASSERT_TRUE(Block(Env::Process().executor, store_->Get({}, "k", {})).ok());
    for (const SeenRequest& seen : server_->seen()) {
      EXPECT_EQ(seen.Header("x-tigris-consistent"), "true");
      EXPECT_NE(seen.Header("authorization").find("x-tigris-consistent"), std::string::npos);
    }
    EXPECT_EQ(server_->seen().size(), 2u);
  }
}

TEST_F(VendorTest, GoogleIsReadAndNeverWritten) {
  Open("storage.googleapis.com",
       [](const SeenRequest&) { return ScriptedReply::Http(200, {"ETag: \"t\""}, "content"); });
  const auto put = Put(PutCondition::IfAbsent());
  EXPECT_EQ(put.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(put.status().message().find("keep the pond on"), std::string::npos) << "what to do";
  EXPECT_EQ(server_->seen().size(), 0u) << "it would have said 200";
  EXPECT_EQ(Block(Env::Process().executor, store_->Get({}, "k", {}))->bytes.view(), "content");
}

TEST_F(VendorTest, BackblazeSaysThatItHasNoConditionsAndNamesItsRegionInItsHost) {
  Open("s3.us-west-004.backblazeb2.com",
       [](const SeenRequest&) { return Refusal(501, "NotImplemented"); });
  const auto put = Put(PutCondition::IfAbsent());
  EXPECT_EQ(put.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(put.status().message().find("conditional writes"), std::string::npos);
  EXPECT_NE(server_->seen()[0].Header("authorization").find("/us-west-004/s3/"), std::string::npos);
}

TEST_F(VendorTest, CephAnswers412ForASwapOfAMissingKey) {
  Open("ceph.example", [](const SeenRequest&) { return Refusal(412, "PreconditionFailed"); });
  EXPECT_EQ(Put(PutCondition::IfMatch({"\"t\""}))->state, State::kConflict);
}

TEST_F(VendorTest, AKeyBelowAnObjectIsImpossibleOnServersThatKeepFiles) {
  for (const char* code : {"XMinioParentIsObject", "ObjectParentIsFile"}) {
    Open("files.example", [&](const SeenRequest&) { return Refusal(409, code); });
    EXPECT_EQ(Put(PutCondition::IfAbsent()).status().code(), StatusCode::kInvalid) << code;
  }
  Open("files.example",
       [](const SeenRequest&) { return Refusal(409, "ExistingObjectIsDirectory"); });
  EXPECT_EQ(Put(PutCondition::IfAbsent()).status().code(), StatusCode::kUnavailable);
}

// The outcome of a proof against a server that calls itself `name`.
Status Prove(ScriptedS3::Ignores ignores, const std::string& name) {
  const ScriptedS3 s3(ignores, name);
  return Block(Env::Process().executor, ProveConditions(Env::Process(), s3.Open(), {})).status();
}

TEST(VendorProofTest, MinioOfABrokenReleaseIsRefusedByItsNameOrByTheProof) {
  for (const char* release :
       {"MinIO/RELEASE.2025-09-06T17-38-46Z", "MinIO/RELEASE.2024-01-01T00-00-00Z"}) {
    const Status status = Prove({}, release);
    EXPECT_EQ(status.code(), StatusCode::kUnsupported) << release;
    EXPECT_NE(status.message().find("update it"), std::string::npos) << status.ToString();
  }
  EXPECT_TRUE(Prove({}, "MinIO/RELEASE.2025-09-07T16-13-09Z").ok());
  EXPECT_TRUE(Prove({}, "MinIO").ok());
  const Status proved = Prove({.if_match_of_missing = true}, "MinIO");
  EXPECT_EQ(proved.code(), StatusCode::kUnsupported);
  EXPECT_NE(proved.message().find("If-Match of a missing key"), std::string::npos);
}

TEST(VendorProofTest, EmulatorsThatLoseRacesAreRefusedByTheirName) {
  for (const char* name : {"Werkzeug/3.1.3 Python/3.11.2", "s3rver"}) {
    EXPECT_EQ(Prove({}, name).code(), StatusCode::kUnsupported) << name;
  }
}

// A directory bucket: sessions are numbered; only the newest is taken.
class ExpressTest : public VendorTest {
 protected:
  void OpenExpress(ScriptedServer::Script script) {
    Open(
        "s3express-use1-az4.us-east-1.amazonaws.com",
        [this, script = std::move(script)](const SeenRequest& seen) {
          if (seen.target.ends_with("/?session=")) return Session();
          const std::string token = "token" + std::to_string(sessions_.load());
          return seen.Header("x-amz-s3session-token") == token ? script(seen)
                                                               : Refusal(403, "ExpiredToken");
        },
        kDirectoryBucket);
  }
  ScriptedReply Session() {
    const std::string number = std::to_string(++sessions_);
    return ScriptedReply::Http(
        200, {},
        "<CreateSessionResult><Credentials><SessionToken>token" + number +
            "</SessionToken><SecretAccessKey>s</SecretAccessKey><AccessKeyId>session" + number +
            "</AccessKeyId><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>"
            "</CreateSessionResult>");
  }
  std::atomic<int> sessions_{0};
};

TEST_F(ExpressTest, RequestsAreSignedWithASessionsKeysWhichOnesOwnKeysCreate) {
  OpenExpress([](const SeenRequest&) { return Written(); });
  ASSERT_EQ(Put(PutCondition::IfAbsent())->state, State::kWritten);
  ASSERT_EQ(Put(PutCondition::IfAbsent())->state, State::kWritten);
  const auto seen = server_->seen();
  ASSERT_EQ(seen.size(), 3u) << "one session for both";
  EXPECT_EQ(seen[0].Header("host"),
            "bucket--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com");
  EXPECT_NE(seen[0].Header("authorization").find("Credential=own/"), std::string::npos);
  EXPECT_NE(seen[0].Header("authorization").find("/us-east-1/s3express/"), std::string::npos);
  EXPECT_NE(seen[1].Header("authorization").find("Credential=session1/"), std::string::npos);
  EXPECT_NE(seen[1].Header("authorization").find("x-amz-s3session-token"), std::string::npos);
  EXPECT_EQ(seen[1].Header("x-amz-security-token"), "");
}

TEST_F(ExpressTest, ASessionThatHasEndedIsFollowedByAnother) {
  OpenExpress([](const SeenRequest&) { return Written(); });
  ASSERT_TRUE(Put(PutCondition::None()).ok());
  ++sessions_;  // The server has forgotten the first.
  EXPECT_EQ(Put(PutCondition::None()).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(Put(PutCondition::None())->state, State::kWritten);
}

TEST_F(ExpressTest, ASessionThatIsRefusedSaysWhatIsNeeded) {
  Open(
      "s3express-use1-az4.us-east-1.amazonaws.com",
      [](const SeenRequest&) { return Refusal(403, "AccessDenied"); }, kDirectoryBucket);
  const auto put = Put(PutCondition::None());
  EXPECT_EQ(put.status().code(), StatusCode::kInvalid);
  EXPECT_NE(put.status().message().find("s3express:CreateSession"), std::string::npos);
}

TEST_F(ExpressTest, SessionAndRequestsGoByTheServersClock) {
  const std::string date = "Date: Sun, 30 Aug 2015 12:36:00 GMT";
  std::atomic<int> refused{0};
  Open(
      "s3express-use1-az4.us-east-1.amazonaws.com",
      [&](const SeenRequest& seen) {
        if (seen.Header("x-amz-date").starts_with("20150830T1")) {
          return seen.target.ends_with("/?session=") ? Session() : Written();
        }
        ++refused;
        return ScriptedReply::Http(403, {date}, "<Error><Code>RequestTimeTooSkewed</Code></Error>");
      },
      kDirectoryBucket);
  const auto first = Put(PutCondition::None());
  EXPECT_EQ(first.status().code(), StatusCode::kUnavailable) << "to be tried again";
  EXPECT_NE(first.status().message().find("minutes ahead of the server's"), std::string::npos)
      << first.status().ToString();
  EXPECT_EQ(Put(PutCondition::None())->state, State::kWritten);
  EXPECT_EQ(refused, 1);
}

TEST_F(ExpressTest, AppendsSendOnlyWhatIsNewAtTheSizeAndTagThatWereRead) {
  OpenExpress([](const SeenRequest&) { return Written(); });
  EXPECT_TRUE(store_->traits().can_append);
  const auto reply = Append(1234);
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->state, State::kWritten);
  const SeenRequest seen = server_->seen()[1];
  EXPECT_EQ(seen.method + seen.Header("x-amz-write-offset-bytes") + seen.Header("if-match"),
            "PUT1234\"t\"");
  EXPECT_EQ(seen.body, "more");
}

TEST_F(ExpressTest, AppendsThatCannotBeSaySo) {
  const struct {
    ScriptedReply reply;
    StatusCode code;
    State state;
  } rows[] = {
      {Refusal(400, "TooManyParts"), StatusCode::kExhausted, {}},
      {Refusal(501, "NotImplemented"), StatusCode::kUnsupported, {}},
      {Refusal(400, "InvalidWriteOffset"), StatusCode::kOk, State::kConflict},
      {Refusal(412, "PreconditionFailed"), StatusCode::kOk, State::kConflict},
      {Refusal(404, "NoSuchKey"), StatusCode::kOk, State::kConflict},
      {Refusal(500, "InternalError"), StatusCode::kOk, State::kUnknown},
      {ScriptedReply::HangUp(), StatusCode::kOk, State::kUnknown},
  };
  for (const auto& row : rows) {
    OpenExpress([&](const SeenRequest&) { return row.reply; });
    const auto reply = Append(10);
    EXPECT_EQ(reply.status().code(), row.code) << row.reply.bytes;
    if (reply.ok()) {
      EXPECT_EQ(reply->state, row.state) << row.reply.bytes;
    }
  }
}

TEST_F(ExpressTest, AListingAsksForAFolderAndIsInNoOrder) {
  OpenExpress([](const SeenRequest&) {
    return ScriptedReply::Http(
        200, {},
        "<ListBucketResult><Contents><Key>pond/log/b1</Key><Size>1</Size></Contents><Contents><Key>"
        "pond/log/c</Key><Size>1</Size></Contents><Contents><Key>pond/log/b0</Key><Size>1</Size>"
        "</Contents></ListBucketResult>");
  });
  const auto listing = Block(Env::Process().executor, store_->List({}, "log/b", std::nullopt));
  ASSERT_TRUE(listing.ok()) << listing.status().ToString();
  ASSERT_EQ(listing->objects.size(), 2u);
  EXPECT_EQ(listing->objects[0].key, "log/b1");
  EXPECT_EQ(listing->objects[1].key, "log/b0");
  EXPECT_NE(server_->seen()[1].target.find("prefix=pond%2Flog%2F"), std::string::npos);
}

}  // namespace
}  // namespace duckpond
