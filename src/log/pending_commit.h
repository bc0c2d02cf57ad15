// SPDX-License-Identifier: MIT
//
// PendingCommit: one caller's commit from the call until its answer. It is answered once: by the
// committer, or, if that takes too long, when its deadline passes or its caller cancels. From the
// moment that a put which carries it may be under way, nobody may say that it did not happen.
//
// Threads:  all methods may be called concurrently.
// Lifetime: shared by the caller's task, which awaits it, and the committer. A deadline's timer
//           holds it weakly: timers cannot be taken back, and may be due long after the answer.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "log/event_log.h"

namespace duckpond {

class PendingCommit {
 public:
  PendingCommit(Context context, std::shared_ptr<Change> change, CommitOptions options)
      : context(std::move(context)), change(std::move(change)), options(std::move(options)) {
    CHECK(this->change != nullptr);
  }

  const Context context;
  const std::shared_ptr<Change> change;
  const CommitOptions options;
  const Completion<Result<CommitReceipt>> done;

  // From now on it may have landed. Returns false if it has been answered or wants out.
  bool BeginPut();
  // It certainly did not land; if the caller has cancelled meanwhile, this answers kCancelled.
  void PutFailed();
  void Answer(Result<CommitReceipt> result);
  // Answers with `status`, or with kUnknown if it may have landed.
  void Fail(const Status& status);

  bool answered() const;
  // Its caller cancelled while it may have landed: a certain answer is wanted soon.
  bool wants_out() const;

  // The caller cancelled: answers at once unless it may have landed.
  // Returns whether an answer is still to come.
  bool Cancel();
  // There is no time left.
  void Expire();

 private:
  mutable std::mutex mutex_;
  bool answered_ = false;   // Guarded by mutex_.
  bool in_doubt_ = false;   // Guarded by mutex_.
  bool wants_out_ = false;  // Guarded by mutex_.
};
using PendingPtr = std::shared_ptr<PendingCommit>;

// Awaits the answer of `pending`, on time.
Task<Result<CommitReceipt>> AwaitAnswer(Executor& executor, PendingPtr pending);

}  // namespace duckpond
