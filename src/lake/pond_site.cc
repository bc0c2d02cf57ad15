// SPDX-License-Identifier: MIT
#include "lake/pond_site.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "lake/limits.h"
#include "log/pond_file.h"

namespace duckpond {

bool FlushGate::TryEnter() {
  std::lock_guard lock(mutex_);
  return !std::exchange(entered_, true);
}

void FlushGate::Leave() {
  std::vector<Completion<bool>> waiting;
  {
    std::lock_guard lock(mutex_);
    CHECK(entered_);  // Else two flushes would be under way, which write the same rows twice.
    entered_ = false;
    waiting.swap(waiting_);
  }
  for (const auto& one : waiting) one.Set(true);
}

std::optional<Completion<bool>> FlushGate::WaitForLeave() {
  std::lock_guard lock(mutex_);
  if (!entered_) return std::nullopt;
  return waiting_.emplace_back();
}

Task<void> DeleteObjects(PondSitePtr site, Context context, std::vector<std::string> paths) {
  for (const std::string& path : paths) {
    // Data files only: without the log, or a segment or part that it names, all is lost.
    CHECK(!path.empty() && path != kLogKey && path != kPondKey && !path.starts_with("log/"));
  }
  // Without the caller's cancellation: it is often why there is something to clean up.
  Context own;
  own.ledger = context.ledger;
  own.deadline_us = site->env.executor.NowUs() + kCleanUpUsMax;
  for (size_t begin = 0; begin < paths.size(); begin += kDeletesInFlightMax) {
    std::vector<Task<Result<DeleteReply>>> deletes;
    for (size_t i = begin; i < std::min(paths.size(), begin + kDeletesInFlightMax); ++i) {
      deletes.push_back(site->store->Delete(own, paths[i], std::nullopt));
    }
    co_await WhenAll(std::move(deletes));
  }
}

}  // namespace duckpond
