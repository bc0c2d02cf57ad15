// SPDX-License-Identifier: MIT
//
// Conflict rules: whether one change of a transaction, decided on top of an older snapshot, still
// means the same on top of the newest. Keys are checked elsewhere (lake/key_compare.h).
//
// Threads:  free functions over immutable values.
// Errors:   kConflict, naming what was changed meanwhile.
// Rules:    docs/guide/transactions.md
#pragma once

#include "lake/catalog.h"
#include "lake/events.h"

namespace duckpond {

// A change with what it took for granted beyond its own event.
struct Step {
  LakeChange change;
  Uuid schema_id;  // Of the schema in which a CREATE puts something.
};

struct ConflictView {
  const Catalog& base;     // What the transaction started from.
  const Catalog& newest;   // What others have made of it.
  const Catalog& current;  // `newest` with the transaction's earlier steps.
};

Status CheckConflict(const Step& step, const ConflictView& view);

// The comment on what the event names; none if that is not there.
std::optional<std::string> CommentOn(const Catalog& catalog, const lake_event::SetComment& event);

}  // namespace duckpond
