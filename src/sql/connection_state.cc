// SPDX-License-Identifier: MIT
#include "sql/connection_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace duckpond {
namespace {

// How long one step of a statement (opening the log, a row group, a commit) may try.
constexpr int64_t kStepUs = 120'000'000;
// Of DuckDB's boxes above a plan.
constexpr size_t kBoxColumns = 35;

std::string RequestsOf(const Cost& cost) {
  std::string text;
  const auto add = [&](uint64_t count, std::string_view kind) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, kind);
  };
  add(cost.gets, "get");
  add(cost.puts, "put");
  add(cost.deletes, "delete");
  add(cost.lists, "list");
  return text.empty() ? "none" : text;
}

}  // namespace

duckdb::shared_ptr<ConnectionState> ConnectionState::Of(duckdb::ClientContext& client) {
  return client.registered_state->GetOrCreate<ConnectionState>(kName);
}

void ConnectionState::QueryBegin(duckdb::ClientContext&) {
  if (!std::exchange(repeats_, false)) {
    previous_ = ledger_->Take();
    session_ += previous_;
  }
  failed_commit_ = Status();
}

void ConnectionState::WriteProfilingInformation(std::ostream& out) {
  const auto line = [](const std::string& text) {
    return fmt::format("││{:^{}}││\n", text.substr(0, kBoxColumns), kBoxColumns);
  };
  const auto edge = [](std::string_view left, std::string_view right, size_t columns) {
    std::string text(left);
    for (size_t i = 0; i < columns; ++i) text += "─";
    return text.append(right);
  };
  duckdb::InsertionOrderPreservingMap<std::string> shown;
  Describe(ledger_->Total(), shown);
  std::string text = edge("┌", "┐\n", kBoxColumns + 2) + edge("│┌", "┐│\n", kBoxColumns) +
                     line("duckpond, until the commit");
  for (const auto& [name, value] : shown) text += line(name + ": " + value);
  out << text << edge("│└", "┘│\n", kBoxColumns) << edge("└", "┘\n", kBoxColumns + 2);
}

std::shared_ptr<CostLedger> OperatorLedger(duckdb::ClientContext& client) {
  return std::make_shared<CostLedger>(
      std::vector<std::shared_ptr<CostLedger>>{StatementLedger(client)});
}

void Describe(const Cost& cost, duckdb::InsertionOrderPreservingMap<std::string>& shown) {
  shown["Requests"] = RequestsOf(cost);
  shown["Round Trips"] = std::to_string(cost.round_trips);
  if (cost.bytes_read > 0) shown["Bytes Read"] = std::to_string(cost.bytes_read);
  if (cost.bytes_written > 0) shown["Bytes Written"] = std::to_string(cost.bytes_written);
  shown["USD"] = fmt::format("{:.9f}", cost.usd);
}

std::shared_ptr<CostLedger> StatementLedger(duckdb::ClientContext& client) {
  return ConnectionState::Of(client)->ledger();
}

StatementWait::StatementWait(duckdb::ClientContext& client) : client_(client) {
  context_.cancel = cancel_.token();
  context_.ledger = StatementLedger(client);
  context_.deadline_us = std::min(ConnectionState::Of(client)->deadline_us(),
                                  Env::Process().executor.NowUs() + kStepUs);
}

std::function<void()> StatementWait::poll() {
  return [this] {
    if (client_.interrupted) cancel_.Cancel();
  };
}

void StatementWait::Check() const {
  if (client_.interrupted) throw duckdb::InterruptException();
}

}  // namespace duckpond
