// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "base/check.h"
#include "lake/catalog_builder.h"
#include "lake/transaction_state.h"

namespace duckpond {
namespace {

// Applies the steps in order on top of what others have made; what they take for granted must still
// hold at each.
Status ApplySteps(const TransactionState& state, const Catalog& newest, CatalogBuilder& builder,
                  std::vector<Event>& events) {
  for (const Step& step : state.steps) {
    const ConflictView view{*state.base.catalog, newest, builder.current()};
    RETURN_IF_ERROR(CheckConflict(step, view));
    const LakeChange change = NumberRows(step.change, builder.current());
    const Status applied = builder.Apply(change);
    // The rules above are to find every way in which a step may not fit.
    if (!applied.ok()) return Status::Conflict(applied.message());
    events.push_back(EncodeEvent(change));
  }
  CHECK(events.size() == state.steps.size());  // One each: nothing of the transaction is left out.
  return Status::Ok();
}

void ApplyFlushes(TransactionState& state, CatalogBuilder& builder, std::vector<Event>& events) {
  state.flushed.clear();
  for (const PreparedFlush& flush : state.flushes) {
    const std::vector<LakeChange> changes = FlushChanges(flush, builder.current());
    std::vector<Event> encoded;
    for (const LakeChange& change : changes) {
      // A file that its writer has described wrongly stays out; nobody else uses the builder.
      if (!builder.Apply(change).ok()) return;
      encoded.push_back(EncodeEvent(change));
    }
    if (changes.empty()) continue;
    state.flushed.insert(flush.file->id);
    events.insert(events.end(), encoded.begin(), encoded.end());
  }
}

class TransactionChange final : public Change {
 public:
  explicit TransactionChange(TransactionStatePtr state) : state_(std::move(state)) {
    CHECK(state_ != nullptr && state_->committing);
  }

  Task<Result<std::vector<Event>>> Rebase(Context context, Snapshot newest) override {
    return DoRebase(state_, std::move(context), std::move(newest));
  }

 private:
  static Task<Result<std::vector<Event>>> DoRebase(TransactionStatePtr state, Context context,
                                                   Snapshot newest) {
    const auto catalog = std::static_pointer_cast<const Catalog>(newest.state);
    CHECK(catalog != nullptr && newest.version >= state->base.version);
    CatalogBuilder builder(catalog);
    std::vector<Event> events;
    CO_RETURN_IF_ERROR(ApplySteps(*state, *catalog, builder, events));
    const Status keys = co_await CheckNewerKeys(context, state, catalog);
    if (!keys.ok()) co_return keys;
    ApplyFlushes(*state, builder, events);
    co_return events;
  }

  const TransactionStatePtr state_;
};

}  // namespace

LakeChange NumberRows(LakeChange change, const Catalog& catalog) {
  if (auto* add = std::get_if<lake_event::AddFile>(&change.event)) {
    auto file = std::make_shared<DataFile>(*add->file);
    const TablePtr table = catalog.FindTable(add->table);
    file->first_row_id = table == nullptr ? 0 : table->next_row_id;
    add->file = std::move(file);
  } else if (auto* rows = std::get_if<lake_event::AddRows>(&change.event)) {
    auto numbered = std::make_shared<InlineRows>(*rows->rows);
    const TablePtr table = catalog.FindTable(rows->table);
    numbered->first_row_id = table == nullptr ? 0 : table->next_row_id;
    rows->rows = std::move(numbered);
  }
  return change;
}

std::shared_ptr<Change> MakeChange(TransactionStatePtr state) {
  return std::make_shared<TransactionChange>(std::move(state));
}

}  // namespace duckpond
