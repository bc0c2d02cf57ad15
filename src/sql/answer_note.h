// SPDX-License-Identifier: MIT
//
// AnswerNote: what an answer was made of, as far as somebody may keep it and show it again: the
// version of the pond, and whether the statement gives the same answer whenever that is the same.
// It does if its plan, before it is optimized, reads the engine's pond and nothing else, as the
// pond is (no AT), and calls only functions whose value is that of their arguments: no random(), no
// now(), nothing that tells of settings or of this process.
//
// Threads:   one statement at a time, as the connection.
// Lifetime:  as long as the connection.
#pragma once

#include <optional>

#include "sql/duckdb_api.h"
#include "sql/read_version.h"

namespace duckpond {

class AnswerNote final : public duckdb::ClientContextState {
 public:
  static duckdb::shared_ptr<AnswerNote> Of(duckdb::ClientContext& client) {
    return client.registered_state->GetOrCreate<AnswerNote>("duckpond_answer");
  }

  // A new text; `wanted` says whether anybody asks for repeatable().
  void Forget(bool wanted);
  void QueryBegin(duckdb::ClientContext& client) override;
  void Planned(bool repeatable) { repeatable_ = repeatable; }
  void Saw(duckdb::ClientContext& client, const ReadVersion& read);
  void SawPast() { past_ = true; }
  bool wanted() const { return wanted_; }

  // The one version that was read last; none if there was none, or several.
  std::optional<ReadVersion> read() const;
  // The same, of a text of one statement whose answer hangs on that version alone.
  std::optional<ReadVersion> repeatable() const;

 private:
  bool wanted_ = false;
  int statements_ = 0;
  bool repeatable_ = false;
  bool past_ = false;
  int reads_ = 0;
  ReadVersion read_;
};

// Looks at each plan of a connection that wants to know.
void RegisterAnswerNote(duckdb::DatabaseInstance& instance);

}  // namespace duckpond
