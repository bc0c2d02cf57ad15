// SPDX-License-Identifier: MIT
//
// Races that every store must decide: one winner each, nothing lost, nothing half written.
#include <atomic>
#include <thread>

#include "store/store_proof.h"
#include "tests/contract/crash_content.h"
#include "tests/contract/store_fixture.h"
#include "tests/support/child_process.h"

namespace duckpond {
namespace {

constexpr int kThreads = 16;
constexpr int kSwapsPerThread = 20;
constexpr int kCreateRounds = 50;
constexpr int kFolderThreads = 3;
constexpr int kPutsPerThread = 60;
constexpr int kTriesMax = 20;
constexpr int kProcesses = 4;
constexpr int kSwapsPerProcess = 25;

class StoreRaces : public StoreFixture {
 protected:
  // Counts the object up by one, however often another is faster. False if the store fails.
  bool Increment(const std::string& key) {
    for (;;) {
      const auto now = Get(key);
      if (!now.ok() || now->state != GetReply::State::kFound) return false;
      const int count = NumberAtStart(now->bytes.view());
      const auto swapped = Put(key, std::to_string(count + 1), PutCondition::IfMatch(now->tag));
      if (!swapped.ok() || swapped->state == PutReply::State::kUnknown) {
        ADD_FAILURE() << (swapped.ok() ? swapped->detail : swapped.status().ToString());
        return false;
      }
      if (swapped->state == PutReply::State::kWritten) return true;
    }
  }

  template <class Work>
  static void InThreads(int count, Work work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back(work, i);
    for (std::thread& thread : threads) thread.join();
  }
};

TEST_P(StoreRaces, SwapsOfManyThreadsAreAllCounted) {
  MustPut("counter", "0");
  std::atomic<int> done{0};
  InThreads(kThreads, [&](int) {
    for (int i = 0; i < kSwapsPerThread; ++i) done += Increment("counter") ? 1 : 0;
  });
  EXPECT_EQ(done.load(), kThreads * kSwapsPerThread);
  EXPECT_EQ(Content("counter"), std::to_string(kThreads * kSwapsPerThread));
}

TEST_P(StoreRaces, CreateHasOneWinner) {
  for (int round = 0; round < kCreateRounds; ++round) {
    const std::string key = "created/" + std::to_string(round);
    std::vector<Task<Result<PutReply>>> rivals;
    for (int i = 0; i < kThreads; ++i) {
      rivals.push_back(
          store().Put(Soon(), key, Bytes(std::to_string(i)), PutCondition::IfAbsent()));
    }
    const auto replies = Block(executor(), WhenAll(std::move(rivals)));
    std::string winners;
    for (int i = 0; i < kThreads; ++i) {
      ASSERT_TRUE(replies[i].ok()) << replies[i].status().ToString();
      ASSERT_NE(replies[i]->state, PutReply::State::kUnknown) << replies[i]->detail;
      if (replies[i]->state == PutReply::State::kWritten) winners += std::to_string(i);
    }
    ASSERT_EQ(Content(key), winners) << "round " << round;
  }
}

TEST_P(StoreRaces, ReadersSeeOneContentOrTheOther) {
  const std::string contents[] = {std::string(200'000, 'a'), std::string(150'000, 'b')};
  MustPut("object", contents[0]);
  std::atomic<bool> stop{false};
  std::atomic<int> reads{0};
  std::thread reader([&] {
    while (!stop) {
      const std::string seen = Content("object");
      ASSERT_TRUE(seen == contents[0] || seen == contents[1]) << seen.size();
      ++reads;
    }
  });
  // Goes on until the reader has been at it for a while, however fast either is.
  for (int i = 1; (reads < 20 || i < 40) && !HasFailure(); ++i) {
    MustPut("object", contents[i % 2]);
  }
  stop = true;
  reader.join();
}

// A store that keeps objects as files removes a folder with its last object: a put into it at that
// moment is written all the same, or is refused as to be tried again.
TEST_P(StoreRaces, AFolderThatIsEmptiedIsInNobodysWay) {
  std::atomic<int> written{0};
  InThreads(kFolderThreads, [&](int thread) {
    const std::string key = "comes/and/goes/" + std::to_string(thread);
    for (int i = 0; i < kPutsPerThread && !HasFailure(); ++i) {
      auto put = Put(key, "here", PutCondition::IfAbsent());
      for (int again = 0; !put.ok() && again < kTriesMax; ++again) {
        ASSERT_EQ(put.error().code(), StatusCode::kUnavailable) << put.error().ToString();
        put = Put(key, "here", PutCondition::IfAbsent());
      }
      ASSERT_TRUE(put.ok()) << put.error().ToString();
      ASSERT_EQ(put->state, PutReply::State::kWritten) << put->detail;
      ASSERT_EQ(Content(key), "here");
      const auto deleted = Delete(key);
      ASSERT_TRUE(deleted.ok()) << deleted.error().ToString();
      ASSERT_EQ(deleted->state, DeleteReply::State::kDeleted) << deleted->detail;
      ++written;
    }
  });
  EXPECT_EQ(written.load(), kFolderThreads * kPutsPerThread);
}

TEST_P(StoreRaces, ProofIsGivenAndLeavesNothingBehind) {
  const auto proof = Block(executor(), ProveConditions(Env::Process(), opened().store, Soon()));
  ASSERT_TRUE(proof.ok()) << proof.status().ToString();
  EXPECT_EQ(*proof, ProofText(store()));
  const auto listed = Block(executor(), store().List(Soon(), "", std::nullopt));
  ASSERT_TRUE(listed.ok()) << listed.status().ToString();
  EXPECT_TRUE(listed->objects.empty());
}

INSTANTIATE_TEST_SUITE_P(All, StoreRaces, ::testing::ValuesIn(AllBackends()), BackendName);

class ProcessRaces : public StoreFixture {};

TEST_P(ProcessRaces, SwapsOfManyProcessesAreAllCounted) {
  MustPut("counter", "0");
  std::vector<ChildProcess> workers;
  for (int i = 0; i < kProcesses; ++i) {
    ChildProcess::Options options;
    options.command = {SWAP_WORKER, "count", opened().url, "counter",
                       std::to_string(kSwapsPerProcess)};
    options.added = opened().environment;
    auto worker = ChildProcess::Start(options);
    ASSERT_TRUE(worker.ok()) << worker.status().ToString();
    workers.push_back(*std::move(worker));
  }
  for (ChildProcess& worker : workers) EXPECT_EQ(worker.Wait(), 0);
  EXPECT_EQ(Content("counter"), std::to_string(kProcesses * kSwapsPerProcess));
}

INSTANTIATE_TEST_SUITE_P(Shared, ProcessRaces, ::testing::ValuesIn(SharedBackends()), BackendName);

}  // namespace
}  // namespace duckpond
