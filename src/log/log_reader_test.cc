// SPDX-License-Identifier: MIT
//
// Reading a log that is not as it should be, creating one, and a fault at every request.
#include "log/log_reader.h"

#include <gtest/gtest.h>

#include <thread>

#include "log/limits.h"
#include "log/pond_file.h"
#include "store/metered_store.h"
#include "store/store_wrapper.h"
#include "tests/support/busy_store.h"
#include "tests/support/log_fixture.h"

namespace duckpond {
namespace {

constexpr Fault kFaults[] = {Fault::kFail,  Fault::kDrop,      Fault::kTimeOut,  Fault::kLate,
                             Fault::kDelay, Fault::kDuplicate, Fault::kTruncate, Fault::kStale};

FaultOptions Nth(uint64_t nth, Fault fault) {
  FaultOptions faults;
  faults.rules.push_back({std::nullopt, "", nth, fault, 20'000});
  return faults;
}

class LogReaderTest : public LogFixture {
 protected:
  Status Latest() { return Await(OpenOther()->Latest(Context{})).status(); }
  void Remove(const std::string& key) {
    ASSERT_TRUE(Await(memory_->Delete(Context{}, key, std::nullopt)).ok());
  }
};

TEST_F(LogReaderTest, NoPondTakesTwoAnswersToBelieve) {
  const auto store = std::make_shared<FaultyObjectStore>(memory_, FaultOptions{});
  const Status status = Await(OpenOn(store)->Latest(Context{})).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(store->requests(), 2u);
}

TEST_F(LogReaderTest, ALostLogIsNeverAnEmptyPond) {
  ASSERT_EQ(Create(), Status::Ok());
  ASSERT_TRUE(Put("a", "1").ok());
  Remove("pond.log");
  const Status status = Latest();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_NE(status.message().find("pond.log"), std::string::npos);
  EXPECT_EQ(PutOn(*OpenOther(), "b", "1").error().code(), StatusCode::kCorrupt);
  EXPECT_EQ(Create().code(), StatusCode::kExists);
  EXPECT_EQ(Content("pond.log"), "");
}

TEST_F(LogReaderTest, ALogThatWasThereIsNotMadeAnew) {
  ASSERT_EQ(Create(), Status::Ok());
  ASSERT_TRUE(Put("a", "1").ok());
  Remove("pond.log");
  Remove("pond.json");
  EXPECT_EQ(Await(log().Latest(Context{})).error().code(), StatusCode::kCorrupt);
  // The put was refused, and where the log went nobody can tell.
  const Status status = Put("b", "1").status();
  EXPECT_EQ(status.code(), StatusCode::kUnknown);
  EXPECT_NE(status.message().find("is lost"), std::string::npos) << status.message();
  EXPECT_EQ(Content("pond.log"), "");
}

TEST_F(LogReaderTest, ATruncatedLogIsCorruptAtItsPlace) {
  ASSERT_TRUE(Put("a", "1").ok());
  const std::string content = Content("pond.log");
  Overwrite("pond.log", content.substr(0, content.size() - 1));
  const Status status = Latest();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_EQ(status.message().find(memory_->url() + ": pond.log at byte "), 0u) << status.message();
  EXPECT_NE(status.message().find("`duckpond log recover " + memory_->url()), std::string::npos);
  EXPECT_EQ(PutOn(*OpenOther(), "b", "1").error().code(), StatusCode::kCorrupt);
}

TEST_F(LogReaderTest, AHistoryThatWasRewrittenIsNoticed) {
  ASSERT_EQ(Create(), Status::Ok());
  const std::string empty = Content("pond.log");
  ASSERT_TRUE(Put("a", "1").ok());
  const auto reader = OpenOther();
  ASSERT_TRUE(Await(reader->Latest(Context{})).ok());
  Overwrite("pond.log", empty);
  ASSERT_TRUE(PutOn(*OpenOther(), "b", "1").ok());
  EXPECT_EQ(Await(reader->Latest(Context{})).status().code(), StatusCode::kCorrupt);
}

TEST_F(LogReaderTest, TheLogOfAnotherPondIsNoticed) {
  ASSERT_TRUE(Put("a", "1").ok());
  const auto reader = OpenOther();
  ASSERT_TRUE(Await(reader->Latest(Context{})).ok());
  const auto here = std::exchange(memory_, std::make_shared<MemoryObjectStore>());
  ASSERT_TRUE(PutOn(*OpenOther(), "a", "2").ok());
  const std::string foreign = Content("pond.log");
  memory_ = here;
  Overwrite("pond.log", foreign);
  EXPECT_EQ(Await(reader->Latest(Context{})).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(Await(OpenOther()->Verify(Context{})).status().code(), StatusCode::kCorrupt);
}

TEST_F(LogReaderTest, AStaleAnswerDoesNotTakeAReaderBack) {
  ASSERT_EQ(Create(), Status::Ok());
  FaultOptions faults;
  for (uint64_t nth = 1; nth < 50; ++nth) {
    faults.rules.push_back({RequestKind::kGet, "pond.log", nth, Fault::kStale, 0});
  }
  const auto log = OpenOther(faults);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(PutOn(*log, "a", std::to_string(i)).ok());
  EXPECT_EQ(Await(log->Latest(Context{}))->version, 10u);
}

TEST_F(LogReaderTest, ReadersThatAskTogetherShareARequest) {
  ASSERT_TRUE(Put("a", "1").ok());
  const auto store = std::make_shared<FaultyObjectStore>(memory_, FaultOptions{});
  const auto log = OpenOn(store);
  std::vector<Task<Result<Snapshot>>> reads;
  for (int i = 0; i < 50; ++i) reads.push_back(log->Latest(Context{}));
  for (const auto& seen : Await(WhenAll(std::move(reads)))) EXPECT_EQ(seen->version, 1u);
  // One for those that had asked when it started, one for all that came since, and so on.
  EXPECT_LT(store->requests(), 15u);
}

TEST_F(LogReaderTest, AReadThatStartsAfterACommitSeesItThoughAnotherIsUnderWay) {
  ASSERT_EQ(Create(), Status::Ok());
  FaultOptions faults;
  // The first read is answered late with what was there when it was asked.
  faults.rules.push_back({RequestKind::kGet, "pond.log", 1, Fault::kDelay, 1'000'000});
  const auto log = OpenOther(faults);
  const auto early = Start(executor_, log->Latest(Context{}));
  struct Nap {
    static Task<Status> Take() { co_return co_await Sleep(Context{}, 999'999); }
  };
  ASSERT_EQ(Await(Nap::Take()), Status::Ok());
  ASSERT_TRUE(Put("a", "1").ok());
  EXPECT_EQ(Await(log->Latest(Context{}))->version, 1u);
}

TEST_F(LogReaderTest, OneReadersCancellationDoesNotDisturbAnother) {
  ASSERT_TRUE(Put("a", "1").ok());
  FaultOptions faults;
  faults.rules.push_back({RequestKind::kGet, "pond.log", 1, Fault::kDelay, 1'000'000});
  const auto log = OpenOther(faults);
  CancelSource source;
  Context cancelled;
  cancelled.cancel = source.token();
  source.Cancel();
  std::vector<Task<Result<Snapshot>>> reads;
  reads.push_back(log->Latest(cancelled));
  reads.push_back(log->Latest(Context{}));
  const auto results = Await(WhenAll(std::move(reads)));
  EXPECT_EQ(results[0].error().code(), StatusCode::kCancelled);
  EXPECT_TRUE(results[1].ok());
}

TEST_F(LogReaderTest, AFaultAtAnyRequestOfCreatingLosesNothing) {
  for (const Fault fault : kFaults) {
    for (uint64_t nth = 1; nth <= 25; ++nth) {
      memory_ = std::make_shared<MemoryObjectStore>();
      Status status = Await(OpenOther(Nth(nth, fault))->Create(Context{}));
      LetFinish();
      if (!status.ok()) status = Await(OpenOther()->Create(Context{}));
      EXPECT_TRUE(status.ok() || status.code() == StatusCode::kExists) << status.ToString();
      EXPECT_TRUE(PutOn(*OpenOther(), "a", "1").ok());
      EXPECT_TRUE(Await(OpenOther()->Verify(Context{})).ok());
    }
  }
}

TEST_F(LogReaderTest, ACreationThatCrashedAtAnyRequestIsFinishedByTheNext) {
  bool finished = false;
  for (uint64_t requests = 1; !finished; ++requests) {
    ASSERT_LT(requests, 100u);
    memory_ = std::make_shared<MemoryObjectStore>();
    FaultOptions faults;
    faults.crash_after = requests;
    finished = Await(OpenOther(faults)->Create(Context{})).ok();
    const Status before = Latest();
    EXPECT_TRUE(before.ok() || before.code() == StatusCode::kNotFound) << before.ToString();
    EXPECT_TRUE(PutOn(*OpenOther(), "a", "1").ok());
    EXPECT_EQ(Latest(), Status::Ok());
    EXPECT_TRUE(PondFile::Decode(Content("pond.json"))->ready);
  }
}

TEST_F(LogReaderTest, AFaultAtAnyRequestOfCommittingAndRollingLosesNothing) {
  LogOptions rolling;
  rolling.roll_bytes = 500;
  rolling.inline_state_bytes_max = 100;
  for (const Fault fault : kFaults) {
    for (uint64_t nth = 1; nth <= 16; ++nth) {
      memory_ = std::make_shared<MemoryObjectStore>();
      log_ = nullptr;
      ASSERT_EQ(Create(), Status::Ok());
      const auto log = OpenOther(Nth(nth, fault), rolling);
      Version committed = 0;
      for (int i = 0; i < 8; ++i) {
        const auto receipt = PutOn(*log, "k" + std::to_string(i), "1");
        if (receipt.ok()) {
          committed = receipt->version;
        } else {
          EXPECT_EQ(receipt.error().code(), StatusCode::kUnavailable) << nth;
        }
      }
      ASSERT_EQ(Await(log->Settle(Context{})), Status::Ok());
      LetFinish();
      const auto report = Await(OpenOther()->Verify(Context{}));
      ASSERT_TRUE(report.ok()) << report.error().ToString();
      EXPECT_EQ(report->last_version, committed);
      EXPECT_GE(committed, 7u);
    }
  }
}

TEST_F(LogReaderTest, AFaultAtAnyRequestOfReadingIsAnErrorOrTheTruth) {
  ASSERT_TRUE(Put("a", "1").ok());
  for (const Fault fault : kFaults) {
    for (uint64_t nth = 1; nth <= 3; ++nth) {
      const auto log = OpenOther(Nth(nth, fault));
      for (int i = 0; i < 4; ++i) {
        const auto seen = Await(log->Latest(Context{}));
        if (seen.ok()) {
          EXPECT_EQ(SetText(seen->state), "a=1");
        } else {
          EXPECT_EQ(seen.error().code(), StatusCode::kUnavailable) << seen.error().ToString();
        }
      }
    }
  }
}

TEST_F(LogReaderTest, APlaceThatHoldsOtherThingsIsRefused) {
  Overwrite("holiday.jpg", "x");
  const Status status = Create();
  EXPECT_EQ(status.code(), StatusCode::kInvalid);
  EXPECT_NE(status.message().find("holiday.jpg"), std::string::npos);
  EXPECT_EQ(Put("a", "1").error().code(), StatusCode::kInvalid);
  EXPECT_EQ(Content("pond.json"), "");
}

TEST_F(LogReaderTest, WhatAKilledFirstWriteLeftDoesNotStandInTheWay) {
  Overwrite("data/01a0c450-6c00-73cd-a61e-ef2ff75f94cb/u=1/x.parquet", "x");
  Overwrite("proof/01a0c450-6c00-73cd-a61e-ef2ff75f94cb", "x");
  EXPECT_EQ(Create(), Status::Ok());
}

TEST_F(LogReaderTest, SegmentsWithoutAPondAreTheRestOfALostOne) {
  Overwrite("log/01a0c450-6c00-73cd-a61e-ef2ff75f94cb.log", "x");
  EXPECT_EQ(Create().code(), StatusCode::kInvalid);
  memory_ = std::make_shared<MemoryObjectStore>();
  log_ = nullptr;
  Overwrite("data/2023/x.parquet", "x");
  EXPECT_EQ(Create().code(), StatusCode::kInvalid);
}

TEST_F(LogReaderTest, CreatingTwiceSaysThatThereIsAPond) {
  ASSERT_EQ(Create(), Status::Ok());
  EXPECT_EQ(Create().code(), StatusCode::kExists);
}

// A conflict may be with a put that is under way and fails in the end: it is no log.
TEST_F(LogReaderTest, AConflictIsNotTakenForTheLogOfAnother) {
  for (const char* key : {"pond.log", "pond.json"}) {
    memory_ = std::make_shared<MemoryObjectStore>();
    const auto store = std::make_shared<BusyStore>(memory_, FirstPuts(key, 2));
    ASSERT_EQ(Await(OpenOn(store)->Create(Context{})), Status::Ok()) << key;
    EXPECT_EQ(store->refused(), 2);
    const auto other = OpenOther();
    ASSERT_TRUE(PutOn(*other, "a", "1").ok()) << key;
    EXPECT_EQ(SetText(Await(OpenOther()->Latest(Context{}))->state), "a=1");
  }
}

// What a first log would have to say of the pond must be such that a reader takes it.
TEST_F(LogReaderTest, APondThatNobodyCouldReadIsNotMade) {
  class FarStore final : public StoreWrapper {
   public:
    using StoreWrapper::StoreWrapper;
    std::string endpoint() const override { return std::string(kProofBytesMax, 'e'); }
  };
  EXPECT_FALSE(Await(OpenOn(std::make_shared<FarStore>(memory_))->Create(Context{})).ok());
  EXPECT_EQ(Content("pond.json"), "");
  // Nor is a creation finished that was begun with a time which is none.
  ASSERT_EQ(Create(), Status::Ok());
  std::string file = Content("pond.json");
  const size_t created = file.find("\"created\":") + 10;
  file.insert(created, "-");
  file.replace(file.find("ready"), 5, "creating");
  Remove("pond.log");
  Overwrite("pond.json", file);
  EXPECT_EQ(Create().code(), StatusCode::kCorrupt);
  EXPECT_EQ(Content("pond.log"), "");
}

// Notes whether anything was deleted before the first object that stays was there: a server that
// keeps objects as files would have removed the pond's own folder under its first put.
class NotesEarlyDeletes final : public StoreWrapper {
 public:
  using StoreWrapper::StoreWrapper;
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override {
    const bool stays = key == kPondKey;
    auto reply = co_await below()->Put(std::move(context), std::move(key), std::move(body),
                                       std::move(condition));
    stays_ = stays_ || stays;
    co_return reply;
  }
  Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                   std::optional<ObjectTag> if_match) override {
    early_ = early_ || !stays_;
    ++deletes_;
    return below()->Delete(std::move(context), std::move(key), std::move(if_match));
  }
  bool early() const { return early_; }
  int deletes() const { return deletes_; }

 private:
  bool stays_ = false;
  bool early_ = false;
  int deletes_ = 0;
};

TEST_F(LogReaderTest, TheProofIsRemovedOnceThePondHasAnObject) {
  FaultOptions slow;
  slow.rates.delay = 1;
  const auto store =
      std::make_shared<NotesEarlyDeletes>(std::make_shared<FaultyObjectStore>(memory_, slow));
  ASSERT_EQ(Await(OpenOn(store)->Create(Context{})), Status::Ok());
  EXPECT_GT(store->deletes(), 0);
  EXPECT_FALSE(store->early());
}

TEST_F(LogReaderTest, WhatDoesNotDependOnEachOtherIsSentTogether) {
  FaultOptions slow;
  slow.rates.delay = 1;
  const auto ledger = std::make_shared<CostLedger>();
  const auto far = std::make_shared<FaultyObjectStore>(memory_, slow);
  const auto log = OpenOn(std::make_shared<MeteredObjectStore>(far, ledger));
  ASSERT_EQ(Await(log->Create(Context{})), Status::Ok());
  EXPECT_EQ(ledger->Total().round_trips, 8u) << ledger->Total().ToJson();
  const auto left = Await(memory_->List(Context{}, "", std::nullopt));
  EXPECT_EQ(left->objects.size(), 2u);
}

TEST_F(LogReaderTest, ANewerPondFileIsUnsupported) {
  ASSERT_EQ(Create(), Status::Ok());
  Remove("pond.log");
  std::string file = Content("pond.json");
  file.replace(file.find("\"format\":1"), 10, "\"format\":2");
  Overwrite("pond.json", file);
  EXPECT_EQ(Latest().code(), StatusCode::kUnsupported);
}

TEST_F(LogReaderTest, OneLogIsOpenPerPondAndProcess) {
  const auto first = EventLog::Open(env_, memory_, folder_, {}, "one");
  EXPECT_EQ(EventLog::Open(env_, memory_, folder_, {}, "one"), first);
  EXPECT_NE(EventLog::Open(env_, memory_, folder_, {}, "other"), first);
}

// Under the thread sanitizer this is what looks for races; the count must come out anyway.
TEST(LogThreadsTest, ThreadsCommitAndReadThroughOneLogAndTwo) {
  Env& env = Env::Process();
  const SetFolder folder;
  const auto memory = std::make_shared<MemoryObjectStore>();
  LogOptions options;
  options.roll_bytes = 4096;
  const auto one = EventLog::Open(env, memory, folder, options, "threads one");
  const auto two = EventLog::Open(env, memory, folder, options, "threads two");
  constexpr int kThreads = 6;
  constexpr int kCommits = 25;
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      EventLog& log = t % 2 == 0 ? *one : *two;
      for (int i = 0; i < kCommits; ++i) {
        auto change = std::make_shared<SetChange>(
            env.uuids, SetChange::Entries{{"t" + std::to_string(t), std::to_string(i)}});
        CommitOptions commit;
        commit.transaction = env.uuids.Next();
        made += Block(env.executor, log.Commit(Context{}, change, commit)).ok();
        EXPECT_TRUE(Block(env.executor, log.Latest(Context{})).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Block(env.executor, one->Settle(Context{})), Status::Ok());
  EXPECT_EQ(Block(env.executor, two->Settle(Context{})), Status::Ok());
  EXPECT_EQ(made.load(), kThreads * kCommits);
  const auto report = Block(env.executor, one->Verify(Context{}));
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_EQ(report->last_version, static_cast<Version>(kThreads * kCommits));
}

}  // namespace
}  // namespace duckpond
