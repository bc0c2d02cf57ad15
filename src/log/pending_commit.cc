// SPDX-License-Identifier: MIT
#include "log/pending_commit.h"

#include <limits>

#include "base/check.h"
#include "log/limits.h"

namespace duckpond {

bool PendingCommit::BeginPut() {
  std::lock_guard lock(mutex_);
  if (answered_ || wants_out_) return false;
  CHECK(!in_doubt_);  // What became of the last put is told before there is another.
  in_doubt_ = true;
  return true;
}

void PendingCommit::PutFailed() {
  bool cancelled = false;
  {
    std::lock_guard lock(mutex_);
    in_doubt_ = false;
    cancelled = wants_out_;
  }
  if (cancelled) Answer(Status::Cancelled("the commit was cancelled; it did not happen"));
}

// `done` is set outside of the lock here and below: it resumes who waits, who may ask again.
void PendingCommit::Answer(Result<CommitReceipt> result) {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(answered_, true)) return;
  }
  const bool first = done.Set(std::move(result));
  CHECK(first);
}

void PendingCommit::Fail(const Status& status) {
  bool in_doubt = false;
  {
    std::lock_guard lock(mutex_);
    in_doubt = in_doubt_;
  }
  if (!in_doubt) return Answer(status);
  Answer(Status::Unknown("the commit with transaction id " + options.transaction.ToString() +
                         " may have happened: " + status.ToString()));
}

bool PendingCommit::answered() const {
  std::lock_guard lock(mutex_);
  return answered_;
}

bool PendingCommit::wants_out() const {
  std::lock_guard lock(mutex_);
  return wants_out_ && !answered_;
}

bool PendingCommit::Cancel() {
  {
    std::lock_guard lock(mutex_);
    if (answered_) return false;
    wants_out_ = true;
    // "Cancelled" would be a guess: the committer finds out first.
    if (in_doubt_) return true;
    answered_ = true;
  }
  const bool first = done.Set(Status::Cancelled("the commit was cancelled; it did not happen"));
  CHECK(first);
  return false;
}

void PendingCommit::Expire() {
  bool in_doubt = false;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(answered_, true)) return;
    in_doubt = in_doubt_;
  }
  if (in_doubt) {
    done.Set(Status::Unknown("the time to find out whether the commit with transaction id " +
                             options.transaction.ToString() + " happened is over"));
  } else {
    done.Set(Status::Cancelled("the deadline passed before the commit was made"));
  }
}

Task<Result<CommitReceipt>> AwaitAnswer(Executor& executor, PendingPtr pending) {
  CHECK(pending != nullptr);
  // Weak: a timer cannot be taken back, and deadlines may be far behind the answer.
  const auto expire = [weak = std::weak_ptr(pending)] {
    if (const PendingPtr still = weak.lock()) still->Expire();
  };
  auto registration = pending->context.cancel.OnCancel([&executor, pending, expire] {
    if (pending->Cancel()) executor.PostAt(executor.NowUs() + kGiveUpUsMax, expire);
  });
  if (pending->context.deadline_us != std::numeric_limits<MonotonicUs>::max()) {
    executor.PostAt(pending->context.deadline_us, expire);
  }
  co_return co_await pending->done;
}

}  // namespace duckpond
