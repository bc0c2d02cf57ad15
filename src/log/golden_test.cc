// SPDX-License-Identifier: MIT
//
// Reads the ponds of tests/golden/v1/log_*: written once, read for ever. Each is a pond's objects
// as files, beside expected.txt: for each version its number, transaction, time and state.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/log_fixture.h"

namespace duckpond {
namespace {

std::filesystem::path GoldenFolder(const std::string& name) {
  return std::filesystem::path(DUCKPOND_GOLDEN_DIR) / "v1" / name;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class GoldenTest : public LogFixture, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    const auto folder = GoldenFolder(GetParam());
    ASSERT_TRUE(std::filesystem::is_directory(folder)) << folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file() || entry.path().filename() == "expected.txt") continue;
      Overwrite(std::filesystem::relative(entry.path(), folder).generic_string(),
                ReadFile(entry.path()));
    }
    expected_ = ReadFile(folder / "expected.txt");
    ASSERT_FALSE(expected_.empty());
  }

  std::string expected_;
};

TEST_P(GoldenTest, EveryVersionIsReadAsItWasWritten) {
  const auto history = Await(log().History(Context{}, {}));
  ASSERT_TRUE(history.ok()) << history.error().ToString();
  std::string text;
  for (const CommitRecord& commit : *history) {
    const auto at = Await(log().At(Context{}, commit.version));
    ASSERT_TRUE(at.ok()) << at.error().ToString();
    text += std::to_string(commit.version) + " " + commit.transaction.ToString() + " " +
            std::to_string(commit.time_us) + " [" + commit.writer + "|" + commit.author + "|" +
            commit.message + "|" + commit.idempotency_key + "] " + SetText(at->state) + "\n";
  }
  EXPECT_EQ(text, expected_);
  const auto report = Await(log().Verify(Context{}));
  EXPECT_TRUE(report.ok()) << report.status().ToString();
}

TEST_P(GoldenTest, ItIsWrittenOn) {
  const Version before = Await(log().Latest(Context{}))->version;
  const auto receipt = Put("new", "1");
  ASSERT_TRUE(receipt.ok()) << receipt.error().ToString();
  EXPECT_EQ(receipt->version, before + 1);
  EXPECT_TRUE(Await(OpenOther()->Verify(Context{})).ok());
}

INSTANTIATE_TEST_SUITE_P(Ponds, GoldenTest,
                         ::testing::Values("log_commits", "log_rolled", "log_parts"));

}  // namespace
}  // namespace duckpond
