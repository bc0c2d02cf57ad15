// SPDX-License-Identifier: MIT
#include "store/credentials.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/env.h"
#include "store/aws_profile.h"
#include "store/credentials_process.h"

namespace duckpond {
namespace {

class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() {
    std::string pattern = testing::TempDir() + "credentials-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    std::filesystem::create_directory(folder_ + "/.aws");
    variables_["HOME"] = folder_;
    variables_["AWS_EC2_METADATA_DISABLED"] = "true";
  }
  ~CredentialsTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/.aws/" + name) << text;
  }
  Result<std::shared_ptr<CredentialsProvider>> Find(const std::string& profile = {}) {
    return FindCredentials(
        Env::Process(),
        [this](std::string_view name) -> std::optional<std::string> {
          const auto found = variables_.find(std::string(name));
          if (found == variables_.end()) return std::nullopt;
          return found->second;
        },
        profile);
  }
  static std::string Show(CredentialsProvider& provider) {
    const auto keys = Block(Env::Process().executor, provider.Get({}));
    if (!keys.ok()) return keys.status().ToString();
    return keys->access_key_id + "/" + keys->secret_access_key + "/" + keys->session_token;
  }
  std::string FindAndShow(const std::string& profile = {}) {
    const auto found = Find(profile);
    return found.ok() ? Show(**found) : std::string(CodeName(found.status().code()));
  }

  std::string folder_;
  std::map<std::string, std::string> variables_;
};

TEST_F(CredentialsTest, EnvironmentWinsOverFilesAndAProfileAskedForOverBoth) {
  Write("credentials",
        "[default]\naws_access_key_id = filekey\naws_secret_access_key=filesecret\n"
        "# a comment\n[dev]\naws_access_key_id=devkey\naws_secret_access_key = dev=secret\n"
        "aws_session_token = devtoken\n");
  EXPECT_EQ(FindAndShow(), "filekey/filesecret/");
  variables_["AWS_PROFILE"] = "dev";
  EXPECT_EQ(FindAndShow(), "devkey/dev=secret/devtoken");
  variables_["AWS_ACCESS_KEY_ID"] = "envkey";
  EXPECT_EQ(FindAndShow(), "devkey/dev=secret/devtoken") << "half a key is none";
  variables_["AWS_SECRET_ACCESS_KEY"] = "envsecret";
  variables_["AWS_SESSION_TOKEN"] = "envtoken";
  EXPECT_EQ(FindAndShow(), "envkey/envsecret/envtoken");
  EXPECT_EQ(FindAndShow("default"), "filekey/filesecret/");
}

TEST_F(CredentialsTest, ConfigFileNamesItsSectionsAfterTheWordProfile) {
  Write("config",
        "[default]\r\naws_access_key_id=k\r\naws_secret_access_key=s\r\n"
        "[ profile  dev ]\naws_access_key_id=dk\naws_secret_access_key=ds\ns3 =\n"
        "  aws_access_key_id = nested\n");
  EXPECT_EQ(FindAndShow(), "k/s/");
  EXPECT_EQ(FindAndShow("dev"), "dk/ds/");
}

TEST_F(CredentialsTest, FilesMayLieElsewhere) {
  Write("mine", "[default]\naws_access_key_id=k\naws_secret_access_key=s\n");
  variables_["AWS_SHARED_CREDENTIALS_FILE"] = folder_ + "/.aws/mine";
  EXPECT_EQ(FindAndShow(), "k/s/");
}

TEST_F(CredentialsTest, KeysThatAreRenewedInTheFileAreUsed) {
  Write("credentials", "[default]\naws_access_key_id=old\naws_secret_access_key=s\n");
  const auto found = Find();
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(Show(**found), "old/s/");
  Write("credentials", "[default]\naws_access_key_id=new\naws_secret_access_key=s\n");
  // As if written later, whatever the file system's clock resolves.
  const std::string path = folder_ + "/.aws/credentials";
  std::filesystem::last_write_time(path,
                                   std::filesystem::last_write_time(path) + std::chrono::hours(1));
  EXPECT_EQ(Show(**found), "new/s/");
}

TEST_F(CredentialsTest, NothingFoundNamesThePlacesLookedAt) {
  const auto found = Find();
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.status().code(), StatusCode::kInvalid);
  EXPECT_NE(found.status().message().find("AWS_ACCESS_KEY_ID"), std::string::npos);
  EXPECT_NE(found.status().message().find(folder_ + "/.aws/credentials"), std::string::npos);
}

TEST_F(CredentialsTest, ASecondFactorIsUnsupported) {
  Write("config", "[default]\nrole_arn = r\nsource_profile = x\nmfa_serial = m\n");
  EXPECT_EQ(FindAndShow(), "UNSUPPORTED");
}

TEST_F(CredentialsTest, AnUnfinishedProfileOfSingleSignOnNamesWhatItLacks) {
  const struct {
    const char* config;
    const char* lacks;
  } rows[] = {
      {"[default]\nsso_session = work\n", "lacks sso_start_url (which may stand in [sso-session"},
      {"[default]\nsso_start_url = https://w/start\n", "lacks sso_region:"},
      {"[default]\nsso_session = w\n[sso-session w]\nsso_start_url = u\nsso_region = eu-west-1\n",
       "lacks sso_account_id"},
  };
  for (const auto& row : rows) {
    Write("config", row.config);
    const auto found = Find();
    EXPECT_EQ(found.status().code(), StatusCode::kInvalid);
    EXPECT_NE(found.status().message().find(row.lacks), std::string::npos)
        << found.status().ToString();
  }
}

TEST_F(CredentialsTest, AProgramsWordsAreSplitAsAShellQuotesThemAndNothingIsReplaced) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(*SplitCommand("  a\tb  "), (Words{"a", "b"}));
  EXPECT_EQ(*SplitCommand(R"('a b' "c d"e 'f'"g"\ h)"), (Words{"a b", "c de", "fg h"}));
  EXPECT_EQ(*SplitCommand(R"(p "" '' "a\"b\\c\n" 'a\b')"),
            (Words{"p", "", "", "a\"b\\c\\n", "a\\b"}));
  EXPECT_EQ(*SplitCommand("p $(id) `id` $HOME ; | > * ~"),
            (Words{"p", "$(id)", "`id`", "$HOME", ";", "|", ">", "*", "~"}));
  for (const std::string& bad :
       {std::string(), std::string(" "), std::string("'a"), std::string("\"a\\\""),
        std::string("a\\"), std::string("''"), std::string("a\0b", 3)}) {
    EXPECT_EQ(SplitCommand(bad).status().code(), StatusCode::kInvalid) << bad;
  }
}

TEST_F(CredentialsTest, RolesThatLackSomethingOrGoInACircleAreInvalid) {
  Write("config", "[default]\nrole_arn = r\n");
  EXPECT_EQ(FindAndShow(), "INVALID");
  Write("config", "[default]\nrole_arn = r\nsource_profile = nobody\n");
  EXPECT_EQ(FindAndShow(), "INVALID");
  Write("config", "[default]\nrole_arn = r\ncredential_source = Environment\n");
  EXPECT_EQ(FindAndShow(), "INVALID");
  Write("config",
        "[default]\nrole_arn = r\nsource_profile = a\n[profile a]\nrole_arn = r\n"
        "source_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n");
  const auto found = Find();
  EXPECT_NE(found.status().message().find("circle"), std::string::npos)
      << found.status().ToString();
}

TEST_F(CredentialsTest, AProfileAskedForByNameIsNotReplacedByTheMachinesRole) {
  variables_.erase("AWS_EC2_METADATA_DISABLED");
  variables_["AWS_PROFILE"] = "work";
  EXPECT_EQ(FindAndShow(), "INVALID");
}

TEST_F(CredentialsTest, FileThatIsNoneIsInvalidAndItsContentIsNotShown) {
  std::filesystem::create_directory(folder_ + "/.aws/credentials");
  EXPECT_EQ(FindAndShow(), "INVALID");
}

TEST(AwsProfileTest, TextThatIsNoSettingIsSkipped) {
  const auto settings =
      ParseProfile("a=1\n[x\n[one]\n=\nnothing\nb = 2 = 3\n\tc=4\n[two]\nd=5", "one");
  EXPECT_EQ(settings.size(), 2u);
  EXPECT_EQ(settings.at("b"), "2 = 3");
  EXPECT_TRUE(ParseProfile("", "one").empty());
}

}  // namespace
}  // namespace duckpond
