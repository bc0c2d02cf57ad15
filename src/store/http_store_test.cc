// SPDX-License-Identifier: MIT
//
// What every answer of a file server means, the wrong ones too.
#include "store/http_store.h"

#include <gtest/gtest.h>

#include "store/object_rules.h"
#include "tests/support/scripted_server.h"

namespace duckpond {
namespace {

using State = GetReply::State;
using Headers = std::vector<std::string>;
const std::string kTag = "ETag: \"t\"";

class HttpStoreTest : public testing::Test {
 protected:
  void Serve(ScriptedServer::Script script) {
    server_ = std::make_unique<ScriptedServer>(std::move(script));
    const auto opened = OpenHttp(Env::Process(), server_->url() + "/public/pond/");
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = *opened;
  }
  // One reply after another, the last for ever.
  void Answer(std::vector<ScriptedReply> replies) {
    asked_ = 0;
    Serve([this, replies = std::move(replies)](const SeenRequest&) {
      return replies[std::min(asked_++, replies.size() - 1)];
    });
  }
  Result<GetReply> Get(GetOptions options = {}, std::string key = "pond.log") {
    return Block(Env::Process().executor, store_->Get({}, std::move(key), std::move(options)));
  }
  static GetOptions Range(uint64_t offset, std::optional<uint64_t> length) {
    GetOptions options;
    options.range = ByteRange{offset, length};
    return options;
  }
  void ExpectError(StatusCode code, const std::string& says, const Result<GetReply>& reply) {
    ASSERT_FALSE(reply.ok()) << says;
    EXPECT_EQ(reply.error().code(), code) << reply.error().ToString();
    EXPECT_NE(reply.error().message().find(says), std::string::npos) << reply.error().ToString();
    EXPECT_NE(reply.error().message().find("/public/pond/pond.log"), std::string::npos)
        << reply.error().ToString();
  }

  std::atomic<size_t> asked_{0};
  std::unique_ptr<ScriptedServer> server_;
  std::shared_ptr<ObjectStore> store_;
};

TEST_F(HttpStoreTest, ObjectsAreBelowTheUrl) {
  Answer({ScriptedReply::Http(200, {kTag, "Server: plain"}, "content")});
  const auto reply = Get({}, "data/a b/ü.parquet");
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->state, State::kFound);
  EXPECT_EQ(reply->bytes.view(), "content");
  EXPECT_EQ(reply->object_size, 7U);
  EXPECT_EQ(reply->tag.value, "\"t\"");
  EXPECT_EQ(reply->age_us, 0);
  EXPECT_EQ(server_->seen()[0].target, "/public/pond/data/a%20b/%C3%BC.parquet");
  EXPECT_EQ(server_->seen()[0].Header("authorization"), "");
  EXPECT_EQ(store_->url(), server_->url() + "/public/pond");
  EXPECT_EQ(store_->server(), "plain");
  EXPECT_FALSE(store_->traits().can_write);
}

TEST_F(HttpStoreTest, MissingIsAnAnswerWhateverPageComesWithIt) {
  Answer({ScriptedReply::Http(404, {"Content-Type: text/html"}, "<html>Not here</html>"),
          ScriptedReply::Http(410)});
  for (int i = 0; i < 2; ++i) {
    const auto reply = Get();
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->state, State::kMissing);
  }
}

TEST_F(HttpStoreTest, RangesAreAskedForAndChecked) {
  Answer({ScriptedReply::Http(206, {kTag, "Content-Range: bytes 2-4/10"}, "234"),
          ScriptedReply::Http(206, {kTag, "Content-Range: bytes 8-9/10"}, "89"),
          ScriptedReply::Http(416, {"Content-Range: bytes */10"})});
  auto reply = Get(Range(2, 3));
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->bytes.view(), "234");
  EXPECT_EQ(reply->object_size, 10U);
  reply = Get(Range(8, std::nullopt));
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->bytes.view(), "89");
  EXPECT_EQ(Get(Range(10, 1))->state, State::kPastEnd);
  EXPECT_EQ(server_->seen()[0].Header("range"), "bytes=2-4");
  EXPECT_EQ(server_->seen()[1].Header("range"), "bytes=8-");
}

TEST_F(HttpStoreTest, AServerThatKnowsNoRangesIsCutHere) {
  Answer({ScriptedReply::Http(200, {kTag}, "0123456789")});
  const auto reply = Get(Range(2, 3));
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->bytes.view(), "234");
  EXPECT_EQ(reply->object_size, 10U);
  EXPECT_EQ(Get(Range(10, 3))->state, State::kPastEnd);
}

TEST_F(HttpStoreTest, UnchangedIsToldByTheServerOrSeenHere) {
  Answer({ScriptedReply::Http(304, {kTag}), ScriptedReply::Http(200, {kTag}, "the same"),
          ScriptedReply::Http(200, {"ETag: \"other\""}, "new")});
  GetOptions options;
  options.if_none_match = ObjectTag{"\"t\""};
  EXPECT_EQ(Get(options)->state, State::kUnchanged);
  const auto ignored = Get(options);  // By a server that knows no conditions.
  EXPECT_EQ(ignored->state, State::kUnchanged);
  EXPECT_TRUE(ignored->bytes.empty());
  EXPECT_EQ(Get(options)->bytes.view(), "new");
  EXPECT_EQ(server_->seen()[0].Header("if-none-match"), "\"t\"");
}

TEST_F(HttpStoreTest, WithoutATagTheContentIsHashed) {
  const std::string date = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT";
  for (const Headers& headers : {Headers{}, Headers{date}, Headers{"ETag: W/\"weak\""},
                                 Headers{"ETag: plain"}, Headers{"ETag: \"\""}}) {
    Answer({ScriptedReply::Http(200, headers, "one"), ScriptedReply::Http(200, headers, "two")});
    const auto one = Get();
    ASSERT_TRUE(one.ok()) << one.status().ToString();
    EXPECT_EQ(one->tag, ContentTag("one"));
    GetOptions options;
    options.if_none_match = one->tag;
    const auto two = Get(options);
    EXPECT_EQ(two->bytes.view(), "two") << "of the same date";
    options.if_none_match = two->tag;
    EXPECT_EQ(Get(options)->state, State::kUnchanged);
    EXPECT_EQ(server_->seen()[1].Header("if-none-match"), "");
  }
}

TEST_F(HttpStoreTest, ATagOfAPartIsThatOfTheWhole) {
  Serve([](const SeenRequest& seen) {
    if (seen.Header("range").empty()) return ScriptedReply::Http(200, {}, "0123456789");
    return ScriptedReply::Http(206, {"Content-Range: bytes 2-4/10"}, "234");
  });
  auto part = Get(Range(2, 3));
  ASSERT_TRUE(part.ok()) << part.status().ToString();
  EXPECT_EQ(part->bytes.view(), "234");
  EXPECT_EQ(part->tag, ContentTag("0123456789"));
  EXPECT_EQ(server_->seen().size(), 2U);
  EXPECT_EQ(Get(Range(2, 3))->bytes.view(), "234");
  EXPECT_EQ(server_->seen().size(), 3U) << "known by now";
  GetOptions untagged = Range(2, 3);
  untagged.want_tag = false;
  EXPECT_EQ(Get(untagged)->bytes.view(), "234");
  EXPECT_EQ(server_->seen().back().Header("range"), "bytes=2-4");
}

TEST_F(HttpStoreTest, CachesAreToldHowOldAnAnswerMayBe) {
  Answer({ScriptedReply::Http(200, {kTag}, "x")});
  GetOptions options;
  for (const int64_t age_us : {GetOptions::kFromStore, int64_t{0}, int64_t{999'999},
                               int64_t{5'900'000}, GetOptions::kAnyAge}) {
    options.age_us_max = age_us;
    ASSERT_TRUE(Get(options).ok());
  }
  const char* expected[] = {"no-cache", "no-cache", "no-cache", "max-age=5", ""};
  for (size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(server_->seen()[i].Header("cache-control"), expected[i]);
  }
}

TEST_F(HttpStoreTest, AnswersSayHowOldTheyMayBe) {
  Answer({ScriptedReply::Http(200, {kTag, "Age: 90", "Cache-Control: max-age=60"}, "x"),
          ScriptedReply::Http(304, {kTag, "Age: 7"}),
          ScriptedReply::Http(200, {kTag, "Cache-Control: max-age=60, stale-while-revalidate=30"},
                              "x")});
  EXPECT_EQ(Get()->age_us, 90'000'000);
  GetOptions options;
  options.if_none_match = ObjectTag{"\"t\""};
  EXPECT_EQ(Get(options)->age_us, 7'000'000);
  EXPECT_EQ(Get()->age_us, 90'000'000) << "of a cache that may not say that it is one";
}

TEST_F(HttpStoreTest, WhatIsNoAnswerIsAnErrorThatSaysWhatToDo) {
  const std::string page = "Content-Type: text/html; charset=utf-8";
  const std::string part = "Content-Range: bytes 2-4/10";
  struct Row {
    ScriptedReply reply;
    StatusCode code;
    const char* says;
  };
  const Row rows[] = {
      {ScriptedReply::Http(401), StatusCode::kInvalid, "missing or not permitted"},
      {ScriptedReply::Http(403, {page}, "<h1>Forbidden"), StatusCode::kInvalid, "let everybody"},
      {ScriptedReply::Http(400), StatusCode::kInvalid, "check the URL"},
      {ScriptedReply::Http(407, {page}, "<html>"), StatusCode::kInvalid, "the proxy"},
      {ScriptedReply::Http(429), StatusCode::kUnavailable, "429"},
      {ScriptedReply::Http(500, {page}, "<html>"), StatusCode::kUnavailable, "500"},
      {ScriptedReply::Http(503), StatusCode::kUnavailable, "503"},
      {ScriptedReply::Http(501), StatusCode::kUnsupported, "501"},
      {ScriptedReply::Http(204), StatusCode::kCorrupt, "no answer to this"},
      {ScriptedReply::Http(304), StatusCode::kCorrupt, "no answer to this"},
      {ScriptedReply::Http(200, {page}, "\n <!DOCTYPE html>"), StatusCode::kCorrupt, "log-in"},
      {ScriptedReply::Http(200, {"Content-Encoding: gzip"}, "x"), StatusCode::kCorrupt, "encoded"},
      {ScriptedReply::Http(206, {kTag, part}, "234"), StatusCode::kCorrupt, "the whole was asked"},
      {ScriptedReply::Raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").ThenClose(),
       StatusCode::kUnavailable, ""},
      {ScriptedReply::Raw("HTTP/1.1 200 OK\r\n\r\nno length").ThenClose(), StatusCode::kUnavailable,
       ""},
      {ScriptedReply::HangUp(), StatusCode::kUnavailable, ""},
      {ScriptedReply::Raw("220 ftp.example ready\r\n").ThenClose(), StatusCode::kUnavailable, ""},
  };
  for (const Row& row : rows) {
    Answer({row.reply});
    ExpectError(row.code, row.says, Get());
  }
}

TEST_F(HttpStoreTest, APartThatIsAnotherIsCorrupt) {
  for (const auto& [range, body] :
       std::vector<std::pair<std::string, std::string>>{{"bytes 0-2/10", "012"},
                                                        {"bytes 2-4/10", "23"},
                                                        {"bytes 2-3/10", "23"},
                                                        {"bytes 2-4/*", "234"},
                                                        {"", "234"}}) {
    Answer({ScriptedReply::Http(206, {kTag, "Content-Range: " + range}, body)});
    const auto reply = Get(Range(2, 3));
    ASSERT_FALSE(reply.ok()) << range;
    EXPECT_EQ(reply.error().code(), StatusCode::kCorrupt) << reply.error().ToString();
  }
}

TEST_F(HttpStoreTest, AServerThatGivesPartsForEverIsGivenUp) {
  Answer({ScriptedReply::Http(206, {"Content-Range: bytes 2-4/10"}, "234")});
  ExpectError(StatusCode::kCorrupt, "the whole was asked for", Get(Range(2, 3)));
  EXPECT_EQ(server_->seen().size(), 2U) << "the part, then the whole for its tag";
}

TEST_F(HttpStoreTest, RedirectsAreRefusedSayingWhereTheyLead) {
  for (const int status : {301, 302, 303, 307, 308}) {
    Answer({ScriptedReply::Http(status, {"Location: http://else.example/x?Signature=secret"})});
    const auto reply = Get();
    ExpectError(StatusCode::kInvalid, "a redirect to http://else.example/x;", reply);
    EXPECT_EQ(reply.error().message().find("secret"), std::string::npos);
    EXPECT_EQ(server_->seen().size(), 1U);
  }
}

TEST_F(HttpStoreTest, RepliesLongerThanAllowedAreExhausted) {
  Answer({ScriptedReply::Http(200, {kTag}, std::string(100, 'x'))});
  GetOptions options;
  options.bytes_max = 99;
  EXPECT_EQ(Get(options).status().code(), StatusCode::kExhausted);
  options.bytes_max = 100;
  EXPECT_TRUE(Get(options).ok());
}

TEST_F(HttpStoreTest, NothingIsWritten) {
  Answer({ScriptedReply::Http(200, {kTag})});
  Executor& executor = Env::Process().executor;
  const auto put = Block(executor, store_->Put({}, "k", Bytes("x"), PutCondition::None()));
  const auto appended = Block(executor, store_->Append({}, "k", Bytes("x"), {}));
  const auto deleted = Block(executor, store_->Delete({}, "k", std::nullopt));
  for (const Status& status : {put.status(), appended.status(), deleted.status()}) {
    EXPECT_EQ(status.code(), StatusCode::kInvalid);
    EXPECT_NE(status.message().find(store_->url() + " is read-only"), std::string::npos);
  }
  EXPECT_EQ(Block(executor, store_->List({}, "", std::nullopt)).status().code(),
            StatusCode::kUnsupported);
  EXPECT_TRUE(server_->seen().empty());
}

TEST(LocateHttpTest, UrlsAreTakenAsTheyStand) {
  EXPECT_EQ(*LocateHttp("https://host"), "https://host");
  EXPECT_EQ(*LocateHttp("HTTPS://host:8443/a%20b//c///"), "https://host:8443/a%20b//c");
  EXPECT_EQ(*LocateHttp("http://[::1]:80/"), "http://[::1]:80");
}

TEST(LocateHttpTest, WhatIsNoneIsRefusedWithoutRepeatingSecrets) {
  for (const char* url :
       {"https://", "https:///path", "https://:80/path", "https://ho st/", "ftp://x",
        "https://host/ü", "https://host/a\nb", "host/path", "", "https:host"}) {
    EXPECT_EQ(LocateHttp(url).status().code(), StatusCode::kInvalid) << url;
  }
  for (const char* url :
       {"https://me:secret@host/", "https://host/?token=secret", "https://host/#secret"}) {
    const Status status = LocateHttp(url).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalid) << url;
    EXPECT_EQ(status.message().find("secret"), std::string::npos) << status.message();
  }
}

}  // namespace
}  // namespace duckpond
