// SPDX-License-Identifier: MIT
//
// Records of the log with fixed content, for tests of its encoding.
//
// Threads:  free functions.
#pragma once

#include "log/limits.h"
#include "log/records.h"

namespace duckpond {

inline Uuid Id(uint8_t n) {
  Uuid id;
  id.bytes = {1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, n};
  return id;
}

inline BaseRecord Base() {
  BaseRecord base;
  base.id = Id(1);
  base.format = kLogFormat;
  base.pond = Id(2);
  base.time_us = 1000;
  base.chain = ChainStart(base.pond);
  return base;
}

}  // namespace duckpond
