// SPDX-License-Identifier: MIT
//
// The options that a pond may have: an option that nothing obeys is refused instead of kept.
//
// Threads:  free functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace duckpond {

struct OptionKind {
  std::string_view name;
  uint64_t number_default = 0;  // All options are numbers so far.
  std::string_view description;
};

std::span<const OptionKind> OptionKinds();

// Errors: kInvalid for an unknown name, or a value that the option does not take.
Status CheckOption(const std::string& name, const std::string& value);

}  // namespace duckpond
