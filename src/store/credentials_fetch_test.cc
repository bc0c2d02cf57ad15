// SPDX-License-Identifier: MIT
//
// Keys fetched from a container's endpoint, a machine's metadata service and a token service, each
// played by a scripted server.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "store/credentials.h"
#include "tests/support/scripted_server.h"

namespace duckpond {
namespace {

constexpr char kHush[] = "never-print-this";

std::string KeysJson(const std::string& key) {
  return R"({"Code":"Success","AccessKeyId":")" + key + R"(","SecretAccessKey":")" + kHush +
         R"(","Token":"token-of-)" + key + R"(","Expiration":"2999-01-01T00:00:00Z"})";
}

std::string KeysXml(const std::string& action, const std::string& key) {
  return "<" + action + "Response><" + action + "Result><Credentials><AccessKeyId>" + key +
         "</AccessKeyId><SecretAccessKey>" + kHush + "</SecretAccessKey><SessionToken>token-of-" +
         key + "</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></" +
         action + "Result></" + action + "Response>";
}

class CredentialsFetchTest : public testing::Test {
 protected:
  CredentialsFetchTest() {
    std::string pattern = testing::TempDir() + "fetched-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    variables_["HOME"] = folder_;
    variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_.url() + "/";
    variables_["AWS_ENDPOINT_URL_STS"] = server_.url();
  }
  ~CredentialsFetchTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(InFolder(name)) << text;
  }
  std::string InFolder(const std::string& name) const { return folder_ + "/" + name; }
  Result<std::shared_ptr<CredentialsProvider>> Find() {
    return FindCredentials(
        Env::Process(),
        [this](std::string_view name) -> std::optional<std::string> {
          const auto found = variables_.find(std::string(name));
          if (found == variables_.end()) return std::nullopt;
          return found->second;
        },
        "");
  }
  Result<AwsKeys> Get() {
    ASSIGN_OR_RETURN(const auto provider, Find());
    return Block(Env::Process().executor, provider->Get({}));
  }
  // The key, or the error, in which no secret is.
  std::string Shown() {
    const auto keys = Get();
    const std::string shown =
        keys.ok() ? keys->access_key_id + " " + keys->session_token : keys.status().ToString();
    EXPECT_EQ(shown.find(kHush), std::string::npos);
    return shown;
  }
  void Answer(std::function<ScriptedReply(const SeenRequest&)> script) {
    std::lock_guard lock(mutex_);
    script_ = std::move(script);
  }

  std::string folder_;
  std::map<std::string, std::string> variables_;
  std::mutex mutex_;
  std::function<ScriptedReply(const SeenRequest&)> script_ = [](const SeenRequest&) {
    return ScriptedReply::Http(500);
  };
  ScriptedServer server_{[this](const SeenRequest& seen) {
    std::lock_guard lock(mutex_);
    return script_(seen);
  }};
};

ScriptedReply Machine(const SeenRequest& seen) {
  if (seen.target == "/latest/api/token" && seen.method == "PUT") {
    return ScriptedReply::Http(200, {}, "session-proof");
  }
  if (seen.Header("x-aws-ec2-metadata-token") != "session-proof") return ScriptedReply::Http(401);
  const std::string roles = "/latest/meta-data/iam/security-credentials/";
  if (seen.target == roles) return ScriptedReply::Http(200, {}, "my-role\n");
  if (seen.target == roles + "my-role") return ScriptedReply::Http(200, {}, KeysJson("machine"));
  return ScriptedReply::Http(404);
}

TEST_F(CredentialsFetchTest, AMachinesRoleIsAskedForInThreeRequestsOfVersionTwo) {
  Answer(Machine);
  EXPECT_EQ(Shown(), "machine token-of-machine");
  ASSERT_EQ(server_.seen().size(), 3u);
  EXPECT_EQ(server_.seen()[0].Header("x-aws-ec2-metadata-token-ttl-seconds"), "60");
}

TEST_F(CredentialsFetchTest, AMachineWithoutAServiceSaysWhereElseKeysWereLookedFor) {
  server_.StopListening();
  const std::string shown = Shown();
  EXPECT_EQ(shown.find("INVALID"), 0u) << "to try again would not help: " << shown;
  EXPECT_NE(shown.find("AWS_ACCESS_KEY_ID"), std::string::npos) << shown;
  EXPECT_NE(shown.find("does not answer"), std::string::npos) << shown;
}

TEST_F(CredentialsFetchTest, AMachineMayBeToldNotToAsk) {
  variables_["AWS_EC2_METADATA_DISABLED"] = "true";
  EXPECT_EQ(Shown().find("INVALID: no credentials"), 0u);
  EXPECT_EQ(server_.seen().size(), 0u);
}

TEST_F(CredentialsFetchTest, AMachinesTroublesAreTold) {
  Answer([](const SeenRequest& seen) {
    return seen.method == "PUT" ? ScriptedReply::Http(200, {}, "p") : ScriptedReply::Http(404);
  });
  EXPECT_NE(Shown().find("has no role"), std::string::npos);
  Answer([](const SeenRequest&) { return ScriptedReply::Http(503); });
  EXPECT_EQ(Shown().find("UNAVAILABLE"), 0u);
  Answer([](const SeenRequest&) { return ScriptedReply::Http(403); });
  EXPECT_NE(Shown().find("AWS_ACCESS_KEY_ID"), std::string::npos) << "what else was looked at";
  Answer([](const SeenRequest& seen) {
    return seen.method == "PUT" ? ScriptedReply::Http(200, {}, "p")
                                : ScriptedReply::Http(200, {}, "<html>a proxy</html>");
  });
  EXPECT_EQ(Shown().find("INVALID"), 0u);
}

TEST_F(CredentialsFetchTest, AContainersEndpointGetsItsTokenFromTheVariableOrTheFile) {
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_.url() + "/creds";
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "from-variable";
  Answer([](const SeenRequest& seen) {
    if (seen.target != "/creds") return ScriptedReply::Http(404);
    return ScriptedReply::Http(200, {}, KeysJson(seen.Header("authorization")));
  });
  EXPECT_EQ(Shown(), "from-variable token-of-from-variable");
  Write("token", "from-file\n");
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = InFolder("token");
  EXPECT_EQ(Shown(), "from-file token-of-from-file");
  Write("token", "");
  EXPECT_EQ(Shown().find("INVALID"), 0u);
}

TEST_F(CredentialsFetchTest, AContainersEndpointElsewhereIsNotAskedInTheClear) {
  for (const char* url : {"http://example.com/creds", "http://127.0.0.1@example.com/", "ftp://x",
                          "http://127.0.0.1.example.com/"}) {
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    EXPECT_EQ(Shown().find("INVALID: AWS_CONTAINER_CREDENTIALS_FULL_URI"), 0u) << url;
  }
  variables_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "@example.com";
  EXPECT_EQ(Shown().find("INVALID: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), 0u);
}

TEST_F(CredentialsFetchTest, AContainersRefusalIsTold) {
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_.url() + "/creds";
  Answer([](const SeenRequest&) { return ScriptedReply::Http(403, {}, R"({"message":"no"})"); });
  EXPECT_NE(Shown().find("the container's endpoint " + server_.url() +
                         "/creds: a GET was answered "
                         "403"),
            std::string::npos);
}

TEST_F(CredentialsFetchTest, PasswordsInUrlsAreNotRepeated) {
  server_.StopListening();
  const std::string with_password =
      "http://user:" + std::string(kHush) + "@" + server_.url().substr(7) + "/x?token=" + kHush;
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = with_password;
  EXPECT_EQ(Shown().find("INVALID"), 0u);
  Write("jwt", kHush);
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = InFolder("jwt");
  variables_["AWS_ROLE_ARN"] = "arn:r";
  variables_["AWS_ENDPOINT_URL_STS"] = with_password;
  EXPECT_EQ(Shown().find("UNAVAILABLE"), 0u);
}

TEST_F(CredentialsFetchTest, AWebIdentitysTokenIsReadAndExchangedUnsigned) {
  Write("jwt", "ey.token/+\n");
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = InFolder("jwt");
  variables_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
  variables_["AWS_ROLE_SESSION_NAME"] = "s";
  Answer([](const SeenRequest&) {
    return ScriptedReply::Http(200, {}, KeysXml("AssumeRoleWithWebIdentity", "web"));
  });
  EXPECT_EQ(Shown(), "web token-of-web");
  const SeenRequest seen = server_.seen()[0];
  EXPECT_EQ(seen.method + seen.target, "POST/");
  EXPECT_EQ(seen.Header("authorization"), "");
  EXPECT_EQ(seen.body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3A"
            "role%2Fr&RoleSessionName=s&WebIdentityToken=ey.token%2F%2B");
}

TEST_F(CredentialsFetchTest, ARoleIsAssumedWithTheKeysOfAnotherProfileWhichMayBeARole) {
  Write("config",
        "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = never-print-this\n"
        "[profile middle]\nrole_arn = arn:middle\nsource_profile = base\nregion = eu-west-3\n"
        "[profile top]\nrole_arn = arn:top\nsource_profile = middle\nexternal_id = e/1\n"
        "duration_seconds = 900\n");
  variables_["AWS_CONFIG_FILE"] = InFolder("config");
  variables_["AWS_PROFILE"] = "top";
  Answer([](const SeenRequest& seen) {
    const bool top = seen.body.find("arn%3Atop") != std::string::npos;
    return ScriptedReply::Http(200, {}, KeysXml("AssumeRole", top ? "TOP" : "MIDDLE"));
  });
  EXPECT_EQ(Shown(), "TOP token-of-TOP");
  const auto seen = server_.seen();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_NE(seen[0].Header("authorization").find("Credential=BASE/"), std::string::npos);
  EXPECT_NE(seen[0].Header("authorization").find("/eu-west-3/sts/"), std::string::npos);
  EXPECT_NE(seen[1].Header("authorization").find("Credential=MIDDLE/"), std::string::npos);
  EXPECT_EQ(seen[1].Header("x-amz-security-token"), "token-of-MIDDLE");
  EXPECT_NE(seen[1].body.find("&ExternalId=e%2F1&DurationSeconds=900"), std::string::npos);
}

TEST_F(CredentialsFetchTest, ARoleIsAssumedWithTheKeysOfAPlace) {
  Write("config", "[default]\nrole_arn = arn:r\ncredential_source = Ec2InstanceMetadata\n");
  variables_["AWS_CONFIG_FILE"] = InFolder("config");
  Answer([](const SeenRequest& seen) {
    if (seen.method != "POST") return Machine(seen);
    return ScriptedReply::Http(200, {}, KeysXml("AssumeRole", "ROLE"));
  });
  EXPECT_EQ(Shown(), "ROLE token-of-ROLE");
}

TEST_F(CredentialsFetchTest, TheTokenServicesTroublesAreToldWithoutTheToken) {
  Write("jwt", kHush);
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = InFolder("jwt");
  variables_["AWS_ROLE_ARN"] = "arn:r";
  const auto refusal = [](int status, const std::string& code) {
    return ScriptedReply::Http(status, {},
                               "<ErrorResponse><Error><Code>" + code + "</Code><Message>" +
                                   (code == "AccessDenied" ? "not yours" : kHush) +
                                   "</Message></Error></ErrorResponse>");
  };
  const struct {
    ScriptedReply reply;
    const char* code;
    const char* said;
  } rows[] = {
      {refusal(400, "InvalidIdentityToken"), "INVALID", "InvalidIdentityToken"},
      {refusal(400, "ExpiredTokenException"), "INVALID", "ExpiredTokenException"},
      {refusal(403, "AccessDenied"), "INVALID", "not yours"},
      {refusal(400, "IDPCommunicationError"), "UNAVAILABLE", "arn:r"},
      {refusal(400, "Throttling"), "UNAVAILABLE", "arn:r"},
      {ScriptedReply::Http(503, {}, "<html>"), "UNAVAILABLE", "503"},
      {ScriptedReply::Http(200, {}, "<html>"), "INVALID", "without credentials"},
      {ScriptedReply::Http(200, {}, KeysXml("AssumeRoleWithWebIdentity", "")), "INVALID", "half"},
      {ScriptedReply::HangUp(), "UNAVAILABLE", "Empty reply"},
  };
  for (const auto& row : rows) {
    Answer([reply = row.reply](const SeenRequest&) { return reply; });
    const std::string shown = Shown();
    EXPECT_EQ(shown.find(row.code), 0u) << shown;
    EXPECT_NE(shown.find(row.said), std::string::npos) << shown;
    EXPECT_NE(shown.find("jwt"), std::string::npos) << "where the token is: " << shown;
  }
}

// A program that does as `script` says, named by the default profile; its arguments hold a secret.
TEST_F(CredentialsFetchTest, AProgramsKeysAreReadAndItsTroublesToldWithoutWhatItWrote) {
  const std::string program = InFolder("program");
  Write("config", "[default]\ncredential_process = '" + program + "' --secret " + kHush + "\n");
  variables_["AWS_CONFIG_FILE"] = InFolder("config");
  const auto run = [&](const std::string& script) {
    Write("program", "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    return Shown();
  };
  const std::string keys = R"("AccessKeyId":"PROGRAM","SecretAccessKey":"never-print-this",)"
                           R"("SessionToken":"its-token","Expiration":"2999-01-01T00:00:00Z"})";
  EXPECT_EQ(run("echo '{\"Version\":1," + keys + "'"), "PROGRAM its-token");
  const struct {
    std::string script;
    const char* said;
  } rows[] = {
      {"echo '{\"Version\":2," + keys + "'", "Version 2 where 1 is known"},
      {"echo '{" + keys + "'", "no JSON with a Version"},
      {std::string("echo ") + kHush, "no JSON with a Version"},
      {"exit 0", "no JSON with a Version"},
      {R"(echo '{"Version":1,"Message":"never-print-this"}')", "no keys"},
      {R"(echo '{"Version":1,"AccessKeyId":"never-print-this"}')", "no keys"},
      {R"(echo '{"Version":1,"AccessKeyId":"a","SecretAccessKey":"s","Expiration":"x"}')",
       "no keys, or an Expiration that is none"},
      {"echo '{\"Version\":1," + keys + "'; exit 4", "ended with code 4"},
      {"yes never-print-this", "wrote too much"},
  };
  for (const auto& row : rows) {
    const std::string shown = run(row.script);
    EXPECT_EQ(shown.find("INVALID"), 0u) << shown;
    EXPECT_NE(shown.find(row.said), std::string::npos) << shown;
    EXPECT_NE(shown.find("the program " + program), std::string::npos) << shown;
  }
  std::filesystem::remove(program);
  EXPECT_NE(Shown().find("cannot be started"), std::string::npos);
}

class SsoTest : public CredentialsFetchTest {
 protected:
  SsoTest() {
    Write("config",
          "[profile work]\nsso_session = my sso\nsso_account_id = 123\nsso_role_name = Read Only\n"
          "[sso-session my sso]\nsso_start_url = https://work.example/start\n"
          "sso_region = eu-west-1\n"
          "[profile old]\nsso_start_url = https://work.example/start\nsso_region = eu-west-1\n"
          "sso_account_id = 123\nsso_role_name = Read Only\n");
    variables_["AWS_CONFIG_FILE"] = InFolder("config");
    variables_["AWS_PROFILE"] = "work";
    variables_["AWS_ENDPOINT_URL_SSO"] = server_.url() + "/";
    variables_["AWS_ENDPOINT_URL"] =
        "http://127.0.0.1:1";  // A store's, who must not get the token.
    std::filesystem::create_directories(InFolder(".aws/sso/cache"));
  }
  // The names are SHA-1 of the session's name and of the start URL.
  void LogIn(const std::string& end, const std::string& name = kSession) {
    Write(".aws/sso/cache/" + name + ".json",
          R"({"accessToken":"never-print-this","expiresAt":")" + end + R"("})");
  }
  static constexpr char kSession[] = "b3902c2d49b36c95af74dedb0f77c5828749e230";
  static constexpr char kStartUrl[] = "e218012ba0a50a603585107077633db9e52c4834";
  static constexpr char kLater[] = "2999-01-01T00:00:00Z";
};

TEST_F(SsoTest, TheCachedTokenIsExchangedForKeys) {
  Answer([](const SeenRequest& seen) {
    if (seen.Header("x-amz-sso_bearer_token") != kHush) return ScriptedReply::Http(401);
    return ScriptedReply::Http(
        200, {},
        R"({"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"never-print-this",)"
        R"("sessionToken":"its-token","expiration":32472144000000}})");
  });
  LogIn(kLater);
  EXPECT_EQ(Shown(), "SSO its-token");
  EXPECT_EQ(server_.seen().at(0).target,
            "/federation/credentials?role_name=Read%20Only&account_id=123");
  variables_["AWS_PROFILE"] = "old";
  EXPECT_NE(Shown().find("run `aws sso login --profile old`"), std::string::npos);
  LogIn("2999-01-01T00:00:00UTC", kStartUrl);
  EXPECT_EQ(Shown(), "SSO its-token");
}

TEST_F(SsoTest, ATokenThatIsNotThereOrHasEndedSaysWhatToRun) {
  const std::string run = "run `aws sso login --profile work`";
  EXPECT_NE(Shown().find(run), std::string::npos) << "no token";
  for (const char* end : {"2020-01-01T00:00:00Z", "2020-01-01T00:00:00UTC", "never", ""}) {
    LogIn(end);
    EXPECT_NE(Shown().find(run), std::string::npos) << end;
  }
  Write(std::string(".aws/sso/cache/") + kSession + ".json", "half a file of never-print-this");
  EXPECT_NE(Shown().find(run), std::string::npos);
  EXPECT_TRUE(server_.seen().empty()) << "a token that is none is not sent";
  LogIn(kLater);
  Answer([](const SeenRequest&) { return ScriptedReply::Http(401, {}, kHush); });
  EXPECT_NE(Shown().find(run), std::string::npos) << "what the portal does not take";
}

TEST_F(SsoTest, ThePortalsTroublesAreTold) {
  LogIn(kLater);
  const struct {
    ScriptedReply reply;
    const char* code;
    const char* said;
  } rows[] = {
      {ScriptedReply::Http(403, {}, kHush), "INVALID", "check sso_account_id"},
      {ScriptedReply::Http(404, {}, kHush), "INVALID", "check sso_account_id"},
      {ScriptedReply::Http(429), "UNAVAILABLE", "429"},
      {ScriptedReply::Http(503, {}, "<html>"), "UNAVAILABLE", "503"},
      {ScriptedReply::Http(200, {}, "<html>"), "INVALID", "without keys"},
      {ScriptedReply::Http(200, {}, R"({"roleCredentials":{"accessKeyId":"a"}})"), "INVALID",
       "without keys"},
      {ScriptedReply::HangUp(), "UNAVAILABLE", "Empty reply"},
  };
  for (const auto& row : rows) {
    Answer([reply = row.reply](const SeenRequest&) { return reply; });
    const std::string shown = Shown();
    EXPECT_EQ(shown.find(row.code), 0u) << shown;
    EXPECT_NE(shown.find(row.said), std::string::npos) << shown;
    EXPECT_NE(shown.find("profile work, account 123"), std::string::npos) << shown;
  }
}

}  // namespace
}  // namespace duckpond
