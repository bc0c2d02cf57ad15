// SPDX-License-Identifier: MIT
//
// CatalogFolder: makes a Catalog of the log's events, and events of a Catalog: what the log's base
// carries.
//
// Threads:  stateless; all methods may be called concurrently.
// Cost:     folding is linear in the bytes of the events and copies what they touch. Files of large
//           tables that come from a base are not looked at (lake/file_list.h); the next base names
//           them as this one did.
// Format:   docs/formats/events.md
#pragma once

#include "lake/catalog.h"
#include "log/folder.h"

namespace duckpond {

class CatalogFolder final : public Folder {
 public:
  // The process's only one; never destroyed, since logs borrow it.
  static const CatalogFolder& Instance();

  StatePtr Empty() const override;
  Result<StatePtr> Fold(StatePtr before, std::span<const Event> events) const override;
  bool LeavesUnread() const override { return true; }
  Result<StatePtr> FoldBase(std::span<const StatePart> parts, const StatePtr& known) const override;
  Task<Result<StatePtr>> Read(Context context, StatePtr state, Wanted wanted) const override;
  Task<Result<StatePtr>> Gather(Context context, StatePtr state) const override;
  Result<std::vector<StateRun>> Unfold(const FoldedState& state) const override;
  bool Knows(std::string_view name) const override;
};

}  // namespace duckpond
