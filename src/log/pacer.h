// SPDX-License-Identifier: MIT
//
// Pacer: when a process may put the log again. A store admits so many swaps of one key a second,
// and what comes sooner is refused, or loses a race, and is billed all the same. So puts are
// spaced, and commits gather meanwhile; a first put after idleness goes at once.
//
// Rate:      that of the store's traits, or what refusals teach: a refusal while nobody else has
//            swapped the log widens the space between puts, each put that lands narrows it a
//            little.
// Rivals:    processes take turns. Who has won keeps the log for kTurnUs, since the winner alone
//            need not read before its next put; then it rests for about half of a round, the time
//            from one of its turns to the next, as it has come to be. Who is not resting tries at
//            random a few times a round. So about half of the processes rest, whatever their number
//            is, and nobody has to know it (docs/adr/0011-pacing.md).
// Threads:   one user at a time.
// Lifetime:  borrows env.
// Units:     microseconds.
#pragma once

#include <cstdint>
#include <optional>

#include "base/env.h"

namespace duckpond {

class Pacer {
 public:
  // `swaps_per_second_max` as in StoreTraits: 0 when no limit is known.
  Pacer(Env& env, double swaps_per_second_max);

  // No put should be sent before.
  MonotonicUs ready_us() const { return ready_us_; }
  // Others are about: what is known of the log is old, and to read first is cheaper than to lose.
  bool read_first() const { return round_us_ > 0 && !turn_began_us_; }

  // Somebody waits for a put, or has been waiting; nobody does.
  void Want();
  void Idle();
  void Sent();
  // What became of the put that was sent last. `others_wait`: commits that came meanwhile.
  void Won(bool others_wait);
  void Lost();
  void Refused();
  // The log was read, and somebody else has swapped it since it was read or put last.
  void SawRival();

 private:
  int64_t Between(int64_t least_us, int64_t most_us);
  int64_t space_us() const { return interval_us_ + margin_us_; }
  void BeginTurn(MonotonicUs now_us);
  // Somebody else is faster: waits for a time that depends on how long a round takes.
  void Yield(MonotonicUs now_us);

  Env& env_;
  const int64_t known_interval_us_;
  int64_t interval_us_;    // Between two puts, at the least.
  int64_t margin_us_ = 0;  // More, since requests do not all take equally long.
  int64_t put_us_ = 0;     // What a put takes.
  MonotonicUs ready_us_ = 0;
  MonotonicUs sent_us_ = 0;
  bool refused_ = false;  // The last put was, and whose doing it was is not known yet.
  bool rival_ = false;    // Seen since the last turn.
  // Of processes that meet others; 0 while there are none.
  int64_t round_us_ = 0;
  std::optional<MonotonicUs> wants_since_us_;  // None during a turn, and while nobody waits.
  std::optional<MonotonicUs> turn_began_us_;
  bool rests_ = false;  // After this turn.
};

}  // namespace duckpond
