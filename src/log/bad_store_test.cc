// SPDX-License-Identifier: MIT
//
// Stores that do not honour conditions, over HTTP, on the way of a real write: refused before the
// pond is written to, by name, and proven again when the pond has come to another place.
#include <gtest/gtest.h>

#include "log/event_log.h"
#include "log/pond_file.h"
#include "store/store_proof.h"
#include "tests/support/scripted_s3.h"
#include "tests/support/set_folder.h"

namespace duckpond {
namespace {

class BadStoreTest : public testing::Test {
 protected:
  template <class T>
  T Await(Task<T> task) {
    return Block(env_.executor, std::move(task));
  }
  // As another process would open it.
  std::shared_ptr<EventLog> Open(const ScriptedS3& server) {
    return EventLog::Open(env_, server.Open(), folder_, {}, env_.uuids.Next().ToString());
  }
  Status Commit(EventLog& log) {
    CommitOptions options;
    options.transaction = env_.uuids.Next();
    auto change = std::make_shared<SetChange>(env_.uuids, SetChange::Entries{{"a", "1"}});
    return Await(log.Commit({}, change, options)).status();
  }
  void ExpectRefused(const Status& status, const std::string& why) {
    EXPECT_EQ(status.code(), StatusCode::kUnsupported) << status.ToString();
    EXPECT_NE(status.message().find(why), std::string::npos) << status.ToString();
    EXPECT_NE(status.message().find("s3 http://127.0.0.1:"), std::string::npos);
  }

  Env& env_ = Env::Process();
  const SetFolder folder_;
};

struct Bad {
  ScriptedS3::Ignores ignores;
  std::string server_name;
  std::string why;
};
const Bad kBad[] = {
    {{.if_none_match = true}, "Scripted", "accepted If-None-Match: * of a key that exists"},
    {{.if_match = true}, "Scripted", "let two writers win the same race"},
    {{.if_match_of_missing = true}, "Scripted", "accepted If-Match of a missing key"},
    {{}, "Werkzeug/3.1.9 Python/3.11.7", "is known to let two writers win the same race"},
    {{}, "s3rver", "is known to let two writers win the same race"},
};

TEST_F(BadStoreTest, NoPondIsMadeThere) {
  for (const Bad& bad : kBad) {
    const ScriptedS3 server(bad.ignores, bad.server_name);
    ExpectRefused(Await(Open(server)->Create({})), bad.why);
    ExpectRefused(Commit(*Open(server)), bad.why);
    EXPECT_TRUE(server.objects().empty()) << bad.why;
    EXPECT_EQ(server.Count("PUT", "/pond.json"), 0u) << bad.why;
  }
}

TEST_F(BadStoreTest, APondThatCameThereIsReadAndNotWritten) {
  const ScriptedS3 good({});
  const auto log = Open(good);
  ASSERT_EQ(Commit(*log), Status::Ok());
  for (const Bad& bad : kBad) {
    ScriptedS3 server(bad.ignores, bad.server_name);
    server.CopyFrom(good);
    const auto moved = Open(server);
    ASSERT_EQ(Await(moved->Latest({}))->version, 1u);
    ASSERT_TRUE(Await(moved->Verify({})).ok());
    EXPECT_EQ(server.Count("PUT", ""), 0u) << "reading needs no proof";
    ExpectRefused(Commit(*moved), bad.why);
    EXPECT_EQ(server.objects(), good.objects()) << bad.why;
    EXPECT_EQ(server.Count("PUT", "/pond.log"), 0u) << bad.why;
  }
}

TEST_F(BadStoreTest, AGoodStoreIsProvenOnceForItsEndpoint) {
  const ScriptedS3 first({});
  ASSERT_EQ(Commit(*Open(first)), Status::Ok());
  const size_t proof_puts = first.Count("PUT", "/proof/");
  EXPECT_GT(proof_puts, 0u);
  const auto log = Open(first);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Commit(*log), Status::Ok());
  EXPECT_EQ(first.Count("PUT", "/proof/"), proof_puts);
  // Elsewhere it is proven again, once, and pond.json says so to the processes that follow.
  ScriptedS3 second({});
  second.CopyFrom(first);
  for (int process = 0; process < 3; ++process) {
    const auto moved = Open(second);
    for (int i = 0; i < 3; ++i) ASSERT_EQ(Commit(*moved), Status::Ok());
    EXPECT_EQ(second.Count("GET", "/pond.json"), process + 1u);
  }
  EXPECT_EQ(second.Count("PUT", "/pond.json"), 1u);
  EXPECT_EQ(second.Count("PUT", "/proof/"), proof_puts);
  EXPECT_EQ(second.Count("DELETE", "/proof/"), second.Count("DELETE", ""));
  for (const auto& [key, content] : second.objects()) {
    EXPECT_EQ(key.find("proof"), std::string::npos) << key;
  }
}

TEST_F(BadStoreTest, ProofsOfOtherEndpointsProveNothing) {
  const ScriptedS3 first({});
  ASSERT_EQ(Commit(*Open(first)), Status::Ok());
  ScriptedS3 second({});
  second.CopyFrom(first);
  ASSERT_EQ(Commit(*Open(second)), Status::Ok());
  ScriptedS3 bad({.if_match = true});
  bad.CopyFrom(second);
  ExpectRefused(Commit(*Open(bad)), "let two writers win the same race");
  EXPECT_EQ(bad.objects(), second.objects());
}

// Who may not write pond.json, or loses to another who does, proves each time and commits.
TEST_F(BadStoreTest, AProofThatCannotBeNotedIsMadeAgain) {
  const ScriptedS3 first({});
  ASSERT_EQ(Commit(*Open(first)), Status::Ok());
  ScriptedS3 second({});
  second.CopyFrom(first);
  second.SetFate([](const SeenRequest& seen) {
    const bool refused = seen.method == "PUT" && seen.target.ends_with("/pond.json");
    ScriptedS3::Fate fate;
    if (refused) fate = {false, ScriptedReply::Http(412, {}, "<Error/>")};
    return fate;
  });
  size_t proof_puts = 0;
  for (int process = 0; process < 2; ++process) {
    ASSERT_EQ(Commit(*Open(second)), Status::Ok());
    EXPECT_GT(second.Count("PUT", "/proof/"), proof_puts);
    proof_puts = second.Count("PUT", "/proof/");
  }
}

TEST(PondFileTest, TheOldestOfTooManyProofsIsForgotten) {
  PondFile file;
  file.format = 1;
  file.proof = "made";
  for (size_t i = 0; i <= kProofsMax; ++i) file.AddProof("proof " + std::to_string(i));
  const auto read = PondFile::Decode(file.Encode());
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_TRUE(read->IsProven("made"));
  EXPECT_FALSE(read->IsProven("proof 0"));
  EXPECT_TRUE(read->IsProven("proof 1"));
  EXPECT_EQ(read->more_proofs.size(), kProofsMax);
  const std::string broken = R"({"format":1,"id":"01a0c450-6c00-73cd-a61e-ef2ff75f94cb",)"
                             R"("state":"ready","created":1,"writer":"","proof":"","proofs":[1]})";
  EXPECT_EQ(PondFile::Decode(broken).status().code(), StatusCode::kCorrupt);
}

TEST_F(BadStoreTest, ARollRemembersTheProofOfTheNewEndpoint) {
  const ScriptedS3 first({});
  ASSERT_EQ(Commit(*Open(first)), Status::Ok());
  ScriptedS3 second({});
  second.CopyFrom(first);
  LogOptions options;
  options.roll_bytes = 1;
  const auto log = EventLog::Open(env_, second.Open(), folder_, options, "rolls");
  ASSERT_EQ(Commit(*log), Status::Ok());
  ASSERT_EQ(Await(log->Settle({})), Status::Ok());
  const size_t proof_puts = second.Count("PUT", "/proof/");
  EXPECT_GT(proof_puts, 0u);
  ASSERT_EQ(Commit(*Open(second)), Status::Ok());
  EXPECT_EQ(second.Count("PUT", "/proof/"), proof_puts);
}

}  // namespace
}  // namespace duckpond
