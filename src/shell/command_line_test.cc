// SPDX-License-Identifier: MIT
#include "shell/command_line.h"

#include <gtest/gtest.h>

#include <map>

#include "shell/long_options.h"

namespace duckpond {
namespace {

using Arguments = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;
using Command = CommandLine::Command;

Result<CommandLine> Parse(const Arguments& arguments, const Variables& variables = {}) {
  return ParseCommandLine(arguments,
                          [&variables](const std::string& name) -> std::optional<std::string> {
                            const auto found = variables.find(name);
                            if (found == variables.end()) return std::nullopt;
                            return found->second;
                          });
}

TEST(LongOptions, ASingleDashIsMadeTwoForKnownNamesOnly) {
  EXPECT_EQ(RewriteLongOptions({"-json", "-c", "-json", "-readonly", "-port=1", "-x", "-"}),
            (Arguments{"--json", "-c", "-json", "--readonly", "--port=1", "-x", "-"}));
  EXPECT_EQ(RewriteLongOptions({"-post", "-csv", "-csv"}), (Arguments{"--post", "-csv", "--csv"}));
  EXPECT_EQ(RewriteLongOptions({"--", "-json"}), (Arguments{"--", "-json"}));
  EXPECT_EQ(RewriteLongOptions({"--json"}), (Arguments{"--json"}));
}

TEST(CommandLine, ThePondComesFromTheArgumentThenTheEnvironmentThenTheDefault) {
  const Variables both = {{"DUCKPOND_URL", "s3://a/b"}, {"S3_BUCKET", "old"}};
  EXPECT_EQ(Parse({"./here"}, both)->url, "./here");
  EXPECT_EQ(Parse({}, both)->url, "s3://a/b");
  EXPECT_EQ(Parse({}, {{"S3_BUCKET", "old"}})->url, "s3://old");
  EXPECT_EQ(Parse({})->url, "./pond");
  EXPECT_EQ(Parse({"serve"}, {{"S3_BUCKET", "old"}})->url, "s3://old");
}

TEST(CommandLine, TheSecondDoorComesFromTheOptionThenTheEnvironment) {
  const Variables both = {{"DUCKPOND_CDN", "https://new"}, {"S3_PUBLIC_URL_PREFIX", "https://old"}};
  EXPECT_EQ(Parse({"./here", "-cdn", "https://given"}, both)->cdn, "https://given");
  EXPECT_EQ(Parse({"./here"}, both)->cdn, "https://new");
  EXPECT_EQ(Parse({})->cdn, "");
  const Variables old = {{"S3_BUCKET", "b"}, {"S3_PUBLIC_URL_PREFIX", "https://old"}};
  EXPECT_EQ(Parse({}, old)->cdn, "https://old");
  EXPECT_EQ(Parse({"./here"}, old)->cdn, "") << "it is the bucket's";
}

TEST(CommandLine, ASubcommandWinsOverAPondOfTheSameName) {
  EXPECT_EQ(Parse({"serve"})->command, Command::kServe);
  EXPECT_EQ(Parse({"./serve"})->command, Command::kShell);
  EXPECT_EQ(Parse({"./serve"})->url, "./serve");
  EXPECT_EQ(Parse({"create", "./p"})->command, Command::kCreate);
  EXPECT_EQ(Parse({"create", "./p"})->url, "./p");
  EXPECT_EQ(Parse({"log", "show", "./p"})->command, Command::kLogShow);
  EXPECT_EQ(Parse({"log", "verify", "./p"})->command, Command::kLogVerify);
  EXPECT_EQ(Parse({"log", "verify", "./p"})->url, "./p");
  EXPECT_EQ(Parse({"log", "recover", "./p"})->command, Command::kLogRecover);
  EXPECT_FALSE(Parse({"log", "recover", "./p"})->apply);
  EXPECT_TRUE(Parse({"log", "recover", "./p", "-apply"})->apply);
  EXPECT_TRUE(Parse({"log", "recover", "./p", "--from-segments"})->from_segments);
  EXPECT_EQ(Parse({"store", "create", "dynamodb://t"})->command, Command::kStoreCreate);
  EXPECT_EQ(Parse({"store", "create", "dynamodb://t"})->url, "dynamodb://t");
  EXPECT_FALSE(Parse({"store"}).ok());
  EXPECT_FALSE(Parse({"log"}).ok());
}

TEST(CommandLine, OptionsMayStandAnywhere) {
  const auto line = Parse({"create", "./p", "-cost", "--latency", "s3"});
  ASSERT_TRUE(line.ok()) << line.error().message();
  EXPECT_TRUE(line->cost);
  EXPECT_EQ(line->latency_profile, "s3");
  const auto sql = Parse({"-json", "./p", "-c", "SELECT 1", "-readonly", "-c", "SELECT 2"});
  ASSERT_TRUE(sql.ok()) << sql.error().message();
  EXPECT_EQ(sql->sql, (Arguments{"SELECT 1", "SELECT 2"}));
  EXPECT_EQ(sql->mode, OutputMode::kJson);
  EXPECT_TRUE(sql->read_only);
  EXPECT_EQ(Parse({"-c", "SELECT 1", "./p"})->url, "./p");
  EXPECT_EQ(Parse({"./p", "SELECT 3"})->sql, (Arguments{"SELECT 3"}));
}

TEST(CommandLine, HowNewAnswersAre) {
  using Kind = Consistency::Kind;
  EXPECT_EQ(Parse({"./p"})->consistency.kind, Kind::kLatest);
  const auto bounded = Parse({"./p", "-freshness", "1.5"});
  ASSERT_TRUE(bounded.ok()) << bounded.error().message();
  EXPECT_EQ(bounded->consistency.kind, Kind::kBounded);
  EXPECT_EQ(bounded->consistency.age_us, 1'500'000);
  const Variables both = {{"DUCKPOND_CONSISTENCY", "cached"}, {"DUCKPOND_FRESHNESS", "3"}};
  EXPECT_EQ(Parse({"./p"}, both)->consistency.kind, Kind::kCached);
  EXPECT_EQ(Parse({"./p"}, both)->consistency.age_us, 3'000'000);
  EXPECT_EQ(Parse({"./p", "--consistency", "bounded"}, both)->consistency.kind, Kind::kBounded);
  EXPECT_FALSE(Parse({"./p", "--consistency", "eventual"}).ok());
  EXPECT_FALSE(Parse({"./p", "--freshness", "soon"}).ok());
  EXPECT_FALSE(Parse({"./p", "--consistency", "latest"}, both).ok());
}

TEST(CommandLine, WhereTheCacheIs) {
  const Variables home = {{"HOME", "/h"}};
  EXPECT_EQ(Parse({"./p"}, home)->cache_dir, "/h/.cache/duckpond");
  EXPECT_EQ(Parse({"./p"}, {{"HOME", "/h"}, {"XDG_CACHE_HOME", "/x"}})->cache_dir, "/x/duckpond");
  EXPECT_EQ(Parse({"./p"})->cache_dir, "");
  EXPECT_EQ(Parse({"./p"}, {{"HOME", "/h"}, {"DUCKPOND_CACHE_DIR", "none"}})->cache_dir, "");
  EXPECT_EQ(Parse({"./p", "--cache-dir", "/c"}, {{"DUCKPOND_CACHE_DIR", "/d"}})->cache_dir, "/c");
}

TEST(CommandLine, OldDuckpondsFlagsAndVariablesKeepWorking) {
  EXPECT_EQ(Parse({"-post", "/query"})->command, Command::kPost);
  EXPECT_EQ(Parse({"-post", "/query"})->post_target, "/query");
  const auto serve = Parse({"-port", "9090", "-log-level", "debug"}, {{"BEARER_TOKEN", "t"}});
  ASSERT_TRUE(serve.ok()) << serve.error().message();
  EXPECT_EQ(serve->command, Command::kServe);
  EXPECT_EQ(serve->port, 9090);
  EXPECT_EQ(serve->token, "t");
  EXPECT_EQ(serve->log_level, "debug");
  EXPECT_EQ(Parse({"serve"}, {{"BEARER_TOKEN", "old"}, {"DUCKPOND_TOKEN", "new"}})->token, "new");
  EXPECT_EQ(Parse({"serve", "--no-auth"}, {{"BEARER_TOKEN", "old"}})->token, "");
}

TEST(CommandLine, AnAddressIsHostAndPortOrOneOfThem) {
  EXPECT_EQ(Parse({"serve", "--listen", "0.0.0.0:80"})->host, "0.0.0.0");
  EXPECT_EQ(Parse({"serve", "--listen", "0.0.0.0:80"})->port, 80);
  EXPECT_EQ(Parse({"serve", "--listen", ":80"})->host, "127.0.0.1");
  EXPECT_EQ(Parse({"serve", "--listen", "0"})->port, 0);
  EXPECT_EQ(Parse({"serve", "--listen", "[::1]:80"})->host, "::1");
  EXPECT_EQ(Parse({"serve"}, {{"DUCKPOND_LISTEN", "127.0.0.1:7"}})->port, 7);
  for (const char* wrong : {"host:", "host:port", "70000", "1.2.3.4"}) {
    EXPECT_FALSE(Parse({"serve", "--listen", wrong}).ok()) << wrong;
  }
}

TEST(CommandLine, WhatACommandWouldForgetIsRefused) {
  for (const Arguments& wrong :
       {Arguments{"serve", "./p", "-c", "SELECT 1"}, Arguments{"-port", "80", "-c", "SELECT 1"},
        Arguments{"create", "./p", "-init", "x"}, Arguments{"-post", "/query", "-f", "x"},
        Arguments{"./p", "-c", "SELECT 1", "-f", "x"}}) {
    EXPECT_FALSE(Parse(wrong).ok()) << wrong[0];
  }
  EXPECT_TRUE(Parse({"./p", "-init", "x", "-c", "SELECT 1"}).ok());
}

TEST(CommandLine, OnlyTheServerMindsItsVariables) {
  const std::map<std::string, std::string> wrong = {{"DUCKPOND_LISTEN", "nowhere"}};
  EXPECT_FALSE(Parse({"serve"}, wrong).ok());
  EXPECT_TRUE(Parse({"./p", "-c", "SELECT 1"}, wrong).ok());
  EXPECT_TRUE(Parse({"create"}, wrong).ok());
}

TEST(CommandLine, WhatIsWrongIsRefusedWithAHint) {
  for (const Arguments& wrong :
       {Arguments{"--no-such-option"}, Arguments{"serve", "--token", "t", "--no-auth"},
        Arguments{"-c"}, Arguments{"log", "burn"}, Arguments{"a", "b", "c"}}) {
    const auto line = Parse(wrong);
    ASSERT_FALSE(line.ok()) << wrong[0];
    EXPECT_EQ(line.error().code(), StatusCode::kInvalid);
    EXPECT_NE(line.error().message().find("--help"), std::string::npos);
  }
}

TEST(CommandLine, AMistypedCommandIsNotTakenForAPond) {
  for (const char* pond : {"./p", "../p", "/p", "~/p", "s3://bucket/p"}) {
    const auto line = Parse({"creat", pond});
    ASSERT_FALSE(line.ok()) << pond;
    EXPECT_NE(line.error().message().find("\"creat\" is no command"), std::string::npos);
  }
  EXPECT_TRUE(Parse({"./p", "SELECT 's3://bucket/p'"}).ok());
}

TEST(CommandLine, LimitsThatCouldNotWorkAreRefused) {
  for (const char* name : {"--body-bytes-max", "--bodies-bytes-max", "--connections-max",
                           "--queries-max", "--query-ms-max", "--memory-bytes-max"}) {
    for (const char* value : {"0", "-1", "9223372036854775807", "18446744073709551615", "x", ""}) {
      EXPECT_FALSE(Parse({"serve", name, value}).ok()) << name << " " << value;
    }
    EXPECT_TRUE(Parse({"serve", name, "20000000"}).ok() ||
                std::string_view(name) == "--queries-max" ||
                std::string_view(name) == "--connections-max")
        << name;
  }
  EXPECT_EQ(Parse({"serve", "-queries-max", "3"})->limits.queries_running_max, 3);
  EXPECT_EQ(Parse({"serve", "--connections-max", "7"})->limits.connections_max, 7u);
  EXPECT_EQ(Parse({"serve", "--waiting-max", "0"})->limits.queries_waiting_max, 0u);
  for (const char* port : {"-5", "70000"}) {
    EXPECT_FALSE(Parse({"serve", "--port", port}).ok()) << port;
    EXPECT_FALSE(Parse({"-port", port}).ok()) << port;
  }
}

TEST(CommandLine, HelpAndVersionAreSaid) {
  EXPECT_EQ(Parse({"--help"})->command, Command::kSay);
  EXPECT_NE(Parse({"-help"})->text.find("serve"), std::string::npos);
  EXPECT_EQ(Parse({"help"})->command, Command::kSay);
  EXPECT_EQ(Parse({"help"})->text, Parse({"--help"})->text);
  EXPECT_NE(Parse({"-version"})->text.find("1.5.5"), std::string::npos);
}

TEST(OutputModes, AreKnownByDuckdbsNames) {
  EXPECT_EQ(ParseOutputMode("duckbox"), OutputMode::kBox);
  EXPECT_EQ(ParseOutputMode("jsonlines"), OutputMode::kJsonLines);
  EXPECT_EQ(ParseOutputMode("nope"), std::nullopt);
  EXPECT_NE(OutputModeNames().find("markdown"), std::string::npos);
}

}  // namespace
}  // namespace duckpond
