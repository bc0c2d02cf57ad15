// SPDX-License-Identifier: MIT
//
// ReadVersion: which version of the pond an answer shows, as one that keeps the answer must know
// it.
#pragma once

#include <cstdint>
#include <string>

#include "log/event.h"

namespace duckpond {

struct ReadVersion {
  Version version = 0;
  int64_t time_us = 0;  // Of its commit: another one's is of another pond.
  int64_t age_us = 0;   // How long ago the store said that it is the newest.
  std::string zone;     // Of the session, in which times are shown.
};

}  // namespace duckpond
