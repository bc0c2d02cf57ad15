// SPDX-License-Identifier: MIT
//
// Reads the ponds of tests/golden/v1/log_*: written once, read for ever. Each is a pond's objects
// as files, beside expected.txt: for each version its number, transaction, time and state. Of
// log_lines_and_parts the base holds lines itself, and names parts with summaries.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "log/pond_file.h"
#include "tests/support/log_fixture.h"
#include "tests/support/summing_folder.h"

namespace duckpond {
namespace {

constexpr size_t kLargeBytes = 1000;  // Of an event that was summed up.

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

// As the lake does with files: parts that are summed up wait until somebody wants them.
TEST_P(GoldenTest, AReaderThatLeavesPartsUnreadFindsTheSame) {
  const SummingFolder summing(kLargeBytes);
  const auto other = EventLog::Open(env_, memory_, summing, {}, FreshShare());
  const auto seen = Await(other->Latest(Context{}));
  ASSERT_TRUE(seen.ok()) << seen.error().ToString();
  const bool has_summaries = std::string(GetParam()) == "log_lines_and_parts";
  EXPECT_EQ(AsSummed(seen->state).unread.size(), has_summaries ? 2u : 0u);
  const auto all = Await(summing.ReadAll(Context{}, seen->state));
  ASSERT_TRUE(all.ok()) << all.error().ToString();
  EXPECT_EQ(SetText(*all), SetText(Await(log().Latest(Context{}))->state));
}

TEST_P(GoldenTest, ItIsWrittenOn) {
  const Version before = Await(log().Latest(Context{}))->version;
  const auto receipt = Put("new", "1");
  ASSERT_TRUE(receipt.ok()) << receipt.error().ToString();
  EXPECT_EQ(receipt->version, before + 1);
  EXPECT_TRUE(Await(OpenOther()->Verify(Context{})).ok());
}

TEST(GoldenPondFileTest, TheProofsOfAllEndpointsAreRead) {
  const auto file = PondFile::Decode(ReadFile(GoldenFolder("log_proofs") / "pond.json"));
  ASSERT_TRUE(file.ok()) << file.error().ToString();
  EXPECT_TRUE(file->IsProven("conditions/1 memory:"));
  EXPECT_TRUE(file->IsProven("conditions/1 https://s3.eu-central-1.amazonaws.com/bucket"));
  EXPECT_TRUE(file->IsProven("conditions/1 https://10.0.0.7:9000/bucket"));
  EXPECT_FALSE(file->IsProven("conditions/1 https://10.0.0.8:9000/bucket"));
}

INSTANTIATE_TEST_SUITE_P(Ponds, GoldenTest,
                         ::testing::Values("log_commits", "log_rolled", "log_parts",
                                           "log_lines_and_parts", "log_proofs"));

}  // namespace
}  // namespace duckpond
