// SPDX-License-Identifier: MIT
//
// CatalogFolder: makes a Catalog of the log's events, and events of a Catalog: what the log's base
// carries.
//
// Threads:  stateless; all methods may be called concurrently.
// Cost:     folding is linear in the bytes of the events and copies what they touch.
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
  std::vector<Event> Unfold(const FoldedState& state) const override;
  std::vector<PlaceRun> Places(const FoldedState& state) const override;
  bool Knows(std::string_view name) const override;
};

}  // namespace duckpond
