// SPDX-License-Identifier: MIT
//
// CostLedger: how many requests, dependent round trips, bytes and dollars a unit of work has cost.
// A statement, a connection and a process each keep one; store/metered_store.h makes the entries.
//
// A dependent round trip is a link of the longest chain of requests in which each started after the
// one before had ended: requests that are in flight together count once.
//
// Threads:  all methods may be called concurrently.
// Units:    bytes of object content (headers not counted), US dollars by the store's price table.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

namespace duckpond {

enum class RequestKind : unsigned char { kGet, kPut, kDelete, kList };

struct Cost {
  uint64_t gets = 0;
  uint64_t puts = 0;
  uint64_t deletes = 0;
  uint64_t lists = 0;
  uint64_t round_trips = 0;
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
  double usd = 0;

  // Of what was done one after the other, so that round trips add up too.
  Cost& operator+=(const Cost& other);

  // {"requests":{"get":…,"put":…,"delete":…,"list":…},"round_trips":…,"bytes_read":…,
  //  "bytes_written":…,"usd":…} on one line.
  std::string ToJson() const;
};

class CostLedger {
 public:
  // Notes that a request starts now; returns its place in the chain, to be handed to End.
  uint64_t Begin();
  struct Entry {
    RequestKind kind = RequestKind::kGet;
    uint64_t requests = 1;  // Of that kind; together one link of a chain.
    uint64_t bytes_read = 0;
    uint64_t bytes_written = 0;
    double usd = 0;
  };
  void End(uint64_t place, const Entry& entry);

  Cost Total() const;
  // Total(), and starts again from nothing. A request under way counts in the new period, as one
  // link of a chain at most, however long the chain was before.
  Cost Take();

 private:
  mutable std::mutex mutex_;
  Cost total_;          // Guarded by mutex_; but for round_trips:
  uint64_t chain_ = 0;  // Guarded by mutex_: the longest chain since the ledger was made,
  uint64_t taken_ = 0;  // and how much of it earlier periods have had.
};

}  // namespace duckpond
