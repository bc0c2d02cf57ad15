// SPDX-License-Identifier: MIT
//
// Context: what every call on a store or a log is given: until when it may take, who may cancel it,
// and whose bill it is on. Copied by value into tasks.
//
// Units:   microseconds on the executor's monotonic clock.
// Errors:  Check() is kCancelled once the deadline has passed or the token is cancelled.
#pragma once

#include <limits>
#include <memory>

#include "base/cancel.h"
#include "base/executor.h"
#include "base/status.h"
#include "base/task.h"

namespace duckpond {

class CostLedger;

struct Context {
  MonotonicUs deadline_us = std::numeric_limits<MonotonicUs>::max();
  CancelToken cancel;
  // Requests made under this context are entered here as well; may be null.
  std::shared_ptr<CostLedger> ledger;
  // A request is sent at most once: who asks tries again by itself, and knows better when.
  bool once = false;

  // Ok while there is time left and nobody cancelled.
  Status Check(MonotonicUs now_us) const;
  // This context with a deadline that is no later than `deadline_us`.
  Context WithDeadline(MonotonicUs latest_us) const;
};

// Suspends for `wait_us`, or less if the context ends before: then kCancelled.
Task<Status> Sleep(Context context, int64_t wait_us);

}  // namespace duckpond
