// SPDX-License-Identifier: MIT
#include "lake/read_plan.h"

#include <algorithm>

#include "base/check.h"

namespace duckpond {
namespace {

constexpr double kUsPerSecond = 1e6;
constexpr double kBytesPerGb = 1e9;

double Cost(const ReadPrice& price, uint64_t requests, uint64_t bytes) {
  return price.request_usd * static_cast<double>(requests) +
         price.byte_usd * static_cast<double>(bytes);
}

}  // namespace

ReadPrice PriceOfReads(const Prices& prices, const StoreSpeed& speed) {
  CHECK(speed.requests_in_flight > 0 && speed.bytes_per_second > 0);
  const double latency_seconds = static_cast<double>(speed.latency_us) / kUsPerSecond;
  ReadPrice price;
  price.trip_usd = latency_seconds * kWaitUsdPerSecond;
  price.request_usd = prices.get + price.trip_usd / speed.requests_in_flight;
  price.byte_usd = prices.read_gb / kBytesPerGb + kWaitUsdPerSecond / speed.bytes_per_second;
  if (prices.get_unit_bytes > 0) {
    price.byte_usd += prices.get / static_cast<double>(prices.get_unit_bytes);
  }
  return price;
}

ReadPrice PriceOfReads(const StoreTraits& traits) {
  return PriceOfReads(traits.prices, SpeedOf(traits));
}

std::vector<FilePiece> JoinPieces(std::vector<FilePiece> pieces, uint64_t gap_bytes,
                                  uint64_t bytes_max) {
  std::ranges::sort(pieces, {}, &FilePiece::offset);
  std::vector<FilePiece> joined;
  for (const FilePiece& piece : pieces) {
    if (!joined.empty()) {
      FilePiece& last = joined.back();
      const uint64_t end = std::max(last.end(), piece.end());
      const bool near = piece.offset <= last.end() || piece.offset - last.end() <= gap_bytes;
      if (end == last.end() || (near && end - last.offset <= bytes_max)) {
        last.bytes = end - last.offset;
        continue;
      }
    }
    joined.push_back(piece);
  }
  return joined;
}

bool ColumnsPay(const ReadPrice& price, const GroupsToRead& read) {
  if (read.groups == 0 || read.column_bytes >= read.bytes) return false;
  // Where less than a gap would be left out of a group, nothing is.
  const uint64_t left_out = (read.bytes - read.column_bytes) / read.groups;
  const uint64_t gaps = std::min(left_out / (price.GapBytes() + 1), read.columns);
  if (gaps == 0) return false;
  const double whole = Cost(price, read.requests, read.bytes);
  const double parts = Cost(price, read.groups * gaps, read.column_bytes);
  return parts + price.trip_usd < whole;
}

}  // namespace duckpond
