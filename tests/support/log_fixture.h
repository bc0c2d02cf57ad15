// SPDX-License-Identifier: MIT
//
// LogFixture: event logs on one memory store, each behind faults of its own, in virtual time, for
// the tests of src/log.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "log/event_log.h"
#include "store/faulty_store.h"
#include "store/memory_store.h"
#include "tests/sim/sim_env.h"
#include "tests/support/set_folder.h"

namespace duckpond {

// A change that commits one event as it stands, whatever the state is.
class OneEvent final : public Change {
 public:
  explicit OneEvent(Event event) : event_(std::move(event)) {}
  Task<Result<std::vector<Event>>> Rebase(Context, Snapshot) override { return Make(event_); }

 private:
  static Task<Result<std::vector<Event>>> Make(Event event) {
    std::vector<Event> events(1, std::move(event));
    co_return events;
  }
  const Event event_;
};

class LogFixture : public ::testing::Test {
 protected:
  // Tasks that nobody waits for own themselves until they end.
  void TearDown() override { LetFinish(); }
  void LetFinish() { EXPECT_TRUE(executor_.RunUntilIdle(1'000'000)); }

  // A name that no other log in this process is opened under.
  static std::string FreshShare() {
    static std::atomic<int> next{0};
    return "share" + std::to_string(next++);
  }

  // A log as another process would have it: nothing shared but the store.
  std::shared_ptr<EventLog> OpenOther(FaultOptions faults = {}, LogOptions options = {}) {
    return OpenOn(std::make_shared<FaultyObjectStore>(memory_, std::move(faults)),
                  std::move(options));
  }
  std::shared_ptr<EventLog> OpenOn(std::shared_ptr<ObjectStore> store, LogOptions options = {}) {
    return EventLog::Open(env_, std::move(store), folder_, std::move(options), FreshShare());
  }

  template <class T>
  T Await(Task<T> task) {
    return Block(env_.executor, std::move(task));
  }

  Status Create() { return Await(log().Create(Context{})); }
  EventLog& log() {
    if (log_ == nullptr) log_ = OpenOther();
    return *log_;
  }

  CommitOptions Options(std::string key = "") {
    CommitOptions options;
    options.transaction = env_.uuids.Next();
    options.idempotency_key = std::move(key);
    return options;
  }
  std::shared_ptr<Change> PutChange(std::string key, std::string value,
                                    SetChange::Options options = {}) {
    return std::make_shared<SetChange>(env_.uuids, SetChange::Entries{{key, value}},
                                       std::move(options));
  }
  Result<CommitReceipt> Put(std::string key, std::string value) { return PutOn(log(), key, value); }
  Result<CommitReceipt> PutOn(EventLog& log, std::string key, std::string value) {
    return Await(log.Commit(Context{}, PutChange(std::move(key), std::move(value)), Options()));
  }

  // The content of an object; empty if there is none.
  std::string Content(const std::string& key) {
    auto reply = Await(memory_->Get(Context{}, key, GetOptions{}));
    return reply.ok() ? std::string(reply->bytes.view()) : std::string();
  }
  void Overwrite(const std::string& key, std::string content) {
    const auto reply =
        Await(memory_->Put(Context{}, key, Bytes(std::move(content)), PutCondition::None()));
    ASSERT_TRUE(reply.ok());
  }

  SimExecutor executor_{1};
  SimEnv sim_{executor_, 2, 0};
  Env& env_ = sim_.env;
  SetFolder folder_;
  std::shared_ptr<MemoryObjectStore> memory_ = std::make_shared<MemoryObjectStore>();
  std::shared_ptr<EventLog> log_;
};

}  // namespace duckpond
