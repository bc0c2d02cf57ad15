// SPDX-License-Identifier: MIT
//
// StoreSpeed: about how fast a store is, for planning reads. A constant of its kind, not a
// measurement: S3 from inside its region, where nothing else is known.
//
// Threads:   a value.
#pragma once

#include <cstdint>

#include "store/object_store.h"

namespace duckpond {

struct StoreSpeed {
  int64_t latency_us = 22'000;  // Of a small read.
  double bytes_per_second = 100e6;
  double requests_in_flight = 32;  // That take no longer together than one does.
};

StoreSpeed SpeedOf(const StoreTraits& traits);

}  // namespace duckpond
