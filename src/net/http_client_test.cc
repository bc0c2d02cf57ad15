// SPDX-License-Identifier: MIT
#include "net/http_client.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "tests/support/scripted_server.h"

namespace duckpond {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

Task<Result<HttpReply>> Await(Completion<Result<HttpReply>> done) { co_return co_await done; }

class HttpClientTest : public testing::Test {
 protected:
  Result<HttpReply> Send(HttpRequest request, Context context = {}) {
    return Block(executor_, client_.Send(std::move(context), std::move(request)));
  }
  Completion<Result<HttpReply>> StartSend(HttpRequest request, Context context = {}) {
    return Start(executor_, client_.Send(std::move(context), std::move(request)));
  }
  Result<HttpReply> Wait(Completion<Result<HttpReply>> done) {
    return Block(executor_, Await(std::move(done)));
  }
  static HttpRequest Put(const ScriptedServer& server, std::string body) {
    HttpRequest request{.method = "PUT", .url = server.url() + "/key"};
    request.body = Bytes(std::move(body));
    return request;
  }
  static HttpRequest Get(const ScriptedServer& server) { return {.url = server.url() + "/key"}; }

  ThreadExecutor executor_{2};
  HttpClient client_{HttpSettings{}};
};

StatusCode CodeOf(const Result<HttpReply>& reply) { return reply.status().code(); }

TEST_F(HttpClientTest, ReplyCarriesStatusHeadersAndBody) {
  ScriptedServer server([](const SeenRequest&) {
    return ScriptedReply::Http(404, {"X-Some-Name:  a value ", "ETag: \"t\""}, "the body");
  });
  const auto reply =
      Send({.url = server.url() + "/a%20b/../c?q=%2F", .headers = {{"X-Mine", "1"}}});
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->status, 404);
  EXPECT_EQ(reply->Find("x-some-name"), "a value");
  EXPECT_EQ(reply->Find("etag"), "\"t\"");
  EXPECT_EQ(reply->Find("absent"), std::nullopt);
  EXPECT_EQ(reply->body.view(), "the body");
  EXPECT_EQ(server.seen()[0].target, "/a%20b/../c?q=%2F");
  EXPECT_EQ(server.seen()[0].Header("x-mine"), "1");
}

TEST_F(HttpClientTest, MethodAndBodyArriveAsGiven) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Http(200); });
  for (const std::string& method : std::vector<std::string>{"PUT", "POST"}) {
    for (const std::string& body :
         {std::string(), std::string("short"), std::string(9 << 20, 'x')}) {
      HttpRequest request = Put(server, body);
      request.method = method;
      ASSERT_TRUE(Send(request).ok());
      EXPECT_EQ(server.seen().back().method, method);
      EXPECT_EQ(server.seen().back().Header("content-length"), std::to_string(body.size()));
      EXPECT_TRUE(server.seen().back().body == body);
      EXPECT_EQ(server.seen().back().Header("expect"), "");
      EXPECT_EQ(server.seen().back().Header("transfer-encoding"), "");
    }
  }
  ASSERT_TRUE(Send({.method = "DELETE", .url = server.url() + "/k"}).ok());
  EXPECT_EQ(server.seen().back().method, "DELETE");
}

TEST_F(HttpClientTest, LargeReplyArrivesWhole) {
  const std::string body(20 << 20, 'y');
  ScriptedServer server([&](const SeenRequest&) { return ScriptedReply::Http(200, {}, body); });
  const auto reply = Send(Get(server));
  ASSERT_TRUE(reply.ok());
  EXPECT_TRUE(reply->body.view() == body);
}

TEST_F(HttpClientTest, OneConnectionServesRequestsThatFollowEachOther) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Http(200, {}, "x"); });
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Send(Get(server)).ok());
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, ConnectionClosedWhileIdleIsReplacedBeforeSending) {
  ScriptedServer server(
      [](const SeenRequest&) { return ScriptedReply::Http(200, {}, "x").ThenClose(); });
  ASSERT_TRUE(Send(Get(server)).ok());
  server.WaitForClosed(1);
  EXPECT_TRUE(Send(Put(server, "body")).ok());
  EXPECT_EQ(server.seen().size(), 2u);
}

// libcurl would send these again over a new connection.
TEST_F(HttpClientTest, RequestOnAKeptConnectionThatDiesUnansweredIsSentOnce) {
  for (const std::string& method : std::vector<std::string>{"PUT", "POST", "DELETE", "GET"}) {
    for (const std::string& body :
         {std::string(), std::string("body"), std::string(3 << 20, 'b')}) {
      ScriptedServer server([](const SeenRequest& seen) {
        return seen.target == "/first" ? ScriptedReply::Http(200) : ScriptedReply::HangUp();
      });
      ASSERT_TRUE(Send({.url = server.url() + "/first"}).ok());
      HttpRequest request = Put(server, body);
      request.method = method;
      EXPECT_EQ(CodeOf(Send(request)), StatusCode::kUnknown) << method;
      EXPECT_EQ(server.seen().size(), 2u) << method;
    }
  }
}

TEST_F(HttpClientTest, ServerThatDiesAfterReadingARequestLeavesItUnknown) {
  for (const std::string& body : {std::string(), std::string("body")}) {
    ScriptedServer* dying = nullptr;
    ScriptedServer server([&dying](const SeenRequest& seen) {
      if (seen.target == "/first") return ScriptedReply::Http(200);
      dying->StopListening();  // So that trying again is refused.
      return ScriptedReply::HangUp();
    });
    dying = &server;
    ASSERT_TRUE(Send({.url = server.url() + "/first"}).ok());
    EXPECT_EQ(CodeOf(Send(Put(server, body))), StatusCode::kUnknown);
  }
}

TEST_F(HttpClientTest, RequestOnAKeptConnectionThatDiesBeforeTheBodyIsSentOnce) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Http(200); },
                        [](const SeenRequest& seen) -> std::optional<ScriptedReply> {
                          if (seen.method == "GET") return std::nullopt;
                          return ScriptedReply::HangUp();
                        });
  for (const bool expect_continue : {false, true}) {
    const size_t before = server.seen().size();
    ASSERT_TRUE(Send(Get(server)).ok());
    HttpRequest request = Put(server, std::string(3 << 20, 'b'));
    request.expect_continue = expect_continue;
    EXPECT_EQ(CodeOf(Send(request)), StatusCode::kUnknown);
    EXPECT_EQ(server.seen().size(), before + 2);
  }
}

TEST_F(HttpClientTest, ServerThatRefusesExpectIsNotAskedAgain) {
  ScriptedServer server(
      [](const SeenRequest&) { return ScriptedReply::Http(200); },
      [](const SeenRequest&) -> std::optional<ScriptedReply> { return ScriptedReply::Http(417); });
  HttpRequest request = Put(server, "body");
  request.expect_continue = true;
  EXPECT_FALSE(Send(request).ok());
  EXPECT_EQ(server.seen().size(), 1u);
}

TEST_F(HttpClientTest, FirstRequestOnAConnectionThatDiesUnansweredIsUnknown) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::HangUp(); });
  EXPECT_EQ(CodeOf(Send(Put(server, "body"))), StatusCode::kUnknown);
  EXPECT_EQ(server.seen().size(), 1u);
}

TEST_F(HttpClientTest, RefusedConnectionIsUnavailable) {
  std::string url;
  {
    ScriptedServer gone([](const SeenRequest&) { return ScriptedReply::Http(200); });
    url = gone.url();
  }
  HttpRequest request{.method = "PUT", .url = url + "/key"};
  EXPECT_EQ(CodeOf(Send(request)), StatusCode::kUnavailable);
}

TEST_F(HttpClientTest, FailedHandshakeIsUnavailable) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::HangUp(); });
  const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + "/key";
  const auto reply = Send({.method = "PUT", .url = url});
  EXPECT_EQ(CodeOf(reply), StatusCode::kUnavailable);
  EXPECT_NE(reply.status().message().find("TLS handshake"), std::string::npos);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, CertificateFileThatIsNotThereIsInvalid) {
  HttpSettings settings;
  settings.ca_file = "/nonexistent/ca.pem";
  HttpClient client(settings);
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::HangUp(); });
  const std::string url = "https://127.0.0.1:" + std::to_string(server.port());
  const auto reply = Block(executor_, client.Send({}, {.url = url}));
  EXPECT_EQ(CodeOf(reply), StatusCode::kInvalid);
  EXPECT_NE(reply.status().message().find("/nonexistent/ca.pem"), std::string::npos);
}

TEST_F(HttpClientTest, ReplyThatStopsShortIsUnknown) {
  const std::vector<std::string> replies = {
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      "HTTP/1.1 200 OK\r\nContent-Le",
      "HTTP/1.1 200 OK\r\n\r\nuntil the connection ends",
      "HTTP/1.1 200 OK\r\nETag: \"before its first byte\"\r\n\r\n",
      "not HTTP at all, but some other protocol\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n",
  };
  for (const std::string& bytes : replies) {
    ScriptedServer server(
        [&](const SeenRequest&) { return ScriptedReply::Raw(bytes).ThenClose(); });
    EXPECT_EQ(CodeOf(Send(Get(server))), StatusCode::kUnknown) << bytes;
  }
}

TEST_F(HttpClientTest, ReplyToAWriteNeedsNoBodyNorItsLength) {
  for (const std::string& status : {std::string("200 OK"), std::string("204 No Content")}) {
    ScriptedServer server([&](const SeenRequest&) {
      return ScriptedReply::Raw("HTTP/1.1 " + status + "\r\nETag: \"a\"\r\n\r\n").ThenClose();
    });
    const auto reply = Send(Put(server, "body"));
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->Find("etag"), "\"a\"");
  }
}

TEST_F(HttpClientTest, BytesBeyondTheContentLengthDoNotReachTheNextReply) {
  ScriptedServer server([](const SeenRequest&) {
    return ScriptedReply::Raw("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour and more");
  });
  for (int i = 0; i < 3; ++i) {
    const auto reply = Send(Get(server));
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->body.view(), "four");
  }
}

TEST_F(HttpClientTest, ReplyWithoutEndIsExhausted) {
  ScriptedServer server([](const SeenRequest& seen) {
    const std::string start = "HTTP/1.1 200 OK\r\n";
    if (seen.target == "/header") return ScriptedReply::Endless(start, "X-Name: value\r\n");
    const std::string chunk = "400\r\n" + std::string(1024, 'x') + "\r\n";
    return ScriptedReply::Endless(start + "Transfer-Encoding: chunked\r\n\r\n", chunk);
  });
  HttpRequest request{.url = server.url() + "/body"};
  request.reply_bytes_max = 100'000;
  EXPECT_EQ(CodeOf(Send(request)), StatusCode::kExhausted);
  request.url = server.url() + "/header";
  EXPECT_EQ(CodeOf(Send(request)), StatusCode::kExhausted);
}

TEST_F(HttpClientTest, ReplyAsLongAsAllowedIsGivenAndOneByteMoreIsNot) {
  ScriptedServer server(
      [](const SeenRequest&) { return ScriptedReply::Http(200, {}, std::string(1000, 'x')); });
  HttpRequest request = Get(server);
  request.reply_bytes_max = 1000;
  EXPECT_TRUE(Send(request).ok());
  request.reply_bytes_max = 999;
  EXPECT_EQ(CodeOf(Send(request)), StatusCode::kExhausted);
}

TEST_F(HttpClientTest, EndlessHeaderLineIsGivenUp) {
  ScriptedServer server([](const SeenRequest&) {
    return ScriptedReply::Endless("HTTP/1.1 200 OK\r\nX-Name: ", std::string(4096, 'x'));
  });
  EXPECT_FALSE(Send(Get(server)).ok());
}

TEST_F(HttpClientTest, DeadlineAfterSendingIsUnknown) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Silence(); });
  // The first request makes sure that the server is there; the deadline then only ends the wait.
  Context context;
  context.deadline_us = executor_.NowUs() + kSecondUs / 2;
  auto pending = StartSend(Put(server, "body"), context);
  server.WaitForRequests(1);
  EXPECT_EQ(CodeOf(Wait(pending)), StatusCode::kUnknown);
  server.WaitForClosed(1);
}

TEST_F(HttpClientTest, ServerThatSaysNothingIsGivenUpWithoutADeadlineToo) {
  HttpSettings settings;
  settings.stall_timeout_ms = 1000;
  HttpClient client(settings);
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Silence(); });
  EXPECT_EQ(CodeOf(Block(executor_, client.Send({}, Put(server, "body")))), StatusCode::kUnknown);
  EXPECT_EQ(server.seen().size(), 1u);
}

TEST_F(HttpClientTest, ServerThatDripsIsGivenUpAsOneThatSaysNothing) {
  HttpSettings settings;
  settings.stall_timeout_ms = 1000;
  HttpClient client(settings);
  ScriptedServer server([](const SeenRequest&) {
    return ScriptedReply::Drip("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "x");
  });
  const auto reply = Block(executor_, client.Send({}, {.url = server.url() + "/drip"}));
  EXPECT_EQ(CodeOf(reply), StatusCode::kUnknown);
  EXPECT_NE(reply.error().message().find("/drip"), std::string::npos) << reply.error().message();
  server.WaitForClosed(1);
}

TEST_F(HttpClientTest, DeadlineBeforeSendingIsCancelled) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Http(200); });
  Context context;
  context.deadline_us = executor_.NowUs() - 1;
  EXPECT_EQ(CodeOf(Send(Put(server, "body"), context)), StatusCode::kCancelled);
  EXPECT_EQ(server.seen().size(), 0u);
}

TEST_F(HttpClientTest, DeadlineWhileWaitingForAConnectionIsCancelled) {
  HttpSettings settings;
  settings.connections_per_host_max = 1;
  HttpClient client(settings);
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Silence(); });
  CancelSource first;
  Context held;
  held.cancel = first.token();
  auto pending = Start(executor_, client.Send(held, Put(server, "first")));
  server.WaitForRequests(1);
  Context context;
  context.deadline_us = executor_.NowUs() + kSecondUs / 10;
  EXPECT_EQ(CodeOf(Block(executor_, client.Send(context, Put(server, "second")))),
            StatusCode::kCancelled);
  first.Cancel();
  EXPECT_EQ(CodeOf(Wait(pending)), StatusCode::kUnknown);
  EXPECT_EQ(server.seen().size(), 1u);
}

TEST_F(HttpClientTest, CancellingAfterSendingEndsTheTransferAndIsUnknown) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Silence(); });
  CancelSource source;
  Context context;
  context.cancel = source.token();
  auto pending = StartSend(Put(server, "body"), context);
  server.WaitForRequests(1);
  source.Cancel();
  EXPECT_EQ(CodeOf(Wait(pending)), StatusCode::kUnknown);
  server.WaitForClosed(1);
}

TEST_F(HttpClientTest, CancellingBeforeSendingSendsNothing) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Http(200); });
  CancelSource source;
  source.Cancel();
  Context context;
  context.cancel = source.token();
  EXPECT_EQ(CodeOf(Send(Put(server, "body"), context)), StatusCode::kCancelled);
  EXPECT_EQ(server.seen().size(), 0u);
}

TEST_F(HttpClientTest, CancellingWhileWaitingForAConnectionIsCancelled) {
  HttpSettings settings;
  settings.connections_per_host_max = 1;
  HttpClient client(settings);
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Silence(); });
  CancelSource sources[2];
  std::vector<Completion<Result<HttpReply>>> pending;
  for (CancelSource& source : sources) {
    Context context;
    context.cancel = source.token();
    pending.push_back(Start(executor_, client.Send(context, Put(server, "body"))));
    server.WaitForRequests(1);
  }
  sources[1].Cancel();
  EXPECT_EQ(CodeOf(Wait(pending[1])), StatusCode::kCancelled);
  sources[0].Cancel();
  EXPECT_EQ(CodeOf(Wait(pending[0])), StatusCode::kUnknown);
}

TEST_F(HttpClientTest, NoMoreConnectionsToAHostThanAllowed) {
  HttpSettings settings;
  settings.connections_per_host_max = 3;
  HttpClient client(settings);
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Http(200); });
  std::vector<Completion<Result<HttpReply>>> pending;
  for (int i = 0; i < 100; ++i) pending.push_back(Start(executor_, client.Send({}, Get(server))));
  for (auto& done : pending) EXPECT_TRUE(Wait(done).ok());
  EXPECT_LE(server.connections(), 3);
}

TEST_F(HttpClientTest, RequestsBeyondTheLimitAreRefusedUnsent) {
  HttpSettings settings;
  settings.requests_max = 1;
  HttpClient client(settings);
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Silence(); });
  CancelSource source;
  Context context;
  context.cancel = source.token();
  auto pending = Start(executor_, client.Send(context, Get(server)));
  server.WaitForRequests(1);
  EXPECT_EQ(CodeOf(Block(executor_, client.Send({}, Get(server)))), StatusCode::kUnavailable);
  source.Cancel();
  EXPECT_EQ(CodeOf(Wait(pending)), StatusCode::kUnknown);
  EXPECT_EQ(server.seen().size(), 1u);
}

TEST_F(HttpClientTest, BodyWaitsForTheServersConsentWhenAsked) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Http(200); });
  HttpRequest request = Put(server, std::string(2 << 20, 'x'));
  request.expect_continue = true;
  const auto reply = Send(request);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(server.seen()[0].Header("expect"), "100-continue");
  EXPECT_EQ(server.seen()[0].body.size(), size_t{2} << 20);
}

TEST_F(HttpClientTest, RefusalBeforeTheBodyIsRead) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Http(200); },
                        [](const SeenRequest&) -> std::optional<ScriptedReply> {
                          return ScriptedReply::Http(412, {"Connection: close"}, "lost");
                        });
  HttpRequest request = Put(server, std::string(8 << 20, 'x'));
  request.expect_continue = true;
  const auto reply = Send(request);
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->status, 412);
  EXPECT_EQ(reply->body.view(), "lost");
}

TEST_F(HttpClientTest, UrlsAndHeadersThatCannotBeSentAreInvalid) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Http(200); });
  const std::string url = server.url();
  EXPECT_EQ(CodeOf(Send({.url = "ftp://127.0.0.1/"})), StatusCode::kInvalid);
  EXPECT_EQ(CodeOf(Send({.url = "file:///etc/passwd"})), StatusCode::kInvalid);
  EXPECT_EQ(CodeOf(Send({.url = url + "/a\r\nX: y"})), StatusCode::kInvalid);
  EXPECT_EQ(CodeOf(Send({.url = "http://"})), StatusCode::kInvalid);
  const auto reply = Send({.url = url, .headers = {{"X-A", "secret\r\nX-B: c"}}});
  EXPECT_EQ(CodeOf(reply), StatusCode::kInvalid);
  EXPECT_EQ(reply.status().message().find("secret"), std::string::npos);
  EXPECT_EQ(server.seen().size(), 0u);
}

TEST_F(HttpClientTest, RedirectsAreNotFollowed) {
  ScriptedServer server(
      [](const SeenRequest&) { return ScriptedReply::Http(307, {"Location: /elsewhere"}); });
  EXPECT_EQ(Send(Get(server))->status, 307);
  EXPECT_EQ(server.seen().size(), 1u);
}

TEST_F(HttpClientTest, ProxyIsUsedButNotForThisMachine) {
  ScriptedServer proxy([](const SeenRequest&) { return ScriptedReply::Http(200, {}, "proxied"); });
  ScriptedServer direct([](const SeenRequest&) { return ScriptedReply::Http(200, {}, "direct"); });
  HttpSettings settings;
  settings.http_proxy = proxy.url();
  HttpClient client(settings);
  const auto far = Block(executor_, client.Send({}, {.url = "http://bucket.invalid/key"}));
  ASSERT_TRUE(far.ok()) << far.status().ToString();
  EXPECT_EQ(far->body.view(), "proxied");
  EXPECT_EQ(proxy.seen()[0].target, "http://bucket.invalid/key");
  const auto near = Block(executor_, client.Send({}, Get(direct)));
  ASSERT_TRUE(near.ok());
  EXPECT_EQ(near->body.view(), "direct");
}

TEST_F(HttpClientTest, ProxyThatRefusesTheTunnelMeansNothingWasSent) {
  ScriptedServer proxy([](const SeenRequest&) { return ScriptedReply::Http(503); });
  HttpSettings settings;
  settings.https_proxy = proxy.url();
  HttpClient client(settings);
  const auto reply =
      Block(executor_, client.Send({}, {.method = "PUT", .url = "https://bucket.invalid/key"}));
  EXPECT_EQ(CodeOf(reply), StatusCode::kUnavailable);
  EXPECT_EQ(proxy.seen()[0].method, "CONNECT");
}

TEST_F(HttpClientTest, ManyRequestsAtOnceAllEnd) {
  ScriptedServer server(
      [](const SeenRequest& seen) { return ScriptedReply::Http(200, {}, seen.target); });
  std::vector<Completion<Result<HttpReply>>> pending;
  for (int i = 0; i < 500; ++i) {
    pending.push_back(StartSend({.url = server.url() + "/" + std::to_string(i)}));
  }
  for (int i = 0; i < 500; ++i) {
    const auto reply = Wait(pending[i]);
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->body.view(), "/" + std::to_string(i));
  }
}

TEST_F(HttpClientTest, EndOfTheClientGivesUpWhatIsUnderWay) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedReply::Silence(); });
  auto client = std::make_unique<HttpClient>(HttpSettings{});
  auto pending = Start(executor_, client->Send({}, Put(server, "body")));
  server.WaitForRequests(1);
  client.reset();
  EXPECT_EQ(CodeOf(Wait(pending)), StatusCode::kUnknown);
}

TEST(HttpSettingsTest, EnvironmentNamesProxiesAndCertificates) {
  const std::map<std::string, std::string> variables = {
      {"HTTPS_PROXY", "http://upper"}, {"https_proxy", "http://lower"}, {"ALL_PROXY", "http://all"},
      {"NO_PROXY", "a.example"},       {"CURL_CA_BUNDLE", "/curl"},     {"SSL_CERT_FILE", "/ssl"}};
  const auto settings = HttpSettings::FromEnvironment([&](std::string_view name) {
    const auto found = variables.find(std::string(name));
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
  EXPECT_EQ(settings.https_proxy, "http://lower");
  EXPECT_EQ(settings.http_proxy, "http://all");
  EXPECT_EQ(settings.no_proxy, "a.example");
  EXPECT_EQ(settings.ca_file, "/curl");
}

}  // namespace
}  // namespace duckpond
