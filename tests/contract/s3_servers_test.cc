// SPDX-License-Identifier: MIT
//
// S3 servers as they are run: behind TLS with certificates that are trusted and that are not, and
// with buckets in the host's name.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "base/env.h"
#include "store/store_url.h"
#include "tests/support/connect_proxy.h"
#include "tests/support/s3_server.h"
#include "tests/support/test_certificates.h"

namespace duckpond {
namespace {

// A server that shows the certificate of `certificates`.
Result<std::unique_ptr<TestS3Server>> StartTls(const TestCertificates& certificates) {
  RETURN_IF_ERROR(certificates.status());
  TestS3Server::Options options;
  options.certificate_file = certificates.server_file();
  options.key_file = certificates.server_key_file();
  return TestS3Server::Start(options);
}

using Variables = std::map<std::string, std::string>;

// What comes of writing to `server` in its environment with `added`.
Result<PutReply> PutTo(const TestS3Server& server, const Variables& added) {
  Variables variables = added;
  variables.merge(server.Environment());
  OpenOptions options;
  options.s3.environment = [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  Env& env = Env::Process();
  ASSIGN_OR_RETURN(
      const auto store,
      OpenStore(env, "s3://" + server.bucket() + "/" + env.uuids.Next().ToString(), options));
  ASSIGN_OR_RETURN(const PutReply put, Block(env.executor, store->Put({}, "key", Bytes("content"),
                                                                      PutCondition::IfAbsent())));
  ASSIGN_OR_RETURN(const GetReply got, Block(env.executor, store->Get({}, "key", {})));
  if (got.bytes.view() != "content") return Status::Corrupt("another content");
  return put;
}

void ExpectUntrusted(const Result<PutReply>& reply, const std::string& why) {
  ASSERT_FALSE(reply.ok());
  // Not kUnavailable: trying again would not help, and nothing was sent.
  EXPECT_EQ(reply.status().code(), StatusCode::kInvalid) << reply.status().ToString();
  EXPECT_NE(reply.status().message().find(why), std::string::npos) << reply.status().ToString();
  EXPECT_NE(reply.status().message().find("https://"), std::string::npos);
}

TEST(TlsTest, AnAuthorityOfOnesOwnIsTrustedOnceItIsNamed) {
  const TestCertificates certificates("IP:127.0.0.1");
  const auto server = StartTls(certificates);
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  const auto reply = PutTo(**server, {{"AWS_CA_BUNDLE", certificates.authority_file()}});
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->state, PutReply::State::kWritten) << reply->detail;
}

TEST(TlsTest, AnUnknownAuthorityIsRefused) {
  const TestCertificates certificates("IP:127.0.0.1");
  const TestCertificates others("IP:127.0.0.1");
  const auto server = StartTls(certificates);
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  ExpectUntrusted(PutTo(**server, {}), "certificate");
  ExpectUntrusted(PutTo(**server, {{"AWS_CA_BUNDLE", others.authority_file()}}), "certificate");
}

TEST(TlsTest, ACertificateOfAnotherHostIsRefused) {
  const TestCertificates certificates("DNS:elsewhere.example");
  const auto server = StartTls(certificates);
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  ExpectUntrusted(PutTo(**server, {{"AWS_CA_BUNDLE", certificates.authority_file()}}), "127.0.0.1");
}

TEST(TlsTest, APublicPlaceWithAnUnknownAuthorityIsRefused) {
  const TestCertificates certificates("IP:127.0.0.1");
  const auto server = StartTls(certificates);
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  Env& env = Env::Process();
  const auto store = OpenStore(env, (*server)->endpoint() + "/bucket/pond", {});
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  const auto reply = Block(env.executor, (*store)->Get({}, "pond.log", {}));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code(), StatusCode::kInvalid) << reply.error().ToString();
  EXPECT_NE(reply.error().message().find("certificate"), std::string::npos);
  EXPECT_NE(reply.error().message().find("/bucket/pond/pond.log"), std::string::npos);
}

TEST(TlsTest, AProxyTunnelsToAHostThatOnlyItKnows) {
  const TestCertificates certificates("DNS:s3.example");
  const auto server = StartTls(certificates);
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  const ConnectProxy proxy((*server)->port());
  const Variables far = {{"AWS_CA_BUNDLE", certificates.authority_file()},
                         {"AWS_ENDPOINT_URL", "https://s3.example"},
                         {"HTTPS_PROXY", proxy.url()}};
  const auto reply = PutTo(**server, far);
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->state, PutReply::State::kWritten) << reply->detail;
  EXPECT_EQ(proxy.asked(), std::vector<std::string>{"s3.example:443"}) << "one tunnel, kept open";
}

// versitygw answers 404, as for a bucket that is not there.
TEST(S3KeysTest, AnAccessKeyThatIsNotKnownIsSaidToBeTheKeys) {
  const auto server = TestS3Server::Start({});
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  const auto reply = PutTo(**server, {{"AWS_ACCESS_KEY_ID", "stranger"}});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.status().code(), StatusCode::kInvalid);
  EXPECT_NE(reply.status().message().find("check the key and the endpoint"), std::string::npos)
      << reply.status().ToString();
  EXPECT_EQ(reply.status().message().find("bucket and"), std::string::npos);
}

// Uploads in parts, as small as servers take them, to each server there is.
class PartsTest : public testing::TestWithParam<TestS3Server::Kind> {
 protected:
  static constexpr uint64_t kPartBytes = 5 << 20;

  void SetUp() override {
    if (GetParam() == TestS3Server::Kind::kMinio && TestS3Server::MinioPath().empty()) {
      GTEST_SKIP() << "there is no MinIO here: name it in DUCKPOND_MINIO";
    }
    TestS3Server::Options options;
    options.kind = GetParam();
    auto server = TestS3Server::Start(options);
    ASSERT_TRUE(server.ok()) << server.status().ToString();
    server_ = *std::move(server);
    OpenOptions open;
    open.s3.keys = {server_->access_key(), server_->secret_key(), ""};
    open.s3.endpoint = server_->endpoint();
    open.s3.region = server_->region();
    open.s3.part_bytes = kPartBytes;
    store_ = *OpenStore(Env::Process(), "s3://" + server_->bucket() + "/parts", open);
  }
  // Three parts, the last of them small.
  static Bytes Body(char content) { return Bytes(std::string(2 * kPartBytes + 1000, content)); }
  Result<PutReply> Put(char content, PutCondition condition) {
    return Block(Env::Process().executor,
                 store_->Put({}, "data/big", Body(content), std::move(condition)));
  }
  char Stored() {
    const auto got = Block(Env::Process().executor, store_->Get({}, "data/big", {}));
    if (!got.ok() || got->bytes.empty()) return '-';
    return got->bytes.view() == Body(got->bytes.view()[0]).view() ? got->bytes.view()[0] : '?';
  }

  std::unique_ptr<TestS3Server> server_;
  std::shared_ptr<ObjectStore> store_;
};

TEST_P(PartsTest, ConditionsHoldAsForOneRequest) {
  EXPECT_EQ(Put('a', PutCondition::IfMatch({"\"0123456789abcdef\""}))->state,
            PutReply::State::kConflict);
  EXPECT_EQ(Stored(), '-');
  const auto first = Put('a', PutCondition::IfAbsent());
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  ASSERT_EQ(first->state, PutReply::State::kWritten) << first->detail;
  EXPECT_EQ(first->requests, 5U);
  EXPECT_EQ(Put('b', PutCondition::IfAbsent())->state, PutReply::State::kConflict);
  EXPECT_EQ(Stored(), 'a');
  const auto second = Put('c', PutCondition::IfMatch(first->tag));
  ASSERT_EQ(second->state, PutReply::State::kWritten) << second->detail;
  EXPECT_EQ(Put('d', PutCondition::IfMatch(first->tag))->state, PutReply::State::kConflict);
  EXPECT_EQ(Stored(), 'c');
  const auto got = Block(Env::Process().executor, store_->Get({}, "data/big", {}));
  EXPECT_EQ(got->tag, second->tag) << "the tag of the upload is the object's";
}

TEST_P(PartsTest, OneOfSeveralWhoCompleteAtTheSameTimeWins) {
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(Block(Env::Process().executor, store_->Delete({}, "data/big", std::nullopt)).ok());
    std::vector<Task<Result<PutReply>>> puts;
    for (char rival = 'a'; rival < 'e'; ++rival) {
      puts.push_back(store_->Put({}, "data/big", Body(rival), PutCondition::IfAbsent()));
    }
    const auto replies = Block(Env::Process().executor, WhenAll(std::move(puts)));
    char winner = '-';
    for (size_t i = 0; i < replies.size(); ++i) {
      ASSERT_TRUE(replies[i].ok()) << replies[i].status().ToString();
      if (replies[i]->state == PutReply::State::kConflict) continue;
      EXPECT_EQ(replies[i]->state, PutReply::State::kWritten) << replies[i]->detail;
      EXPECT_EQ(winner, '-') << "two have won";
      winner = static_cast<char>('a' + i);
    }
    EXPECT_EQ(Stored(), winner);
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, PartsTest,
                         testing::Values(TestS3Server::Kind::kVersitygw,
                                         TestS3Server::Kind::kMinio),
                         [](const auto& info) {
                           return info.param == TestS3Server::Kind::kMinio ? "minio" : "versitygw";
                         });

TEST(MinioPathTest, MinioIsLookedForInThePath) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder / "minio");
  EXPECT_EQ(TestS3Server::MinioPath(folder.path()), "");  // A folder is no program.
  std::filesystem::create_directory(folder / "bin");
  const std::filesystem::path program = folder / "bin/minio";
  std::ofstream(program) << "#!/bin/sh\n";
  const std::string path = "/nonexistent:" + folder.path().string() + ":" + (folder / "bin");
  EXPECT_EQ(TestS3Server::MinioPath(path), "");  // Not executable.
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  EXPECT_EQ(TestS3Server::MinioPath(path), program);
}

}  // namespace
}  // namespace duckpond
