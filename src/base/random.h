// SPDX-License-Identifier: MIT
//
// Random: where all chance comes from, so that a simulation can own it.
//
// Threads:  SystemRandom may be used from any thread; SeededRandom from one at a time.
#pragma once

#include <cstdint>

namespace duckpond {

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;
  // Uniform in [0, bound). REQUIRES: bound > 0. The bias of at most bound / 2^64 is accepted.
  uint64_t Below(uint64_t bound) { return Next() % bound; }
};

// The kernel's generator (getrandom): safe to name objects and make tokens with.
class SystemRandom final : public Random {
 public:
  uint64_t Next() override;
};

// splitmix64 (Steele, Lea, Flood 2014): the same seed gives the same numbers on every machine.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() override;

 private:
  uint64_t state_;
};

}  // namespace duckpond
