// SPDX-License-Identifier: MIT
//
// Prices: what a store asks for requests, bytes and space. PriceList: those of stores by name and
// region, from a table in the program (store/prices.inc) and from a file of the user's, which goes
// first: the variable DUCKPOND_PRICES names it, in the same format.
//
// Threads:  values; OfProcess may be called concurrently.
// Units:    US dollars; a GB is 10^9 bytes.
// Errors:   kInvalid – a list that cannot be read, naming the file and the entry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace duckpond {

struct Prices {
  double put = 0;  // A request, or a unit of it.
  double get = 0;
  double list = 0;
  // Bytes of a unit: a request costs as many as it begins, one at least. 0: a request is a unit.
  uint64_t put_unit_bytes = 0;
  uint64_t get_unit_bytes = 0;
  double read_gb = 0;         // What leaves the store for the internet, on top of the request.
  double write_gb = 0;        // What is sent to it.
  double space_gb_month = 0;  // What lies in it for a month.

  double OfGet(uint64_t bytes) const;
  double OfPut(uint64_t bytes) const;
};

class PriceList {
 public:
  // `source` is named in messages.
  static Result<PriceList> Parse(std::string_view json, const std::string& source);
  static PriceList BuiltIn();
  // The user's entries and the program's, read once.
  static const Result<PriceList>& OfProcess();

  // Adds entries that count where none of these does.
  void Append(PriceList more);

  // Those of the region, else those for any region ("*"); nothing costs anything where the store is
  // not in the list.
  Prices Of(std::string_view store, std::string_view region) const;

 private:
  struct Entry {
    std::string store;
    std::string region;
    Prices prices;
  };
  std::vector<Entry>
      entries_;  // The first that fits counts: of one list, those of any region last.
};

// Of the process's list; none while that cannot be read, which OpenStore tells.
Prices PricesOf(std::string_view store, std::string_view region);

}  // namespace duckpond
