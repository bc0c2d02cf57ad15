// SPDX-License-Identifier: MIT
//
// Uuid: a 128-bit identifier, and UuidSource: version 7 ones (RFC 9562), which sort by the time
// they were made. Ids of one source rise strictly, also within a millisecond and when the clock
// goes back (RFC 9562 section 6.2, method 1: a 12-bit counter that borrows from the millisecond
// when full).
//
// Threads:  Uuid is a value; UuidSource may be called concurrently.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace duckpond {

struct Uuid {
  std::array<uint8_t, 16> bytes{};  // Big-endian, as printed.

  auto operator<=>(const Uuid&) const = default;
  bool is_nil() const { return *this == Uuid{}; }

  // "018f4e2c-…": 36 characters, lower case.
  std::string ToString() const;
  // Errors: kInvalid unless `text` is 36 characters as ToString writes them (either case).
  static Result<Uuid> Parse(std::string_view text);
  // Milliseconds since the Unix epoch. REQUIRES: a version 7 id.
  int64_t time_ms() const;
};

class UuidSource {
 public:
  // Borrows both, which must outlive it.
  UuidSource(Clock& clock, Random& random) : clock_(clock), random_(random) {}
  Uuid Next();

 private:
  Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  uint64_t last_ms_ = 0;
  uint32_t counter_ = 0;
};

}  // namespace duckpond

template <>
struct std::hash<duckpond::Uuid> {
  size_t operator()(const duckpond::Uuid& id) const noexcept;
};
