// SPDX-License-Identifier: MIT
//
// ReadPlan: what to fetch of data files, by what it costs: a request more, a dependent round trip
// more, or bytes that nobody needs. Pure functions.
//
//   a request     = price of a GET + latency / requests in flight × kWaitUsdPerSecond
//   a round trip  = latency × kWaitUsdPerSecond
//   a byte        = price of a byte read, as transfer or as a part of a unit
//                   + kWaitUsdPerSecond / bandwidth
//
// Prices are the store's (StoreTraits), latency and bandwidth its kind's (store/store_speed.h). Two
// pieces are one request if what lies between them costs less than a request. Row groups are
// fetched whole, together with the footer, unless it saves more than a round trip to wait for the
// footer, which tells where the columns are. docs/guide/cost.md has the figures that come out.
//
// Units:    bytes, US dollars.
// Threads:  free functions.
#pragma once

#include <cstdint>
#include <vector>

#include "store/store_speed.h"

namespace duckpond {

// A part of a file, in bytes from its start.
struct FilePiece {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t end() const { return offset + bytes; }
  // Whatever the numbers are: those of a hostile file overflow.
  bool IsWithin(uint64_t size) const { return bytes <= size && offset <= size - bytes; }
  bool Has(const FilePiece& other) const { return offset <= other.offset && other.end() <= end(); }
};

// What a second of waiting is worth: about a person's wage ($36 an hour). Machines are a hundred
// times cheaper (AWS Lambda with 2 GB: $0.00003 a second), but somebody waits for most queries.
inline constexpr double kWaitUsdPerSecond = 0.01;

struct ReadPrice {
  double request_usd = 0;
  double trip_usd = 0;
  double byte_usd = 0;

  // So many bytes cost as much as a request.
  uint64_t GapBytes() const { return static_cast<uint64_t>(request_usd / byte_usd); }
};

ReadPrice PriceOfReads(const Prices& prices, const StoreSpeed& speed);
ReadPrice PriceOfReads(const StoreTraits& traits);

// Pieces that have all of `pieces`: those that are at most `gap_bytes` apart are joined, but to no
// more than `bytes_max`. In the order of the file.
std::vector<FilePiece> JoinPieces(std::vector<FilePiece> pieces, uint64_t gap_bytes,
                                  uint64_t bytes_max);

// Row groups of which some columns are read, all together.
struct GroupsToRead {
  uint64_t groups = 0;
  uint64_t bytes = 0;
  uint64_t requests = 0;  // That fetch them whole.
  // Of their columns, about; and in how many stretches of a group those may lie.
  uint64_t column_bytes = 0;
  uint64_t columns = 0;
};

// Whether to wait for the footer, and then fetch columns only.
bool ColumnsPay(const ReadPrice& price, const GroupsToRead& read);

}  // namespace duckpond
