// SPDX-License-Identifier: MIT
//
// CommitNote: whether a connection has committed changes to a pond since somebody last asked it to
// forget. A text of several statements that fails behind a commit must not be run again as a whole.
//
// Threads:   one at a time, the connection's.
// Lifetime:  registered in a ClientContext, which owns it.
#pragma once

#include "sql/duckdb_api.h"

namespace duckpond {

class CommitNote final : public duckdb::ClientContextState {
 public:
  static duckdb::shared_ptr<CommitNote> Of(duckdb::ClientContext& client) {
    return client.registered_state->GetOrCreate<CommitNote>("duckpond_commits");
  }
  bool committed = false;
};

}  // namespace duckpond
