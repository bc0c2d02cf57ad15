// SPDX-License-Identifier: MIT
//
// RetryingObjectStore: tries again what did not happen, with exponential back-off and full jitter,
// inside the deadline. The only place in duckpond that retries a request.
//
// Retried:      any request that is kUnavailable; reads and listings whose outcome is kUnknown too;
//               unconditional puts and deletes of unknown outcome, since doing them twice is doing
//               them.
// Not retried:  a conditional write, or an append, of unknown outcome: it is passed up, for only
//               the caller knows how to find out. An attempt that was unknown is not forgotten: the
//               answer is kUnknown even if the last attempt definitely failed. Nothing whose
//               context says `once`.
// Threads:      all methods may be called concurrently.
// Lifetime:     borrows env.
#pragma once

#include "base/env.h"
#include "store/store_wrapper.h"

namespace duckpond {

struct RetryOptions {
  // In the time that the waits below leave, about 3 s, a server restarts or fails over.
  int attempts_max = 8;
  // The wait before the second attempt is random up to this, and doubles from there. S3 asks for
  // tens of milliseconds, R2 admits one write of a key a second: eight attempts span both.
  int64_t wait_first_us = 50'000;
  int64_t wait_max_us = 5'000'000;
};

class RetryingObjectStore final : public StoreWrapper {
 public:
  RetryingObjectStore(Env& env, std::shared_ptr<ObjectStore> below, RetryOptions options = {});

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override;
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override;
  Task<Result<PutReply>> Append(Context context, std::string key, Bytes body,
                                AppendPosition position) override;
  Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                   std::optional<ObjectTag> if_match) override;
  Task<Result<ListReply>> List(Context context, std::string prefix,
                               std::optional<std::string> token) override;

 private:
  // Waits before attempt number `attempt` (the first retry is 1); false if there is no time or no
  // attempt left.
  Task<bool> WaitBefore(Context context, int attempt);

  // `send` makes one attempt.
  template <class Reply>
  Task<Result<Reply>> Read(Context context, Send<Reply> send);
  template <class Reply>
  Task<Result<Reply>> Write(Context context, bool conditional, Send<Reply> send);

  Env& env_;
  const RetryOptions options_;
};

}  // namespace duckpond
