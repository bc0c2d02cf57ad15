// SPDX-License-Identifier: MIT
//
// CostLedger: how many requests, dependent round trips, bytes and dollars a unit of work has cost.
// A statement, a connection and a process each keep one; store/metered_store.h makes the entries.
//
// A dependent round trip is a link of the longest chain of requests in which each started after the
// one before had ended: requests that are in flight together count once.
//
// Threads:  all methods may be called concurrently.
// Lifetime: keeps the ledgers above it alive.
// Units:    bytes of object content (headers not counted), US dollars by the store's price table.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

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

  uint64_t requests() const { return gets + puts + deletes + lists; }

  // Of what was done one after the other, so that round trips add up too.
  Cost& operator+=(const Cost& other);

  // {"requests":{"get":…,"put":…,"delete":…,"list":…},"round_trips":…,"bytes_read":…,
  //  "bytes_written":…,"usd":…} on one line.
  std::string ToJson() const;
};

class CostLedger {
 public:
  // What is entered here is entered in those `above` as well: a scan's in its statement's. Null
  // ones are passed over. Requests that nobody waits for are no round trips.
  enum class Waits : bool { kNobody, kSomebody };
  explicit CostLedger(std::vector<std::shared_ptr<CostLedger>> above = {},
                      Waits waits = Waits::kSomebody);

  // Notes that a request starts now; returns its place in the chains, to be handed to End.
  struct Place {
    uint64_t link = 0;
    std::vector<Place> above;
  };
  Place Begin();
  struct Entry {
    RequestKind kind = RequestKind::kGet;
    // Of that kind; together one link of a chain. 0 adds bytes to requests that were entered.
    uint64_t requests = 1;
    uint64_t bytes_read = 0;
    uint64_t bytes_written = 0;
    double usd = 0;
  };
  void End(const Place& place, const Entry& entry);

  Cost Total() const;
  // Total(), and starts again from nothing. A request under way counts in the new period, as one
  // link of a chain at most, however long the chain was before.
  Cost Take();

 private:
  Place Nowhere() const;

  std::vector<std::shared_ptr<CostLedger>> above_;
  const Waits waits_;
  mutable std::mutex mutex_;
  Cost total_;          // Guarded by mutex_; but for round_trips:
  uint64_t chain_ = 0;  // Guarded by mutex_: the longest chain since the ledger was made,
  uint64_t taken_ = 0;  // and how much of it earlier periods have had.
};

}  // namespace duckpond
