// SPDX-License-Identifier: MIT
#include "store/s3_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "tests/support/scripted_server.h"

namespace duckpond {
namespace {

using GetState = GetReply::State;
using PutState = PutReply::State;
using DeleteState = DeleteReply::State;

constexpr char kSecret[] = "never-print-this-key";

std::string ErrorBody(const std::string& code, const std::string& region = {}) {
  return "<?xml version=\"1.0\"?>\n<Error><Code>" + code + "</Code><Message>Said so: " + kSecret +
         "</Message><Region>" + region + "</Region></Error>";
}

ScriptedReply Refusal(int status, const std::string& code) {
  return ScriptedReply::Http(status, {}, ErrorBody(code));
}

// A store over a server that gives one scripted reply after another, the last for ever.
class S3StoreTest : public testing::Test {
 protected:
  void Answer(std::vector<ScriptedReply> replies) {
    server_ =
        std::make_unique<ScriptedServer>([this, replies = std::move(replies)](const SeenRequest&) {
          return replies[std::min(asked_++, replies.size() - 1)];
        });
    S3Options options;
    options.endpoint = server_->url();
    options.keys = {"THEKEYID", kSecret, ""};
    options.environment = [](std::string_view) { return std::nullopt; };
    auto opened = OpenS3(Env::Process(), "s3://bucket/pond", options);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = *opened;
    asked_ = 0;
  }
  Result<GetReply> Get(GetOptions options = {}) {
    return Block(Env::Process().executor, store_->Get({}, "a/key", std::move(options)));
  }
  Result<PutReply> Put(PutCondition condition, std::string body = "body") {
    return Block(Env::Process().executor,
                 store_->Put({}, "a/key", Bytes(std::move(body)), std::move(condition)));
  }
  Result<DeleteReply> Delete(std::optional<ObjectTag> tag = std::nullopt) {
    return Block(Env::Process().executor, store_->Delete({}, "a/key", std::move(tag)));
  }
  Result<ListReply> List(std::string prefix, std::optional<std::string> token = std::nullopt) {
    return Block(Env::Process().executor, store_->List({}, std::move(prefix), std::move(token)));
  }
  static GetOptions Range(uint64_t offset, std::optional<uint64_t> length) {
    GetOptions options;
    options.range = ByteRange{offset, length};
    return options;
  }

  std::atomic<size_t> asked_{0};
  std::unique_ptr<ScriptedServer> server_;
  std::shared_ptr<ObjectStore> store_;
};

template <class T>
StatusCode CodeOf(const Result<T>& result) {
  return result.status().code();
}

TEST_F(S3StoreTest, WholeObjectComesWithItsTagAndSize) {
  Answer({ScriptedReply::Http(200, {"ETag: \"t\"", "Server: SomeServer/1"}, "content")});
  EXPECT_EQ(store_->server(), "");
  const auto reply = Get();
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->state, GetState::kFound);
  EXPECT_EQ(reply->bytes.view(), "content");
  EXPECT_EQ(reply->tag.value, "\"t\"");
  EXPECT_EQ(reply->object_size, 7u);
  EXPECT_EQ(store_->server(), "SomeServer/1");
  const SeenRequest seen = server_->seen()[0];
  EXPECT_EQ(seen.target, "/bucket/pond/a/key");
  EXPECT_EQ(seen.Header("authorization").find("AWS4-HMAC-SHA256 Credential=THEKEYID/"), 0u);
}

TEST_F(S3StoreTest, RangeIsAskedForAndCheckedAgainstWhatCame) {
  Answer({ScriptedReply::Http(206, {"ETag: \"t\"", "Content-Range: bytes 2-4/10"}, "234")});
  const auto reply = Get(Range(2, 3));
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->bytes.view(), "234");
  EXPECT_EQ(reply->object_size, 10u);
  EXPECT_EQ(server_->seen()[0].Header("range"), "bytes=2-4");
  Answer({ScriptedReply::Http(206, {"ETag: \"t\"", "Content-Range: bytes 8-9/10"}, "89")});
  EXPECT_EQ(Get(Range(8, 100))->bytes.view(), "89");
  EXPECT_EQ(Get(Range(8, std::nullopt))->bytes.view(), "89");
  EXPECT_EQ(server_->seen()[1].Header("range"), "bytes=8-");
}

TEST_F(S3StoreTest, RangeThatIsNotWhatWasAskedForIsCorrupt) {
  for (const std::string& range :
       {std::string("bytes 3-5/10"), std::string("bytes 2-5/10"), std::string("bytes 2-3/10"),
        std::string("bytes 2-4/*"), std::string("bytes 4-2/10"), std::string("bytes 2-4/3"),
        std::string("bytes 2-99999999999999999999999/10"), std::string("items 2-4/10"),
        std::string("bytes"), std::string("")}) {
    Answer({ScriptedReply::Http(206, {"ETag: \"t\"", "Content-Range: " + range}, "234")});
    EXPECT_EQ(CodeOf(Get(Range(2, 3))), StatusCode::kCorrupt) << range;
  }
  Answer({ScriptedReply::Http(206, {"ETag: \"t\"", "Content-Range: bytes 0-2/10"}, "012")});
  EXPECT_EQ(CodeOf(Get()), StatusCode::kCorrupt) << "a part though the whole was asked for";
}

TEST_F(S3StoreTest, ServerThatKnowsNoRangesIsCutHere) {
  Answer({ScriptedReply::Http(200, {"ETag: \"t\""}, "0123456789")});
  EXPECT_EQ(Get(Range(2, 3))->bytes.view(), "234");
  EXPECT_EQ(Get(Range(2, 3))->object_size, 10u);
  EXPECT_EQ(Get(Range(10, 3))->state, GetState::kPastEnd);
}

TEST_F(S3StoreTest, GetAnswersThatAreNoFailure) {
  GetOptions unless;
  unless.if_none_match = ObjectTag{"\"t\""};
  Answer({ScriptedReply::Http(304)});
  const auto unchanged = Get(unless);
  ASSERT_TRUE(unchanged.ok());
  EXPECT_EQ(unchanged->state, GetState::kUnchanged);
  EXPECT_EQ(unchanged->tag.value, "\"t\"");
  EXPECT_EQ(server_->seen()[0].Header("if-none-match"), "\"t\"");
  Answer({Refusal(404, "NoSuchKey")});
  EXPECT_EQ(Get()->state, GetState::kMissing);
  Answer({Refusal(416, "InvalidRange")});
  EXPECT_EQ(Get(Range(9, 1))->state, GetState::kPastEnd);
}

TEST_F(S3StoreTest, GetFailuresSayWhatToDo) {
  const struct {
    ScriptedReply reply;
    StatusCode code;
    const char* said;
  } rows[] = {
      {Refusal(404, "NoSuchBucket"), StatusCode::kInvalid, "bucket bucket does not exist"},
      {ScriptedReply::Http(404, {}, "<html>nginx</html>"), StatusCode::kInvalid, "endpoint"},
      {ScriptedReply::Http(404), StatusCode::kInvalid, "endpoint"},
      {Refusal(403, "AccessDenied"), StatusCode::kInvalid, "missing or not permitted"},
      {Refusal(403, "InvalidAccessKeyId"), StatusCode::kInvalid, "check the key"},
      {Refusal(404, "XAdminUserNotFound"), StatusCode::kInvalid, "check the key"},
      {Refusal(403, "SomethingNew"), StatusCode::kInvalid, "check the keys, the bucket and"},
      {Refusal(403, "SignatureDoesNotMatch"), StatusCode::kInvalid, "check the secret key"},
      {Refusal(403, "RequestTimeTooSkewed"), StatusCode::kInvalid, "clock"},
      {Refusal(400, "ExpiredToken"), StatusCode::kInvalid, "expired"},
      {Refusal(400, "InvalidArgument"), StatusCode::kInvalid, "InvalidArgument"},
      {Refusal(429, "TooManyRequests"), StatusCode::kUnavailable, "429"},
      {Refusal(500, "InternalError"), StatusCode::kUnavailable, "500"},
      {Refusal(503, "SlowDown"), StatusCode::kUnavailable, "SlowDown"},
      {Refusal(501, "NotImplemented"), StatusCode::kUnsupported, "501"},
      {ScriptedReply::Http(304), StatusCode::kCorrupt, "304"},
      {ScriptedReply::Http(200, {}, "content"), StatusCode::kCorrupt, "ETag"},
      {ScriptedReply::Http(200, {"ETag: W/\"t\""}, "content"), StatusCode::kCorrupt, "weak"},
      {Refusal(301, "PermanentRedirect"), StatusCode::kInvalid, "region"},
      {ScriptedReply::Http(302, {"Location: http://login.example/?Signature=x"}),
       StatusCode::kInvalid, "a redirect to http://login.example/:"},
      {ScriptedReply::Http(407), StatusCode::kInvalid, "the proxy"},
      {ScriptedReply::Http(200, {"ETag: \"t\"", "Content-Type: text/html"}, "<html>"),
       StatusCode::kCorrupt, "a page of HTML in place of the object"},
      {ScriptedReply::Http(502, {"Content-Type: text/html"}, "<html>"), StatusCode::kUnavailable,
       "answered 502 with a page of HTML"},
      {ScriptedReply::HangUp(), StatusCode::kUnavailable, "a/key"},
      {ScriptedReply::Raw("HTTP/1.1 200 OK\r\nETag: \"t\"\r\nContent-Length: 9\r\n\r\nshort")
           .ThenClose(),
       StatusCode::kUnavailable, "a/key"},
  };
  for (const auto& row : rows) {
    Answer({row.reply});
    const auto reply = Get();
    EXPECT_EQ(CodeOf(reply), row.code) << row.reply.bytes << reply.status().ToString();
    EXPECT_NE(reply.status().message().find(row.said), std::string::npos)
        << reply.status().message();
    EXPECT_EQ(server_->seen().size(), 1u) << "nothing is sent twice";
  }
}

TEST_F(S3StoreTest, RepliesLongerThanAllowedAreExhausted) {
  Answer({ScriptedReply::Http(200, {"ETag: \"t\""}, std::string(2 << 20, 'x'))});
  GetOptions options;
  options.bytes_max = 1000;
  EXPECT_EQ(CodeOf(Get(options)), StatusCode::kExhausted);
  Answer({ScriptedReply::Http(200, {"ETag: \"t\""}, std::string(1001, 'x'))});
  EXPECT_EQ(CodeOf(Get(options)), StatusCode::kExhausted);
}

TEST_F(S3StoreTest, ConditionsAreSentAsS3NamesThem) {
  Answer({ScriptedReply::Http(200, {"ETag: \"new\""})});
  const auto written = Put(PutCondition::IfAbsent());
  ASSERT_TRUE(written.ok()) << written.status().ToString();
  EXPECT_EQ(written->state, PutState::kWritten);
  EXPECT_EQ(written->tag.value, "\"new\"");
  EXPECT_TRUE(Put(PutCondition::IfMatch({"\"old\""})).ok());
  EXPECT_TRUE(Put(PutCondition::None()).ok());
  EXPECT_TRUE(Delete(ObjectTag{"\"old\""}).ok());
  const auto seen = server_->seen();
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0].Header("if-none-match"), "*");
  EXPECT_EQ(seen[0].body, "body");
  EXPECT_EQ(seen[1].Header("if-match"), "\"old\"");
  EXPECT_EQ(seen[2].Header("if-match") + seen[2].Header("if-none-match"), "");
  EXPECT_EQ(seen[3].method + seen[3].Header("if-match"), "DELETE\"old\"");
}

TEST_F(S3StoreTest, CachesAreToldWhatNeverChanges) {
  Answer({ScriptedReply::Http(200, {"ETag: \"t\""})});
  Executor& executor = Env::Process().executor;
  for (const char* key : {"pond.log", "pond.json", "log/1.log", "data/1/2.parquet", "database"}) {
    ASSERT_TRUE(Block(executor, store_->Put({}, key, Bytes("x"), PutCondition::None())).ok());
  }
  for (const SeenRequest& seen : server_->seen()) {
    const bool forever = seen.target.ends_with("1.log") || seen.target.ends_with(".parquet");
    EXPECT_EQ(seen.Header("cache-control"),
              forever ? "public, max-age=31536000, immutable" : "no-cache")
        << seen.target;
    EXPECT_NE(seen.Header("authorization").find("cache-control;"), std::string::npos) << "signed";
  }
}

TEST_F(S3StoreTest, LargeConditionalBodyAsksFirst) {
  Answer({ScriptedReply::Http(200, {"ETag: \"new\""})});
  ASSERT_TRUE(Put(PutCondition::IfAbsent(), std::string(1 << 20, 'x')).ok());
  ASSERT_TRUE(Put(PutCondition::None(), std::string(1 << 20, 'x')).ok());
  EXPECT_EQ(server_->seen()[0].Header("expect"), "100-continue");
  EXPECT_EQ(server_->seen()[1].Header("expect"), "");
}

TEST_F(S3StoreTest, PutAnswers) {
  const PutCondition swap = PutCondition::IfMatch({"\"t\""});
  const struct {
    ScriptedReply reply;
    PutCondition condition;
    PutState state;
  } rows[] = {
      {Refusal(412, "PreconditionFailed"), swap, PutState::kConflict},
      {Refusal(409, "ConditionalRequestConflict"), swap, PutState::kConflict},
      {Refusal(404, "NoSuchKey"), swap, PutState::kConflict},
      {Refusal(500, "InternalError"), swap, PutState::kUnknown},
      {Refusal(503, "SlowDown"), swap, PutState::kUnknown},
      {Refusal(502, ""), PutCondition::None(), PutState::kUnknown},
      {ScriptedReply::Http(200), swap, PutState::kUnknown},  // Without a tag.
      {ScriptedReply::Http(200, {"ETag: \"n\"", "Content-Type: text/html"}, "<html>Log in</html>"),
       swap, PutState::kUnknown},
      {ScriptedReply::HangUp(), swap, PutState::kUnknown},
      {ScriptedReply::Raw("HTTP/1.1 200 OK\r\nETag: \"n\"\r\nContent-Length: 9\r\n\r\n")
           .ThenClose(),
       swap, PutState::kUnknown},
      {ScriptedReply::Endless("HTTP/1.1 200 OK\r\nETag: \"n\"\r\nContent-Length: 99999999\r\n\r\n",
                              std::string(4096, 'x')),
       swap, PutState::kUnknown},
  };
  for (const auto& row : rows) {
    Answer({row.reply});
    const auto reply = Put(row.condition);
    ASSERT_TRUE(reply.ok()) << row.reply.bytes << reply.status().ToString();
    EXPECT_EQ(reply->state, row.state) << row.reply.bytes;
    EXPECT_FALSE(reply->detail.empty());
    EXPECT_EQ(server_->seen().size(), 1u) << "nothing is sent twice";
  }
}

TEST_F(S3StoreTest, PutFailures) {
  const struct {
    ScriptedReply reply;
    StatusCode code;
  } rows[] = {
      {Refusal(404, "NoSuchBucket"), StatusCode::kInvalid},
      {Refusal(403, "AccessDenied"), StatusCode::kInvalid},
      {Refusal(403, "InvalidAccessKeyId"), StatusCode::kInvalid},
      {Refusal(400, "EntityTooLarge"), StatusCode::kExhausted},
      {Refusal(429, "SlowDown"), StatusCode::kUnavailable},
      {Refusal(400, "RequestTimeout"), StatusCode::kUnavailable},
      {Refusal(501, "NotImplemented"), StatusCode::kUnsupported},
      {Refusal(409, "ObjectParentIsFile"), StatusCode::kInvalid},
      {Refusal(409, "ExistingObjectIsDirectory"), StatusCode::kUnavailable},
      {Refusal(304, "x"), StatusCode::kCorrupt},
  };
  for (const auto& row : rows) {
    Answer({row.reply});
    const auto reply = Put(PutCondition::IfAbsent());
    EXPECT_EQ(CodeOf(reply), row.code) << row.reply.bytes << reply.status().ToString();
  }
  Answer({Refusal(404, "NoSuchKey")});
  EXPECT_EQ(CodeOf(Put(PutCondition::IfAbsent())), StatusCode::kInvalid);
}

TEST_F(S3StoreTest, PutThatCouldNotBeSentIsUnavailable) {
  Answer({ScriptedReply::Http(200, {"ETag: \"new\""})});
  server_.reset();
  EXPECT_EQ(CodeOf(Put(PutCondition::IfAbsent())), StatusCode::kUnavailable);
}

template <class T>
Task<T> Await(Completion<T> done) {
  co_return co_await done;
}

TEST_F(S3StoreTest, RequestThatIsCancelledWhileItWaitsIsUnknown) {
  Answer({ScriptedReply::Silence()});
  Executor& executor = Env::Process().executor;
  CancelSource source;
  Context context;
  context.cancel = source.token();
  const auto get = Start(executor, store_->Get(context, "k", {}));
  const auto put = Start(executor, store_->Put(context, "k", {}, PutCondition::None()));
  server_->WaitForRequests(2);
  source.Cancel();
  EXPECT_EQ(CodeOf(Block(executor, Await(get))), StatusCode::kUnknown);  // It was sent.
  EXPECT_EQ(Block(executor, Await(put))->state, PutState::kUnknown);
}

TEST_F(S3StoreTest, DeleteAnswers) {
  const struct {
    ScriptedReply reply;
    DeleteState state;
  } rows[] = {
      {ScriptedReply::Http(204), DeleteState::kDeleted},
      {Refusal(404, "NoSuchKey"), DeleteState::kMissing},
      {Refusal(412, "PreconditionFailed"), DeleteState::kConflict},
      {Refusal(409, "ConditionalRequestConflict"), DeleteState::kConflict},
      {Refusal(500, "InternalError"), DeleteState::kUnknown},
      {ScriptedReply::Http(200, {"Content-Type: text/html"}, "<html>Log in</html>"),
       DeleteState::kUnknown},
      {ScriptedReply::HangUp(), DeleteState::kUnknown},
  };
  for (const auto& row : rows) {
    Answer({row.reply});
    const auto reply = Delete(ObjectTag{"\"t\""});
    ASSERT_TRUE(reply.ok()) << row.reply.bytes << reply.status().ToString();
    EXPECT_EQ(reply->state, row.state) << row.reply.bytes;
  }
  Answer({Refusal(403, "AccessDenied")});
  EXPECT_EQ(CodeOf(Delete()), StatusCode::kInvalid);
}

TEST_F(S3StoreTest, ListGivesKeysWithoutTheStoresPrefixPageByPage) {
  const std::string first =
      "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://x\"><IsTruncated>true</IsTruncated>"
      "<Contents><Key>pond/a&amp;b</Key><Size>12</Size></Contents>"
      "<Contents><Size>0</Size><Key>pond/&#252;</Key></Contents>"
      "<NextContinuationToken>t/1=</NextContinuationToken></ListBucketResult>";
  const std::string last = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
  Answer({ScriptedReply::Http(200, {}, first), ScriptedReply::Http(200, {}, last)});
  const auto page = List("a b/");
  ASSERT_TRUE(page.ok()) << page.status().ToString();
  ASSERT_EQ(page->objects.size(), 2u);
  EXPECT_EQ(page->objects[0].key, "a&b");
  EXPECT_EQ(page->objects[0].size, 12u);
  EXPECT_EQ(page->objects[1].key, "ü");
  EXPECT_EQ(page->next_token, "t/1=");
  EXPECT_EQ(List("a b/", page->next_token)->next_token, std::nullopt);
  EXPECT_EQ(server_->seen()[0].target, "/bucket/?list-type=2&prefix=pond%2Fa%20b%2F");
  EXPECT_EQ(server_->seen()[1].target,
            "/bucket/?continuation-token=t%2F1%3D&list-type=2&prefix=pond%2Fa%20b%2F");
}

TEST_F(S3StoreTest, ListingThatCannotBeTrueIsCorrupt) {
  for (const std::string& body :
       {std::string("not XML"), std::string("<Other/>"), std::string("<ListBucketResult>"),
        std::string("<ListBucketResult><Contents><Key>other/a</Key><Size>1</Size></Contents>"
                    "</ListBucketResult>"),
        std::string("<ListBucketResult><Contents><Key>pond/a</Key><Size>-1</Size></Contents>"
                    "</ListBucketResult>"),
        std::string("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>")}) {
    Answer({ScriptedReply::Http(200, {}, body)});
    EXPECT_EQ(CodeOf(List("")), StatusCode::kCorrupt) << body;
  }
  Answer({Refusal(404, "NoSuchBucket")});
  EXPECT_EQ(CodeOf(List("")), StatusCode::kInvalid);
}

TEST_F(S3StoreTest, BucketOfAnotherRegionIsAskedThereOnceAndThenAlways) {
  const auto found = ScriptedReply::Http(200, {"ETag: \"t\""}, "content");
  const std::vector<ScriptedReply> redirects = {
      ScriptedReply::Http(301, {"x-amz-bucket-region: eu-west-3"}, ErrorBody("PermanentRedirect")),
      ScriptedReply::Http(307, {"x-amz-bucket-region: eu-west-3"}),
      ScriptedReply::Http(400, {}, ErrorBody("AuthorizationHeaderMalformed", "eu-west-3"))};
  for (const ScriptedReply& redirect : redirects) {
    Answer({redirect, found});
    ASSERT_TRUE(Get().ok());
    ASSERT_TRUE(Get().ok());
    const auto seen = server_->seen();
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_NE(seen[0].Header("authorization").find("/us-east-1/s3/"), std::string::npos);
    EXPECT_NE(seen[1].Header("authorization").find("/eu-west-3/s3/"), std::string::npos);
    EXPECT_NE(seen[2].Header("authorization").find("/eu-west-3/s3/"), std::string::npos);
  }
}

TEST_F(S3StoreTest, ServerThatRedirectsForEverIsGivenUp) {
  Answer({ScriptedReply::Http(301, {"x-amz-bucket-region: eu-west-1"}),
          ScriptedReply::Http(301, {"x-amz-bucket-region: eu-west-2"})});
  const auto reply = Put(PutCondition::None());
  EXPECT_EQ(CodeOf(reply), StatusCode::kInvalid);
  EXPECT_NE(reply.status().message().find("the bucket is in eu-west-2"), std::string::npos);
  EXPECT_EQ(server_->seen().size(), 2u);
}

TEST_F(S3StoreTest, RegionThatIsNoneIsNotFollowed) {
  Answer({ScriptedReply::Http(301, {"x-amz-bucket-region: evil.example/"})});
  EXPECT_EQ(CodeOf(Get()), StatusCode::kInvalid);
  EXPECT_EQ(server_->seen().size(), 1u);
}

TEST_F(S3StoreTest, SecretIsInNoMessageThoughTheServerRepeatsIt) {
  for (const std::string& code :
       {std::string("InvalidAccessKeyId"), std::string("SignatureDoesNotMatch"),
        std::string("AccessDenied"), std::string("ExpiredToken"), std::string("InvalidToken")}) {
    Answer({Refusal(403, code)});
    EXPECT_EQ(Get().status().message().find(kSecret), std::string::npos) << code;
    EXPECT_EQ(Put(PutCondition::None()).status().message().find(kSecret), std::string::npos);
  }
}

// Whatever a server, or something on the way, answers: the error names store and object.
TEST_F(S3StoreTest, EachBadAnswerNamesStoreAndObject) {
  const std::string page = "<html><body>Please log in</body></html>";
  const ScriptedReply replies[] = {
      ScriptedReply::Http(200, {}, page),
      ScriptedReply::Http(403, {}, page),
      ScriptedReply::Http(404, {}, page),
      ScriptedReply::Http(407, {}, page),
      ScriptedReply::Http(502, {}, page),
      ScriptedReply::Http(302, {"Location: http://login.example/"}, page),
      ScriptedReply::Http(403),
      ScriptedReply::Http(500, {}, "<Error><Code>Inter"),
      ScriptedReply::Http(400, {}, "<Error><Code>&bad;</Code></Error>"),
      ScriptedReply::Raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf").ThenClose(),
      ScriptedReply::Raw("HTTP/1.1 200 OK\r\nContent-").ThenClose(),
      ScriptedReply::Raw("nonsense\r\n\r\n").ThenClose(),
      ScriptedReply::HangUp(),
  };
  for (const ScriptedReply& reply : replies) {
    Answer({reply});
    const auto got = Get();
    const auto put = Put(PutCondition::IfAbsent());
    const auto removed = Delete();
    const auto listed = List("a/");
    ASSERT_FALSE(got.ok()) << reply.bytes;
    ASSERT_FALSE(listed.ok()) << reply.bytes;
    std::vector<std::string> texts = {got.status().message(), listed.status().message(),
                                      put.ok() ? put->detail : put.status().message()};
    // A 2xx says that it is gone, whatever else it says.
    if (!removed.ok()) texts.push_back(removed.status().message());
    for (const std::string& text : texts) {
      EXPECT_NE(text.find("s3://bucket/pond/"), std::string::npos) << reply.bytes << "\n" << text;
      EXPECT_NE(text.find("a/"), std::string::npos) << reply.bytes << "\n" << text;
    }
  }
}

TEST_F(S3StoreTest, BadKeysAndTagsAreRefusedUnsent) {
  Answer({ScriptedReply::Http(200)});
  EXPECT_EQ(CodeOf(Put(PutCondition::IfMatch({"\"a\"\r\nX: y"}))), StatusCode::kInvalid);
  EXPECT_EQ(CodeOf(Put(PutCondition::IfMatch({""}))), StatusCode::kInvalid);
  EXPECT_EQ(CodeOf(Block(Env::Process().executor, store_->Get({}, "../x", {}))),
            StatusCode::kInvalid);
  EXPECT_EQ(CodeOf(Get(Range(0, 0))), StatusCode::kInvalid);
  EXPECT_EQ(CodeOf(Block(Env::Process().executor, store_->Append({}, "k", {}, {}))),
            StatusCode::kUnsupported);
  EXPECT_EQ(server_->seen().size(), 0u);
}

}  // namespace
}  // namespace duckpond
