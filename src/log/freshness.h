// SPDX-License-Identifier: MIT
//
// Freshness: how new a snapshot must be. Consistency: the same as people say it.
//
//   latest    asks the store each time: one conditional request
//   bounded   asks if the last answer is older than a bound
//   cached    asks nobody, once anything is known; with an age, asks behind the answer what is
//   older
//
// All three see what the process itself has committed, and one transaction sees one version.
//
// Threads:  values.
// Units:    ages in microseconds; people say seconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "log/event.h"
#include "store/object_store.h"

namespace duckpond {

struct Freshness {
  // The store was asked so long ago at most. 0: not before the call. kAnyAge: whatever is known
  // will do.
  static constexpr int64_t kAnyAge = GetOptions::kAnyAge;
  int64_t age_us_max = 0;
  // At least this version: a writer's receipt, handed on to a reader elsewhere.
  Version min_version = 0;
  // What is older than this is asked for anew behind the answer: the next one is newer, and nobody
  // has waited. kAnyAge: never.
  int64_t refresh_age_us = kAnyAge;
};

struct Consistency {
  enum class Kind : unsigned char { kLatest, kBounded, kCached };
  static constexpr int64_t kBoundUs = 10'000'000;  // Of kBounded, when nobody says.

  Kind kind = Kind::kLatest;
  std::optional<int64_t> age_us;

  // `word` is "latest", "bounded" or "cached", in any case; an age without a word means bounded.
  // Errors: kInvalid – another word, an age that is none, or one for latest.
  static Result<Consistency> Of(std::optional<std::string_view> word,
                                std::optional<double> seconds);

  Freshness ToFreshness() const;
};

// What a request asks of what it reads, where sessions and ponds have their own consistency.
struct ReadingOptions {
  std::optional<Consistency> consistency;
  Version min_version = 0;  // See Freshness.
};

}  // namespace duckpond
