// SPDX-License-Identifier: MIT
//
// HashInParts: Xxh3_128 (base/hash.h) of bytes that are given part by part, for what does not fit
// in memory. Apart from hash.h, which most files see.
//
// Threads:  one at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace duckpond {

class HashInParts {
 public:
  HashInParts();
  ~HashInParts();
  void Add(std::string_view part);
  // Of all that was added so far: 16 bytes, as Xxh3_128 gives them.
  std::string Hash() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duckpond
