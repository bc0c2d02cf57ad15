// SPDX-License-Identifier: MIT
//
// CostEstimate: what a pond costs a month, if it goes on as its log tells: the space it takes, the
// commits, the files they put, and the rolls of the log. What readers ask is in no log; their
// requests are given by the thousand.
//
// Threads:  values.
// Units:    bytes, microseconds, US dollars.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "log/event.h"
#include "store/prices.h"

namespace duckpond {

// What the log tells of a time.
struct PondUse {
  uint64_t data_bytes = 0;
  uint64_t log_bytes = 0;  // Of pond.log and all that it names.
  uint64_t put_bytes = 0;  // What one commit sends of the log.
  bool appends = false;    // Whether it sends it as an append.
  uint64_t commits = 0;
  uint64_t files = 0;  // That were put, whether they are still there or not.
  uint64_t file_bytes = 0;
  uint64_t rolls = 0;
  int64_t time_us = 0;  // In which this was done.

  // Adds commits, oldest first, and the time they took.
  void Add(const std::vector<CommitRecord>& commits);
};

struct CostEstimate {
  struct Line {
    std::string what;
    double amount = 0;
    std::string unit;
    double usd = 0;
  };
  std::vector<Line> lines;
  double usd = 0;  // A month.
  double usd_per_1000_reads = 0;
};

// A time of less than a day counts as a day: nobody knows what comes after an hour.
CostEstimate EstimateMonth(const PondUse& use, const Prices& prices);

// A table for people, or one JSON object on a line.
std::string TextOf(const CostEstimate& estimate);
std::string JsonOf(const CostEstimate& estimate);

}  // namespace duckpond
