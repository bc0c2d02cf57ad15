// SPDX-License-Identifier: MIT
#include "sql/connection_state.h"

#include <algorithm>

namespace duckpond {
namespace {

// How long one step of a statement (opening the log, a row group, a commit) may try.
constexpr int64_t kStepUs = 120'000'000;

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
