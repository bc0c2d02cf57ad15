// SPDX-License-Identifier: MIT
//
// PondSite: what a pond and all of its transactions share: the world, the store, the log, who reads
// and writes rows, and whose turn it is to flush.
//
// Threads:   all methods may be called concurrently.
// Lifetime:  shared: transactions and the log's changes may outlive the Pond.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/env.h"
#include "lake/data_engine.h"
#include "lake/inline_key_cache.h"
#include "lake/key_hash_list.h"
#include "log/event_log.h"
#include "store/object_store.h"

namespace duckpond {

// FlushGate: one flush of a pond at a time in this process. Two would write the same rows twice,
// and one of them would be dropped.
class FlushGate {
 public:
  // Whether it is the caller's turn; then Leave must follow.
  bool TryEnter();
  void Leave();
  // What is given once the flush that is under way has ended; none if there is none.
  std::optional<Completion<bool>> WaitForLeave();

 private:
  std::mutex mutex_;
  bool entered_ = false;
  std::vector<Completion<bool>> waiting_;
};

struct PondSite {
  PondSite(Env& env_in, std::shared_ptr<ObjectStore> store_in, std::shared_ptr<EventLog> log_in,
           bool read_only_in)
      : env(env_in),
        store(std::move(store_in)),
        log(std::move(log_in)),
        read_only(read_only_in),
        hash_lists(std::make_shared<HashLists>(store)) {}

  Env& env;
  const std::shared_ptr<ObjectStore> store;
  const std::shared_ptr<EventLog> log;
  const bool read_only;
  const std::shared_ptr<HashLists> hash_lists;
  InlineKeyCache inline_keys;
  FlushGate flush_gate;

  std::shared_ptr<DataEngine> engine() const {
    std::lock_guard lock(mutex_);
    return engine_;
  }
  void SetEngine(std::shared_ptr<DataEngine> engine) {
    std::lock_guard lock(mutex_);
    engine_ = std::move(engine);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<DataEngine> engine_;
};
using PondSitePtr = std::shared_ptr<PondSite>;

// Deletes objects that no commit names and none will, a few at a time. Errors are swallowed: an
// object that the log does not name is not data. Does not stop when the context is cancelled, only
// at a deadline of its own.
Task<void> DeleteObjects(PondSitePtr site, Context context, std::vector<std::string> paths);

}  // namespace duckpond
