// SPDX-License-Identifier: MIT
#include "base/cost.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace duckpond {

Cost& Cost::operator+=(const Cost& other) {
  gets += other.gets;
  puts += other.puts;
  deletes += other.deletes;
  lists += other.lists;
  round_trips += other.round_trips;
  bytes_read += other.bytes_read;
  bytes_written += other.bytes_written;
  usd += other.usd;
  return *this;
}

std::string Cost::ToJson() const {
  return fmt::format(R"({{"requests":{{"get":{},"put":{},"delete":{},"list":{}}},"round_trips":{},)"
                     R"("bytes_read":{},"bytes_written":{},"usd":{:.9f}}})",
                     gets, puts, deletes, lists, round_trips, bytes_read, bytes_written, usd);
}

uint64_t CostLedger::Begin() {
  std::lock_guard lock(mutex_);
  // Behind the longest chain that has ended; requests that are still under way do not count.
  return chain_ + 1;
}

void CostLedger::End(uint64_t place, const Entry& entry) {
  std::lock_guard lock(mutex_);
  chain_ = std::max(chain_, place);
  total_.round_trips = chain_ - taken_;
  switch (entry.kind) {
    case RequestKind::kGet:
      total_.gets += entry.requests;
      break;
    case RequestKind::kPut:
      total_.puts += entry.requests;
      break;
    case RequestKind::kDelete:
      total_.deletes += entry.requests;
      break;
    case RequestKind::kList:
      total_.lists += entry.requests;
      break;
  }
  total_.bytes_read += entry.bytes_read;
  total_.bytes_written += entry.bytes_written;
  total_.usd += entry.usd;
}

Cost CostLedger::Total() const {
  std::lock_guard lock(mutex_);
  return total_;
}

Cost CostLedger::Take() {
  std::lock_guard lock(mutex_);
  taken_ = chain_;
  return std::exchange(total_, Cost{});
}

}  // namespace duckpond
