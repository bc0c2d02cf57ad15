// SPDX-License-Identifier: MIT
//
// What only a scripted DynamoDB shows: each error's meaning, throttling, pages, lost answers. What
// the store does with a real one is in tests/contract.
#include "store/dynamo_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <mutex>

#include "base/encoding.h"
#include "store/dynamo_create.h"
#include "tests/support/scripted_server.h"

namespace duckpond {
namespace {

using PutState = PutReply::State;

ScriptedReply Error(int status, const std::string& type, const std::string& more = "") {
  return ScriptedReply::Http(status, {},
                             R"({"__type":"com.amazonaws.dynamodb.v20120810#)" + type +
                                 R"(","message":"said by a test")" + more + "}");
}

ScriptedReply Ok(const std::string& body) { return ScriptedReply::Http(200, {}, body); }

class DynamoStoreTest : public testing::Test {
 protected:
  DynamoStoreTest() : server_([this](const SeenRequest& seen) { return Answer(seen); }) {}

  // Answers of the next requests, in order; then an error that is a bug of the test.
  void Will(std::vector<ScriptedReply> replies) {
    std::lock_guard lock(mutex_);
    replies_.assign(replies.begin(), replies.end());
  }
  static std::string Operation(const SeenRequest& seen) {
    return seen.Header("x-amz-target").substr(std::string("DynamoDB_20120810.").size());
  }

  S3Options Options() const {
    S3Options options;
    options.endpoint = server_.url();
    options.region = "eu-west-1";
    options.keys = {"AKIDEXAMPLE", "never-print-this-key", "a-token"};
    options.environment = [](std::string_view) { return std::nullopt; };
    return options;
  }
  std::shared_ptr<ObjectStore> Store() {
    if (!store_) store_ = *OpenDynamo(Env::Process(), "dynamodb://table/pond", Options());
    return store_;
  }
  static Context Soon() {
    Context context;
    context.deadline_us = Env::Process().executor.NowUs() + 20'000'000;
    return context;
  }
  Result<GetReply> Get(GetOptions options = {}) {
    return Block(Env::Process().executor, Store()->Get(Soon(), "pond.log", options));
  }
  Result<PutReply> Swap(const std::string& content) {
    const DynamoTag tag{"0b6e0b0e-0000-7000-8000-000000000000", 0, 3, "", 0};
    return Block(Env::Process().executor, Store()->Put(Soon(), "pond.log", Bytes(content),
                                                       PutCondition::IfMatch({tag.Text()})));
  }
  Result<PutReply> Append() {
    const DynamoTag tag{"0b6e0b0e-0000-7000-8000-000000000000", 7, 3, "", 0};
    return Block(Env::Process().executor,
                 Store()->Append(Soon(), "pond.log", Bytes("more"), {3, {tag.Text()}}));
  }

  ScriptedServer& server() { return server_; }

 private:
  ScriptedReply Answer(const SeenRequest&) {
    std::lock_guard lock(mutex_);
    if (replies_.empty()) return Error(400, "NotScripted");
    ScriptedReply reply = replies_.front();
    replies_.pop_front();
    return reply;
  }

  std::mutex mutex_;
  std::deque<ScriptedReply> replies_;  // Guarded by mutex_.
  std::shared_ptr<ObjectStore> store_;
  ScriptedServer server_;  // Last: its threads use what is above.
};

std::string Head(const std::string& more) {
  return R"({"hash_key":{"S":"pond/pond.log"},"range_key":{"N":"1000000000000000"},)"
         R"("gen":{"S":"g"},)" +
         more + "}";
}

TEST_F(DynamoStoreTest, RequestsAreSignedForDynamoDbAndReadConsistently) {
  Will({Ok(R"({"Items":[],"Count":0})")});
  const auto missing = Get();
  ASSERT_TRUE(missing.ok()) << missing.error().ToString();
  EXPECT_EQ(missing->state, GetReply::State::kMissing);
  const SeenRequest seen = server().seen().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/");
  EXPECT_EQ(Operation(seen), "Query");
  EXPECT_EQ(seen.Header("content-type"), "application/x-amz-json-1.0");
  EXPECT_EQ(seen.Header("x-amz-security-token"), "a-token");
  const std::string signature = seen.Header("authorization");
  EXPECT_NE(signature.find("/eu-west-1/dynamodb/aws4_request"), std::string::npos) << signature;
  EXPECT_NE(signature.find("x-amz-target"), std::string::npos) << signature;
  EXPECT_NE(seen.body.find(R"("ConsistentRead":true)"), std::string::npos) << seen.body;
}

TEST_F(DynamoStoreTest, EachErrorSaysWhatToDo) {
  struct Case {
    ScriptedReply reply;
    StatusCode code;
    std::string says;
  };
  const std::vector<Case> cases = {
      {Error(400, "ResourceNotFoundException"), StatusCode::kInvalid,
       "duckpond store create dynamodb://table"},
      {Error(400, "ProvisionedThroughputExceededException"), StatusCode::kUnavailable, "pond.log"},
      {Error(400, "ThrottlingException"), StatusCode::kUnavailable, "pond.log"},
      {Error(400, "RequestLimitExceeded"), StatusCode::kUnavailable, "pond.log"},
      {Error(500, "InternalServerError"), StatusCode::kUnavailable, "answered 500"},
      {Error(503, "ServiceUnavailable"), StatusCode::kUnavailable, "answered 503"},
      {Error(400, "UnrecognizedClientException"), StatusCode::kInvalid, "check the key"},
      {Error(400, "InvalidSignatureException"), StatusCode::kInvalid, "machine's clock"},
      {Error(400, "ExpiredTokenException"), StatusCode::kInvalid, "expired"},
      {Error(400, "MissingAuthenticationTokenException"), StatusCode::kInvalid, "check the keys"},
      {Error(400, "AccessDeniedException"), StatusCode::kInvalid, "not permitted"},
      {Error(400, "ValidationException"), StatusCode::kInvalid, "said by a test"},
      {ScriptedReply::Http(400, {},
                           R"({"__type":"x#ValidationException","message":)"
                           R"("The provided key element does not match the schema"})"),
       StatusCode::kInvalid, "hash_key (S)"},
      {Error(413, "RequestEntityTooLargeException"), StatusCode::kExhausted, "413"},
      {ScriptedReply::Http(502, {}, "<html>Bad gateway</html>"), StatusCode::kUnavailable, "502"},
      {ScriptedReply::Http(404, {}, "<html>Not here</html>"), StatusCode::kInvalid,
       "check the endpoint"},
      {ScriptedReply::Http(200, {}, "<html>A proxy's page</html>"), StatusCode::kCorrupt,
       "no JSON"},
      {Ok("{}"), StatusCode::kCorrupt, "no Items"},
      {Ok(R"({"Items":[{"hash_key":{"S":"x"}}]})"), StatusCode::kCorrupt, "range_key"},
      {Ok(R"({"Items":[)" + Head(R"("len":{"N":"3"},"body":{"B":"***"})") + "]}"),
       StatusCode::kCorrupt, "base64"},
      {ScriptedReply::HangUp(), StatusCode::kUnavailable, ""},
  };
  for (const Case& each : cases) {
    Will({each.reply});
    const auto reply = Get();
    ASSERT_FALSE(reply.ok()) << each.reply.bytes;
    EXPECT_EQ(reply.error().code(), each.code) << reply.error().ToString();
    EXPECT_NE(reply.error().message().find(each.says), std::string::npos)
        << reply.error().ToString();
    EXPECT_EQ(reply.error().message().find("never-print-this-key"), std::string::npos);
  }
}

TEST_F(DynamoStoreTest, AWriteIsConflictUnknownOrDefinitelyNot) {
  struct Case {
    ScriptedReply reply;
    PutState state;
  };
  const std::string cancelled = R"(,"CancellationReasons":[{"Code":"None"},{"Code":)";
  const std::vector<Case> cases = {
      {Error(400, "ConditionalCheckFailedException"), PutState::kConflict},
      {Error(400, "TransactionConflictException"), PutState::kConflict},
      {Error(400, "TransactionCanceledException", cancelled + R"("ConditionalCheckFailed"}])"),
       PutState::kConflict},
      {Error(400, "TransactionCanceledException", cancelled + R"("TransactionConflict"}])"),
       PutState::kConflict},
      {Error(500, "InternalServerError"), PutState::kUnknown},
      {ScriptedReply::Http(504, {}, "<html>"), PutState::kUnknown},
      {ScriptedReply::Http(200, {}, "<html>"), PutState::kUnknown},
      {ScriptedReply::HangUp(), PutState::kUnknown},
      {Ok("{}"), PutState::kWritten},
  };
  for (const Case& each : cases) {
    for (const bool append : {false, true}) {
      Will({each.reply});
      const auto reply = append ? Append() : Swap("new");
      ASSERT_TRUE(reply.ok()) << reply.error().ToString();
      EXPECT_EQ(reply->state, each.state) << append << each.reply.bytes;
    }
  }
  Will({Error(400, "TransactionCanceledException", cancelled + R"("ThrottlingError"}])")});
  EXPECT_EQ(Append().status().code(), StatusCode::kUnavailable);
  Will({Error(400, "ThrottlingException")});
  EXPECT_EQ(Swap("new").status().code(), StatusCode::kUnavailable);
}

TEST_F(DynamoStoreTest, AnAppendIsOneTransactionOnTheHeadThatWasSeen) {
  Will({Ok("{}")});
  const auto reply = Append();
  ASSERT_TRUE(reply.ok()) << reply.error().ToString();
  const auto tag = DynamoTag::Parse(reply->tag.value);
  ASSERT_TRUE(tag);
  EXPECT_EQ(tag->length, 7U);
  EXPECT_EQ(tag->start, 7U);
  const auto seen = server().seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(Operation(seen[0]), "TransactWriteItems");
  const std::string& body = seen[0].body;
  EXPECT_NE(body.find("gen = :g AND len = :n"), std::string::npos) << body;
  EXPECT_NE(body.find(R"("range_key":{"N":"10"})"), std::string::npos) << body;
  EXPECT_NE(body.find(Base64Encode("more")), std::string::npos) << body;
}

TEST_F(DynamoStoreTest, ATagThatNoObjectHasHadIsAConflictWithoutARequest) {
  const auto reply =
      Block(Env::Process().executor, Store()->Put(Soon(), "pond.log", Bytes("x"),
                                                  PutCondition::IfMatch({"\"d41d8cd98f00b204\""})));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->state, PutState::kConflict);
  EXPECT_TRUE(server().seen().empty());
}

TEST_F(DynamoStoreTest, PagesOfALogAreJoinedAndItsTailIsAskedForAlone) {
  const auto part = [](int place, const std::string& content) {
    return fmt::format(R"({{"hash_key":{{"S":"pond/pond.log"}},"range_key":{{"N":"{}"}},)"
                       R"("gen":{{"S":"g"}},"len":{{"N":"{}"}},"body":{{"B":"{}"}}}})",
                       place, content.size(), Base64Encode(content));
  };
  const std::string head = Head(R"("len":{"N":"7"},"pos":{"N":"5"})");
  Will({Ok(R"({"Items":[)" + part(5, "base") +
           R"(],"LastEvaluatedKey":{"hash_key":{"S":"pond/pond.log"},"range_key":{"N":"5"}}})"),
        Ok(R"({"Items":[)" + part(9, "new") + "," + head + "]}")});
  const auto whole = Get();
  ASSERT_TRUE(whole.ok()) << whole.error().ToString();
  EXPECT_EQ(whole->bytes.view(), "basenew");
  EXPECT_NE(server().seen().at(1).body.find("ExclusiveStartKey"), std::string::npos);

  GetOptions tail;
  tail.if_none_match = whole->tag;
  tail.range = ByteRange{7, std::nullopt};
  Will({Ok(R"({"Items":[)" + head + "]}")});
  EXPECT_EQ(Get(tail)->state, GetReply::State::kUnchanged);
  EXPECT_NE(server().seen().at(2).body.find(R"(":r":{"N":"12"})"), std::string::npos)
      << server().seen().at(2).body;
}

TEST_F(DynamoStoreTest, AHeadWhoseItemsStayMissingIsCorrupt) {
  const std::string half = R"({"Items":[)" + Head(R"("len":{"N":"7"},"pos":{"N":"5"})") + "]}";
  Will(std::vector<ScriptedReply>(20, Ok(half)));
  const auto reply = Get();
  EXPECT_EQ(reply.status().code(), StatusCode::kCorrupt);
  EXPECT_NE(reply.status().message().find("pond.log"), std::string::npos);
}

TEST_F(DynamoStoreTest, UnprocessedKeysAreAskedForAgain) {
  const std::string chunk = [](const std::string& content) {
    return R"({"hash_key":{"S":"pond/pond.log//0/0"},"range_key":{"N":"0"},"gen":{"S":"g"},)"
           R"("body":{"B":")" +
           Base64Encode(content) + R"("}})";
  }(std::string(70, 'x'));
  const std::string head = Head(R"("len":{"N":"70"},"chunks":{"S":"0"},"chunked":{"N":"70"})");
  Will({Ok(R"({"Responses":{"table":[)" + head +
           R"(]},"UnprocessedKeys":{"table":{"Keys":[{"hash_key":{"S":"pond/pond.log//0/0"},)"
           R"("range_key":{"N":"0"}}]}}})"),
        Ok(R"({"Responses":{"table":[)" + chunk + R"(]},"UnprocessedKeys":{}})")});
  GetOptions part;
  part.range = ByteRange{10, 5};
  part.want_tag = false;
  const auto reply = Get(part);
  ASSERT_TRUE(reply.ok()) << reply.error().ToString();
  EXPECT_EQ(reply->bytes.view(), "xxxxx");
  EXPECT_EQ(reply->object_size, 70U);
  const auto seen = server().seen();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(Operation(seen[1]), "BatchGetItem");
  EXPECT_EQ(seen[1].body.find("1000000000000000"), std::string::npos) << "the head came already";
}

TEST_F(DynamoStoreTest, KeysThatAreNeverProcessedEndAsUnavailable) {
  const std::string left =
      R"({"Responses":{},"UnprocessedKeys":{"table":{"Keys":[{"hash_key":{"S":"pond/pond.log"},)"
      R"("range_key":{"N":"1000000000000000"}}]}}})";
  Will(std::vector<ScriptedReply>(30, Ok(left)));
  GetOptions part;
  part.range = ByteRange{0, 5};
  part.want_tag = false;
  const auto reply = Get(part);
  EXPECT_EQ(reply.status().code(), StatusCode::kUnavailable) << reply.status().ToString();
  EXPECT_NE(reply.status().message().find("throttled"), std::string::npos);
}

TEST_F(DynamoStoreTest, AChunkThatWasThrottledIsPutAgain) {
  const auto put = [this](size_t bytes) {
    return Block(
        Env::Process().executor,
        Store()->Put(Soon(), "data", Bytes(std::string(bytes, 'x')), PutCondition::None()));
  };
  // The first put marks the place, too, and the table.
  Will({Ok("{}"), Ok("{}"), Ok("{}")});
  EXPECT_EQ(put(1)->state, PutState::kWritten);
  // Two chunks, one of them twice, then the head.
  Will({Error(400, "ThrottlingException"), Ok("{}"), Ok("{}"), Ok("{}")});
  const auto reply = put(kChunkBytes + 1);
  ASSERT_TRUE(reply.ok()) << reply.error().ToString();
  EXPECT_EQ(reply->state, PutState::kWritten);
  const auto seen = server().seen();
  ASSERT_EQ(seen.size(), 7U);
  for (size_t i = 3; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].body.find("1000000000000000") != std::string::npos, i == 6) << seen[i].body;
  }
}

TEST_F(DynamoStoreTest, UnitsAreThoseOfTheAnswerElseOfTheRequest) {
  const auto usd = [this](ScriptedReply reply, auto call) {
    Will({std::move(reply)});
    Context context = Soon();
    context.ledger = std::make_shared<CostLedger>();
    (void)Block(Env::Process().executor, call(context));
    return context.ledger->Total().usd;
  };
  const auto append = [this](const Context& context) {
    const DynamoTag tag{"0b6e0b0e-0000-7000-8000-000000000000", 7, 3, "", 0};
    return Store()->Append(context, "pond.log", Bytes(std::string(3000, 'x')),
                           ObjectStore::AppendPosition(3, {tag.Text()}));
  };
  const auto get = [this](const Context& context) { return Store()->Get(context, "pond.log", {}); };
  const Prices& prices = Store()->traits().prices;
  EXPECT_DOUBLE_EQ(
      usd(Ok(R"({"ConsumedCapacity":[{"TableName":"table","CapacityUnits":8.0}]})"), append),
      8 * prices.put);
  EXPECT_NE(server().seen().at(0).body.find(R"({"ReturnConsumedCapacity":"TOTAL","TransactItems")"),
            std::string::npos);
  EXPECT_DOUBLE_EQ(usd(Ok(R"({"Items":[],"ConsumedCapacity":{"CapacityUnits":2.5}})"), get),
                   2.5 * prices.get);
  // An error does not say it: 3,000 bytes and a head, twice.
  EXPECT_DOUBLE_EQ(usd(Error(400, "TransactionConflictException"), append), 8 * prices.put);
  EXPECT_DOUBLE_EQ(usd(Error(500, "InternalServerError"), get), prices.get);
}

TEST_F(DynamoStoreTest, ANewPlaceIsListedWithoutLookingThroughTheTable) {
  Will({Ok("{}")});
  const auto listed = Block(Env::Process().executor, Store()->List(Soon(), "", std::nullopt));
  ASSERT_TRUE(listed.ok()) << listed.error().ToString();
  EXPECT_TRUE(listed->objects.empty());
  EXPECT_EQ(Operation(server().seen().at(0)), "GetItem");
}

TEST_F(DynamoStoreTest, AListingOfWhatWasNotAskedForIsCorrupt) {
  const auto list = [this](const std::string& hash) {
    Will({Ok(R"({"Item":{"hash_key":{"S":"pond/"},"range_key":{"N":"0"}}})"),
          Ok(R"({"Items":[{"hash_key":{"S":")" + hash +
             R"("},"range_key":{"N":"1000000000000000"},"len":{"N":"3"}}]})")});
    return Block(Env::Process().executor, Store()->List(Soon(), "data/", std::nullopt));
  };
  EXPECT_EQ(list("pond/data/x")->objects.at(0).key, "data/x");
  for (const char* hash : {"", "p", "pond/", "pond/dat", "other/data/x"}) {
    const auto listed = list(hash);
    EXPECT_EQ(listed.status().code(), StatusCode::kCorrupt) << hash;
    EXPECT_NE(listed.status().message().find("dynamodb://table/pond/data/"), std::string::npos);
  }
}

TEST_F(DynamoStoreTest, PagesThatNeverEndAreGivenUp) {
  const std::string page = R"({"Items":[],"LastEvaluatedKey":{"hash_key":{"S":"a"}}})";
  Will({Ok(page), Ok(page)});
  const auto reply = Get();
  EXPECT_EQ(reply.status().code(), StatusCode::kCorrupt) << reply.status().ToString();
  EXPECT_NE(reply.status().message().find("dynamodb://table/pond/pond.log"), std::string::npos);
}

TEST_F(DynamoStoreTest, WhatWasNotAnsweredNamesTableAndObject) {
  for (const ScriptedReply& reply :
       {ScriptedReply::HangUp(), ScriptedReply::Raw("220 ftp ready\r\n\r\n").ThenClose(),
        ScriptedReply::Raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{").ThenClose(),
        ScriptedReply::Http(200), ScriptedReply::Http(302, {"Location: http://login.example/"}),
        ScriptedReply::Http(200, {"Content-Type: text/html"}, "<html>Log in</html>"),
        Ok(R"({"Items":[{"hash_key":{"S":"x"},"range_key":{"N":"half"}}]})")}) {
    Will({reply});
    const auto got = Get();
    ASSERT_FALSE(got.ok()) << reply.bytes;
    EXPECT_NE(got.status().message().find("dynamodb://table/pond/pond.log"), std::string::npos)
        << got.status().ToString();
    Will({reply});
    const auto put = Swap("x");
    // A 200 of a write says that it is written, whatever items it speaks of.
    const std::string said = put.ok() ? put->detail : put.status().message();
    if (put.ok() && put->state == PutState::kWritten) continue;
    EXPECT_NE(said.find("dynamodb://table/pond/pond.log"), std::string::npos) << said;
  }
}

TEST_F(DynamoStoreTest, AClockThatIsOffIsCorrectedByTheServers) {
  const ScriptedReply refusal = ScriptedReply::Http(
      400, {"Date: Sun, 30 Aug 2015 12:36:00 GMT"},
      R"({"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Signature )"
      R"(expired: 20261121T000000Z is now later than 20150830T123600Z"})");
  Will({refusal, Ok(R"({"Items":[]})"), Ok(R"({"Items":[]})")});
  ASSERT_TRUE(Get().ok());
  ASSERT_TRUE(Get().ok());
  const auto seen = server().seen();
  ASSERT_EQ(seen.size(), 3U);
  for (size_t i = 1; i < seen.size(); ++i) {
    EXPECT_TRUE(seen[i].Header("x-amz-date").starts_with("20150830T1")) << i;
  }
  Will({refusal});
  const auto refused = Get();
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalid) << "the clock is right by now";
  EXPECT_NE(refused.status().message().find("check the secret key"), std::string::npos);
}

TEST_F(DynamoStoreTest, TheEndpointComesFromTheSecretTheEnvironmentOrTheRegion) {
  S3Options options = Options();
  options.endpoint.clear();
  EXPECT_EQ(LocateDynamo("dynamodb://table", options)->host, "dynamodb.eu-west-1.amazonaws.com");
  options.environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "AWS_ENDPOINT_URL_DYNAMODB") return "http://127.0.0.1:1";
    if (name == "AWS_ENDPOINT_URL") return "http://127.0.0.1:2";
    return std::nullopt;
  };
  EXPECT_EQ(LocateDynamo("dynamodb://table", options)->host, "127.0.0.1:1");
  for (const char* url : {"dynamodb://t", "dynamodb://a@b/c", "dynamodb://table/a//b", "s3://b"}) {
    EXPECT_EQ(LocateDynamo(url, options).status().code(), StatusCode::kInvalid) << url;
  }
}

class RenewedKeys final : public CredentialsProvider {
 public:
  Task<Result<AwsKeys>> Get(Context) override { co_return keys_; }
  bool Renew(const AwsKeys& refused) override {
    if (refused.access_key_id != "OLD") return false;
    keys_.access_key_id = "NEW";
    return true;
  }
  const std::string& source() const override { return source_; }

 private:
  AwsKeys keys_{"OLD", "never-print-this-key", ""};
  const std::string source_ = "a test";
};

TEST_F(DynamoStoreTest, KeysThatHaveExpiredAreRenewedOnce) {
  S3Options options = Options();
  options.keys = {};
  options.credentials = std::make_shared<RenewedKeys>();
  const auto store = *OpenDynamo(Env::Process(), "dynamodb://table/pond", options);
  const auto get = [&store] {
    return Block(Env::Process().executor, store->Get(Soon(), "pond.log", {}));
  };
  Will({Error(400, "ExpiredTokenException"), Ok(R"({"Items":[]})")});
  ASSERT_TRUE(get().ok());
  EXPECT_NE(server().seen().at(1).Header("authorization").find("NEW/"), std::string::npos);
  Will({Error(400, "ExpiredTokenException")});
  EXPECT_EQ(get().status().code(), StatusCode::kInvalid);
  EXPECT_EQ(server().seen().size(), 3U);
}

TEST_F(DynamoStoreTest, ATableIsWaitedForUntilItIsActive) {
  const auto described = [](const std::string& status, const std::string& type) {
    return Ok(R"({"Table":{"TableStatus":")" + status +
              R"(","AttributeDefinitions":[{"AttributeName":"hash_key","AttributeType":"S"},)"
              R"({"AttributeName":"range_key","AttributeType":")" +
              type +
              R"("}],"KeySchema":[{"AttributeName":"hash_key","KeyType":"HASH"},)"
              R"({"AttributeName":"range_key","KeyType":"RANGE"}]}})");
  };
  const auto create = [this] {
    return Block(Env::Process().executor,
                 CreateDynamoTable(Env::Process(), Soon(), "dynamodb://table", Options()));
  };
  Will({Ok("{}"), Error(400, "ResourceNotFoundException"), described("CREATING", "N"),
        described("ACTIVE", "N")});
  EXPECT_TRUE(*create());
  Will({Error(400, "ResourceInUseException"), described("ACTIVE", "N")});
  EXPECT_FALSE(*create());
  Will({Error(400, "ResourceInUseException"), described("ACTIVE", "S")});
  EXPECT_NE(create().status().message().find("range_key (S)"), std::string::npos);
  Will({Error(400, "AccessDeniedException"), Error(400, "ResourceNotFoundException")});
  EXPECT_NE(create().status().message().find("CreateTable"), std::string::npos);
}

}  // namespace
}  // namespace duckpond
