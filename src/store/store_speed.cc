// SPDX-License-Identifier: MIT
#include "store/store_speed.h"

namespace duckpond {

StoreSpeed SpeedOf(const StoreTraits& traits) {
  // Under a latency profile a near store asks a far one's prices.
  const bool is_free = traits.prices.get == 0;
  if (is_free && traits.kind == "memory") return {20, 5e9, 2};
  if (is_free && traits.kind == "file") return {50, 2e9, 2};
  if (traits.kind == "dynamodb") return {4'000, 50e6, 32};
  return {};
}

}  // namespace duckpond
