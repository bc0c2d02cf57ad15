// SPDX-License-Identifier: MIT
//
// CatalogBuilder: applies events to a catalog without changing it: what an event touches is copied
// once, everything else is shared. The one place that knows what an event does, used for folding
// the log, for a transaction's view of its own changes and for rebasing them.
//
// Threads:  one at a time.
// Errors:   kCorrupt – an event that cannot be, naming event and table: a file added to a table
// that
//           is not there. What was applied before it stays applied.
#pragma once

#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "base/check.h"
#include "lake/catalog.h"
#include "lake/events.h"

namespace duckpond {

class CatalogBuilder {
 public:
  explicit CatalogBuilder(CatalogPtr before);

  Status Apply(const LakeChange& change);
  // Adds files that are looked at later. `known` is what another catalog has of the same ones, or
  // null.
  Status Add(FilesSummary summary, UnreadLinesPtr lines, FileBlockPtr known);

  // As it is now. Valid until the next Apply.
  const Catalog& current() const { return *catalog_; }
  // The builder must not be used afterwards.
  CatalogPtr Take() {
    CHECK(catalog_ != nullptr && catalog_->schemas.contains("main"));
    return std::move(catalog_);
  }

 private:
  // A table that this builder has copied, with what makes adding many files to it cheap.
  struct Work {
    std::shared_ptr<Table> table;
    // Of its loose files and inline rows, once one came that is not above all others.
    std::unordered_set<Uuid> ids;
  };

  Status Do(const Uuid& id, const lake_event::CreateSchema& event);
  Status Do(const Uuid& id, const lake_event::DropSchema& event);
  Status Do(const Uuid& id, const lake_event::CreateTable& event);
  Status Do(const Uuid& id, const lake_event::DropTable& event);
  Status Do(const Uuid& id, const lake_event::CreateView& event);
  Status Do(const Uuid& id, const lake_event::DropView& event);
  Status Do(const Uuid& id, const lake_event::SetComment& event);
  Status Do(const Uuid& id, const lake_event::SetOption& event);
  Status Do(const Uuid& id, const lake_event::AddFile& event);
  Status Do(const Uuid& id, const lake_event::AddRows& event);
  Status Do(const Uuid& id, const lake_event::FlushRows& event);

  // Copies to be changed; null where there is none. The key is a folded name.
  Schema* SchemaToChange(const std::string& key);
  Result<Work*> TableToChange(const Uuid& id);
  // The schema for a new relation of this name, after all checks.
  Result<Schema*> Room(const Uuid& id, const std::string& schema, const std::string& name);
  void Place(const Uuid& id, RelationPlace place);
  void Displace(const Uuid& id);
  Status AddId(Work& work, const Uuid& id);
  // Checks row ids and counts the rows.
  Status Count(Table& table, uint64_t first_row_id, uint64_t rows);
  Status CommentOnTable(const lake_event::SetComment& event);
  Status CommentOnView(const lake_event::SetComment& event);

  std::shared_ptr<Catalog> catalog_;
  std::unordered_map<std::string, std::shared_ptr<Schema>> schemas_;
  std::unordered_map<Uuid, Work> tables_;
  std::shared_ptr<std::map<Uuid, RelationPlace>> places_;  // Null until changed.
  Work* last_ = nullptr;                                   // Events of one table come in a row.
};

}  // namespace duckpond
