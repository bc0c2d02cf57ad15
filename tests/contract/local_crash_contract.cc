// SPDX-License-Identifier: MIT
//
// What a directory must survive: writers killed at any moment, full disks, missing rights.
#include <sys/stat.h>

#include <filesystem>

#include "base/random.h"
#include "store/local_store.h"
#include "tests/contract/crash_content.h"
#include "tests/contract/store_fixture.h"
#include "tests/support/child_process.h"
#include "tests/support/scratch_folder.h"

namespace duckpond {
namespace {

constexpr int kKillRounds = 50;
constexpr uint64_t kWritesBeforeKillMax = 4;
constexpr uint64_t kSpinsBeforeKillMax = 400'000;

class LocalCrash : public ::testing::Test {
 protected:
  LocalCrash() { std::filesystem::create_directory(path_); }

  std::shared_ptr<LocalObjectStore> Open() {
    auto store = LocalObjectStore::Open(Env::Process(), {.path = path_});
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    return *store;
  }
  ChildProcess StartWorker(const std::vector<std::string>& arguments) {
    ChildProcess::Options options;
    options.command = {SWAP_WORKER};
    options.command.insert(options.command.end(), arguments.begin(), arguments.end());
    auto worker = ChildProcess::Start(options);
    EXPECT_TRUE(worker.ok()) << worker.status().ToString();
    return *std::move(worker);
  }
  // The number in a whole object, -1 if it is missing; a torn one fails the test.
  int NumberIn(ObjectStore& store, const std::string& key) {
    const auto reply = Block(Env::Process().executor, store.Get({}, key, {}));
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    if (!reply.ok() || reply->state != GetReply::State::kFound) return -1;
    const auto number = CrashNumber(reply->bytes.view());
    EXPECT_TRUE(number) << key << " is torn: " << reply->bytes.size() << " bytes";
    return number.value_or(-1);
  }
  size_t FilesIn(const std::string& folder) {
    std::error_code missing;
    const std::filesystem::directory_iterator entries(path_ + "/" + folder, missing);
    return missing ? 0 : static_cast<size_t>(std::distance(begin(entries), end(entries)));
  }

  ScratchFolder folder_;
  const std::string path_ = folder_ / "pond";
};

TEST_F(LocalCrash, KilledWritersLeaveWholeObjectsAndLoseNoAcknowledgedOne) {
  SeededRandom random(20261121);
  const auto store = Open();
  int last = 0;
  for (int round = 0; round < kKillRounds; ++round) {
    ChildProcess worker = StartWorker({"write", path_, std::to_string(last + 1)});
    const uint64_t writes = 1 + random.Below(kWritesBeforeKillMax);
    for (uint64_t i = 0; i < writes; ++i) {
      const auto line = worker.ReadLine();
      ASSERT_TRUE(line) << "the worker ended by itself in round " << round;
      last = NumberAtStart(*line);
    }
    // To be somewhere else in the next write each time.
    for (volatile uint64_t spin = random.Below(kSpinsBeforeKillMax); spin > 0;) spin = spin - 1;
    worker.Kill();
    EXPECT_EQ(worker.Wait(), 128 + 9);
    while (const auto line = worker.ReadLine()) last = NumberAtStart(*line);

    const int head = NumberIn(*store, "head");
    ASSERT_GE(head, last) << "an acknowledged write is lost in round " << round;
    ASSERT_LE(head, last + 1);
    for (int number = std::max(1, last - 8); number <= last; ++number) {
      ASSERT_EQ(NumberIn(*store, CrashDataKey(number)), number);
    }
    // Not acknowledged: there and whole, or not there.
    const int next = NumberIn(*store, CrashDataKey(last + 1));
    ASSERT_TRUE(next == -1 || next == last + 1);
    last = head;
  }
  // The next writer takes away what the dead left, and no lock of theirs is in its way.
  const auto next = Open();
  const auto put =
      Block(Env::Process().executor, next->Put({}, "head", Bytes("done"), PutCondition::None()));
  ASSERT_TRUE(put.ok()) << put.status().ToString();
  EXPECT_EQ(put->state, PutReply::State::kWritten);
  EXPECT_EQ(FilesIn(".duckpond/tmp"), 0U);
}

TEST_F(LocalCrash, FullDiskIsExhaustedAndLeavesTheOldObject) {
  const auto store = Open();
  ASSERT_TRUE(
      Block(Env::Process().executor, store->Put({}, "head", Bytes("old"), PutCondition::None()))
          .ok());
  ChildProcess worker = StartWorker({"limit", path_, "1000000"});
  for (int i = 0; i < 2; ++i) {
    const auto line = worker.ReadLine();
    ASSERT_TRUE(line);
    EXPECT_EQ(line->find("EXHAUSTED: "), 0U) << *line;
  }
  EXPECT_EQ(worker.Wait(), 0);
  const auto head = Block(Env::Process().executor, store->Get({}, "head", {}));
  EXPECT_EQ(head->bytes.view(), "old");
  EXPECT_EQ(Block(Env::Process().executor, store->Get({}, "folder/new", {}))->state,
            GetReply::State::kMissing);
  EXPECT_EQ(FilesIn(".duckpond/tmp"), 0U);
}

TEST_F(LocalCrash, DirectoryWithoutWriteRightIsInvalidAndSaysSo) {
  const auto store = Open();
  ASSERT_TRUE(
      Block(Env::Process().executor, store->Put({}, "head", Bytes("old"), PutCondition::None()))
          .ok());
  // Others may reach and read the pond, not change it.
  chmod(folder_.path().c_str(), 0755);
  chmod(path_.c_str(), 0555);
  chmod((path_ + "/.duckpond").c_str(), 0555);
  chmod((path_ + "/.duckpond/tmp").c_str(), 0555);
  ChildProcess worker = StartWorker({"nobody", path_});
  for (int i = 0; i < 2; ++i) {
    const auto line = worker.ReadLine();
    ASSERT_TRUE(line);
    EXPECT_EQ(line->find("INVALID: "), 0U) << *line;
    EXPECT_NE(line->find("Permission denied"), std::string::npos) << *line;
    EXPECT_NE(line->find(path_), std::string::npos) << *line;
  }
  EXPECT_EQ(worker.Wait(), 0);
  chmod(path_.c_str(), 0755);
}

}  // namespace
}  // namespace duckpond
