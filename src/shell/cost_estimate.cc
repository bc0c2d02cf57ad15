// SPDX-License-Identifier: MIT
#include "shell/cost_estimate.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

namespace duckpond {
namespace {

constexpr double kDayUs = 86'400e6;
constexpr double kMonthUs = 365.25 / 12 * kDayUs;
constexpr double kBytesPerGb = 1e9;

// Where a put is billed by units of its size, an append is a transaction of what was appended and
// of the item that says how long the object is, billed twice; and the next roll removes the former.
double AppendUsd(const Prices& prices, uint64_t bytes) {
  if (prices.put_unit_bytes == 0) return prices.OfPut(bytes);
  return 2 * (prices.OfPut(bytes) + prices.OfPut(0)) + prices.OfPut(bytes);
}

double Gb(uint64_t bytes) { return static_cast<double>(bytes) / kBytesPerGb; }

}  // namespace

void PondUse::Add(const std::vector<CommitRecord>& records) {
  simdjson::dom::parser parser;
  for (const CommitRecord& record : records) {
    ++commits;
    for (const Event& event : record.events) {
      if (event.name != "add_file") continue;
      ++files;
      uint64_t bytes = 0;
      if (parser.parse(event.data)["bytes"].get(bytes) == simdjson::SUCCESS) file_bytes += bytes;
    }
  }
  if (!records.empty()) time_us += records.back().time_us - records.front().time_us;
}

CostEstimate EstimateMonth(const PondUse& use, const Prices& prices) {
  const double months_per_use = kMonthUs / std::max(static_cast<double>(use.time_us), kDayUs);
  CostEstimate estimate;
  const auto add = [&](std::string what, double amount, std::string unit, double usd) {
    estimate.lines.push_back({std::move(what), amount, std::move(unit), usd});
    estimate.usd += usd;
  };
  const auto puts = [&](std::string what, uint64_t count, double usd_each) {
    const double amount = static_cast<double>(count) * months_per_use;
    add(std::move(what), amount, "puts", amount * usd_each);
  };
  add("data", Gb(use.data_bytes), "GB", Gb(use.data_bytes) * prices.space_gb_month);
  add("log and its history", Gb(use.log_bytes), "GB", Gb(use.log_bytes) * prices.space_gb_month);
  puts("commits", use.commits,
       use.appends ? AppendUsd(prices, use.put_bytes) : prices.OfPut(use.put_bytes));
  puts("data files", use.files, prices.OfPut(use.files == 0 ? 0 : use.file_bytes / use.files));
  puts("rolls of the log", use.rolls, prices.OfPut(use.log_bytes));
  constexpr double kReads = 1000;
  estimate.usd_per_1000_reads = kReads * prices.OfGet(0);
  return estimate;
}

std::string TextOf(const CostEstimate& estimate) {
  std::string text = fmt::format("{:<22}{:>14}       {:>12}\n", "a month", "amount", "USD");
  for (const CostEstimate::Line& line : estimate.lines) {
    const std::string amount = fmt::format("{:.{}f}", line.amount, line.unit == "GB" ? 3 : 0);
    text += fmt::format("{:<22}{:>14} {:<5} {:>12.4f}\n", line.what, amount, line.unit, line.usd);
  }
  text += fmt::format("{:<22}{:>14}       {:>12.4f}\n\n", "all", "", estimate.usd);
  text += fmt::format("{:<22}{:>14} {:<5} {:>12.4f}\n", "reads, nothing new", 1000, "gets",
                      estimate.usd_per_1000_reads);
  return text;
}

std::string JsonOf(const CostEstimate& estimate) {
  std::string lines;
  for (const CostEstimate::Line& line : estimate.lines) {
    lines += fmt::format(R"({}{{"what":"{}","amount":{:.6f},"unit":"{}","usd":{:.6f}}})",
                         lines.empty() ? "" : ",", line.what, line.amount, line.unit, line.usd);
  }
  return fmt::format(R"({{"month":[{}],"usd":{:.6f},"usd_per_1000_reads":{:.6f}}})", lines,
                     estimate.usd, estimate.usd_per_1000_reads) +
         "\n";
}

}  // namespace duckpond
