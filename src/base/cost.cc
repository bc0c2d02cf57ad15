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

CostLedger::CostLedger(std::vector<std::shared_ptr<CostLedger>> above, Waits waits)
    : above_(std::move(above)), waits_(waits) {
  std::erase(above_, nullptr);
}

// Lengthens no chain.
CostLedger::Place CostLedger::Nowhere() const {
  Place place;
  for (const auto& ledger : above_) place.above.push_back(ledger->Nowhere());
  return place;
}

CostLedger::Place CostLedger::Begin() {
  if (waits_ == Waits::kNobody) return Nowhere();
  Place place;
  place.above.reserve(above_.size());
  for (const auto& ledger : above_) place.above.push_back(ledger->Begin());
  std::lock_guard lock(mutex_);
  // Behind the longest chain that has ended; requests that are still under way do not count.
  place.link = chain_ + 1;
  return place;
}

void CostLedger::End(const Place& place, const Entry& entry) {
  for (size_t i = 0; i < above_.size(); ++i) above_[i]->End(place.above[i], entry);
  std::lock_guard lock(mutex_);
  if (entry.requests != 0) chain_ = std::max(chain_, place.link);
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
