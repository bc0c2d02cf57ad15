// SPDX-License-Identifier: MIT
//
// What a request to DynamoDB is billed as: units of 1 KB written (twice within a transaction) and
// of 4 KB read, rounded up for each item, by what the answer says was consumed. Errors do not say
// it, though a condition that failed is billed like a write: then by the size of the request,
// roughly.
//
// Threads:  pure functions.
// Units:    US dollars; bytes.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/cost.h"
#include "store/prices.h"

namespace duckpond {

// `json` of a request, asking for the units it takes where the operation can say them.
std::string AskForUnits(std::string_view operation, const std::string& json);

// The units that an answer says; none if it says none.
std::optional<double> UnitsOf(const simdjson::dom::object& answer);

// The entry in the bill of a request of so many bytes. A `units` of none is made up for.
struct DynamoRequest {
  std::string_view operation;
  uint64_t sent_bytes = 0;
  uint64_t answered_bytes = 0;
  std::optional<double> units;
};
CostLedger::Entry BillOf(const DynamoRequest& request, const Prices& prices);

}  // namespace duckpond
