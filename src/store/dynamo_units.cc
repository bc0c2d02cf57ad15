// SPDX-License-Identifier: MIT
#include "store/dynamo_units.h"

#include <algorithm>
#include <cmath>

namespace duckpond {
namespace {

constexpr std::string_view kTransaction = "TransactWriteItems";
// A head and a part; each item of a transaction is billed twice.
constexpr double kTransactionItems = 2;
constexpr double kTransactionTimes = 2;
constexpr double kUnitWrittenBytes = 1024;
constexpr double kUnitReadBytes = 4096;
// Content is base64 there.
constexpr double kContentOfJson = 0.75;

bool Takes(std::string_view operation, std::string_view what) {
  return operation.find(what) != std::string_view::npos;
}

// Operations on the table itself have "Table" in their names.
bool IsOfItems(std::string_view operation) { return !Takes(operation, "Table"); }

RequestKind KindOf(std::string_view operation) {
  if (operation == "Scan") return RequestKind::kList;
  if (Takes(operation, "Delete")) return RequestKind::kDelete;
  const bool reads = Takes(operation, "Get") || operation == "Query";
  return reads ? RequestKind::kGet : RequestKind::kPut;
}

double RoughUnits(const DynamoRequest& request, bool writes) {
  const auto bytes = static_cast<double>(writes ? request.sent_bytes : request.answered_bytes);
  const double units =
      std::ceil(bytes * kContentOfJson / (writes ? kUnitWrittenBytes : kUnitReadBytes));
  if (request.operation != kTransaction) return std::max(units, 1.0);
  return kTransactionTimes * std::max(units, kTransactionItems);
}

}  // namespace

std::string AskForUnits(std::string_view operation, const std::string& json) {
  if (!IsOfItems(operation)) return json;
  return R"({"ReturnConsumedCapacity":"TOTAL",)" + json.substr(1);
}

std::optional<double> UnitsOf(const simdjson::dom::object& answer) {
  simdjson::dom::element consumed;
  if (answer["ConsumedCapacity"].get(consumed) != simdjson::SUCCESS) return std::nullopt;
  double units = 0;
  if (consumed["CapacityUnits"].get(units) == simdjson::SUCCESS) return units;
  simdjson::dom::array tables;
  if (consumed.get(tables) != simdjson::SUCCESS) return std::nullopt;
  double all = 0;
  for (const simdjson::dom::element table : tables) {
    if (table["CapacityUnits"].get(units) != simdjson::SUCCESS) return std::nullopt;
    all += units;
  }
  return all;
}

CostLedger::Entry BillOf(const DynamoRequest& request, const Prices& prices) {
  CostLedger::Entry entry;
  entry.kind = KindOf(request.operation);
  const bool writes = entry.kind == RequestKind::kPut || entry.kind == RequestKind::kDelete;
  double price = writes ? prices.put : prices.get;
  if (entry.kind == RequestKind::kList) price = prices.list;
  entry.usd = price * (request.units ? *request.units : RoughUnits(request, writes));
  return entry;
}

}  // namespace duckpond
