// SPDX-License-Identifier: MIT
//
// ServerClock: the time of day as a server has it, for what is signed: a server refuses signatures
// of a clock that is minutes off, and says in the refusal what time it is. Nothing but signatures
// goes by it.
//
// Threads:   all methods may be called concurrently. Shared by all who sign for one server.
// Lifetime:  borrows env.
// Units:     microseconds since the Unix epoch.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/env.h"
#include "net/http_message.h"

namespace duckpond {

class ServerClock {
 public:
  explicit ServerClock(Env& env) : env_(env) {}

  int64_t NowUs() const;

  struct Skew {
    std::string text;        // "this machine's clock is 61 minutes behind the server's"
    bool corrected = false;  // Whether to sign again is worth it: it was signed for another time.
  };
  // Goes by the Date of `refusal`, of a request that was signed for `signed_us`, from now on. None
  // if it has no date, or one that is ours.
  std::optional<Skew> Correct(const HttpReply& refusal, int64_t signed_us);

 private:
  Env& env_;
  mutable std::mutex mutex_;
  int64_t offset_us_ = 0;  // Guarded by mutex_: to be added to this machine's clock.
};

}  // namespace duckpond
