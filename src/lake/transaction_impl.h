// SPDX-License-Identifier: MIT
//
// TransactionImpl: the Transaction of a Pond. Changes become steps at once and are applied to
// view(); commit.cc has what happens when they are committed or rolled back.
//
// Threads:   one at a time, but for view() and base(), which may be asked meanwhile.
// Lifetime:  its tasks share its state and may outlive it.
#pragma once

#include <mutex>
#include <string>
#include <utility>

#include "lake/transaction.h"
#include "lake/transaction_state.h"

namespace duckpond {

class TransactionImpl final : public Transaction {
 public:
  TransactionImpl(PondSitePtr site, CatalogSnapshot snapshot);

  const CatalogSnapshot& base() const override { return state_->base; }
  CatalogPtr view() const override {
    std::lock_guard lock(mutex_);
    return view_;
  }
  bool has_changes() const override { return !state_->steps.empty() || !state_->discarded.empty(); }

  Status CreateSchema(SchemaDef def) override;
  Status DropSchema(const std::string& schema, bool cascade) override;
  Status CreateTable(TableDef def) override;
  Status DropTable(const std::string& schema, const std::string& table) override;
  Status CreateView(ViewDef def, bool or_replace) override;
  Status DropView(const std::string& schema, const std::string& view) override;
  Status SetComment(const CommentTarget& target, const std::string& comment) override;
  Status SetOption(const std::string& name, const std::string& value) override;
  void NotePut(std::string path) override { state_->discarded.push_back(std::move(path)); }
  Status AddFile(const Uuid& table, DataFile file) override;
  Status AddRows(const Uuid& table, ColumnBatch rows) override;

  Task<Status> CheckKeys(Context context) override;
  Task<Result<CommitReceipt>> Commit(Context context, CommitOptions options) override;
  Task<Status> Rollback(Context context) override;

 private:
  // Applies the event to view() and keeps it as a step.
  Status Add(const Uuid& id, LakeEvent event, const Uuid& schema_id = {});
  // The schema for a new relation. Errors: kNotFound, kExists.
  Result<SchemaPtr> Room(const std::string& schema, const std::string& name);
  Result<TablePtr> TableById(const Uuid& id) const;
  // Forgets all steps that concern a table that the transaction dropped.
  void ForgetTable(const Uuid& id);
  Uuid IdOr(const Uuid& id) { return id.is_nil() ? state_->site->env.uuids.Next() : id; }
  Result<lake_event::SetComment> Locate(const CommentTarget& target) const;

  void SetView(CatalogPtr view) {
    std::lock_guard lock(mutex_);
    view_ = std::move(view);
  }

  const TransactionStatePtr state_;
  mutable std::mutex mutex_;
  CatalogPtr view_;  // Written under mutex_, by the one who makes changes, who reads it without.
};

}  // namespace duckpond
