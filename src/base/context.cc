// SPDX-License-Identifier: MIT
#include "base/context.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace duckpond {

Status Context::Check(MonotonicUs now_us) const {
  if (cancel.cancelled()) return Status::Cancelled("the caller cancelled the operation");
  if (now_us >= deadline_us) return Status::Cancelled("the deadline of the operation passed");
  return Status::Ok();
}

Context Context::WithDeadline(MonotonicUs latest_us) const {
  Context earlier = *this;
  earlier.deadline_us = std::min(deadline_us, latest_us);
  return earlier;
}

Task<Status> Sleep(Context context, int64_t wait_us) {
  CHECK(wait_us >= 0);
  Executor* executor = co_await CurrentExecutor{};
  const MonotonicUs due_us = std::min(executor->NowUs() + wait_us, context.deadline_us);
  // Whoever comes first wakes it: the timer cannot be taken back and finds nobody then.
  Completion<bool> woken;
  auto registration = context.cancel.OnCancel([woken] { woken.Set(true); });
  executor->PostAt(due_us, [woken] { woken.Set(true); });
  co_await woken;
  co_return context.Check(executor->NowUs());
}

}  // namespace duckpond
