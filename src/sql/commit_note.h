// SPDX-License-Identifier: MIT
//
// CommitNote: whether a connection has committed changes to a pond since somebody last asked it to
// forget, and the newest version that it has seen or made since. A text of several statements that
// fails behind a commit must not be run again as a whole.
//
// Threads:   one at a time, the connection's.
// Lifetime:  registered in a ClientContext, which owns it.
#pragma once

#include <algorithm>
#include <functional>

#include "log/event.h"
#include "sql/duckdb_api.h"

namespace duckpond {

class CommitNote final : public duckdb::ClientContextState {
 public:
  static duckdb::shared_ptr<CommitNote> Of(duckdb::ClientContext& client) {
    return client.registered_state->GetOrCreate<CommitNote>("duckpond_commits");
  }
  bool committed = false;
  Version version = 0;
  std::function<void(bool idle)> on_idle;  // See RunOptions; may be empty.
  void Idle(bool idle) const {
    if (on_idle) on_idle(idle);
  }

  void Forget() {
    committed = false;
    version = 0;
  }
  void Saw(Version seen) { version = std::max(version, seen); }
};

}  // namespace duckpond
