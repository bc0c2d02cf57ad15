// SPDX-License-Identifier: MIT
#include <algorithm>

#include "base/check.h"
#include "lake/limits.h"
#include "lake/transaction_impl.h"

namespace duckpond {
namespace {

// Files of the transaction's own steps.
std::vector<std::string> StepFiles(const TransactionState& state) {
  std::vector<std::string> paths;
  for (const Step& step : state.steps) {
    const auto* add = std::get_if<lake_event::AddFile>(&step.change.event);
    if (add != nullptr) paths.push_back(add->file->path);
  }
  return paths;
}

std::vector<std::string> AllFiles(const TransactionState& state) {
  std::vector<std::string> paths = StepFiles(state);
  paths.insert(paths.end(), state.discarded.begin(), state.discarded.end());
  for (const PreparedFlush& flush : state.flushes) paths.push_back(flush.file->path);
  return paths;
}

// Whether the error says that nothing of the commit can be in the log, now or later. One that
// rather says that something is wrong with the log, or with us, does not.
bool IsDefinite(StatusCode code) {
  return code != StatusCode::kUnknown && code != StatusCode::kCorrupt &&
         code != StatusCode::kInternal;
}

// A data file of unknown fate is not a commit of unknown fate.
Status NothingHappened(const Status& status) {
  if (status.code() != StatusCode::kUnknown) return status;
  return Status::Unavailable(status.message());
}

// Where it cannot be told, it does.
Task<bool> Names(Context context, CatalogPtr catalog, Uuid table, Uuid file) {
  const TablePtr found = catalog->FindTable(table);
  if (found == nullptr) co_return false;
  const FileList::Wanted may_have_it = [&file](const FileBlock& block) {
    return block.summary().greatest_id >= file;
  };
  const auto files = co_await found->files.Some(std::move(context), may_have_it);
  co_return !files.ok() ||
      std::ranges::any_of(*files, [&](const DataFilePtr& other) { return other->id == file; });
}

// After a commit that succeeded: files that it did not name after all. Whether it did is looked up
// in the version that it made, not remembered: nothing is deleted on the word of an attempt.
Task<void> DeleteUnnamed(TransactionStatePtr state, Context context, CommitReceipt receipt) {
  std::vector<std::string> paths = state->discarded;
  const bool all_flushed = std::ranges::all_of(state->flushes, [&](const PreparedFlush& flush) {
    return state->flushed.contains(flush.file->id);
  });
  if (receipt.repeated || !all_flushed) {
    const auto made = co_await state->site->log->At(context, receipt.version);
    if (made.ok()) {
      const auto catalog = std::static_pointer_cast<const Catalog>(made->state);
      for (const PreparedFlush& flush : state->flushes) {
        const bool named = co_await Names(context, catalog, flush.table, flush.file->id);
        if (!named) paths.push_back(flush.file->path);
      }
      for (const Step& step : state->steps) {
        const auto* add = std::get_if<lake_event::AddFile>(&step.change.event);
        if (add == nullptr) continue;
        const bool named = co_await Names(context, catalog, add->table, add->file->id);
        if (!named) paths.push_back(add->file->path);
      }
    }
  }
  if (!paths.empty()) co_await DeleteObjects(state->site, context, std::move(paths));
}

// Rows that are to lie in the log go into a file of their own instead, where the pond wants none in
// its log at all.
Task<Status> WriteRowsAsFiles(TransactionStatePtr state, Context context, CatalogPtr view) {
  const auto engine = state->site->engine();
  for (Step& step : state->steps) {
    const auto* add = std::get_if<lake_event::AddRows>(&step.change.event);
    if (add == nullptr) continue;
    const Uuid table_id = add->table;
    const TablePtr table = view->FindTable(table_id);
    CHECK(table != nullptr);  // Dropping a table forgets the steps that concern it.
    const uint64_t rows = add->rows->rows;
    CO_ASSIGN_OR_RETURN(ColumnBatch batch, DecodeRows(*table->def, *add->rows));
    std::vector<ColumnBatch> batches;
    batches.push_back(std::move(batch));
    CO_ASSIGN_OR_RETURN(DataFile file,
                        co_await engine->WriteFile(context, table, std::move(batches)));
    // The file takes the place of the rows: what is not in it is lost with the commit.
    CHECK(file.rows == rows);
    if (file.id.is_nil()) file.id = state->site->env.uuids.Next();
    step.change.id = file.id;
    auto shared = std::make_shared<const DataFile>(std::move(file));
    step.change.event = lake_event::AddFile{table_id, std::move(shared)};
  }
  co_return Status::Ok();
}

// The newest catalog that costs no request.
CatalogPtr NewestKnown(const TransactionState& state) {
  const auto cached = state.site->log->Cached();
  if (!cached || cached->version < state.base.version) return state.base.catalog;
  return std::static_pointer_cast<const Catalog>(cached->state);
}

// Waits until the flush that is under way has ended, or the context has.
Task<void> WaitForFlush(PondSitePtr site, Context context) {
  const auto left = site->flush_gate.WaitForLeave();
  if (!left) co_return;
  const Completion<bool> over = *left;
  const auto cancelled = context.cancel.OnCancel([over] { over.Set(false); });
  const MonotonicUs latest_us = site->env.executor.NowUs() + kFlushWaitUsMax;
  site->env.executor.PostAt(std::min(context.deadline_us, latest_us), [over] { over.Set(false); });
  const bool ended = co_await over;
  (void)ended;
}

// Prepares a flush if one is due. Returns whether the gate was entered. While another flush is
// under way nobody waits for it, until there is twice as much as there should be. Errors: that of
// the flush, once there is so much that the log would drown.
Task<Result<bool>> PrepareFlush(TransactionStatePtr state, Context context, CatalogPtr view,
                                uint64_t limit) {
  const PondSitePtr site = state->site;
  if (site->engine() == nullptr) co_return false;
  const uint64_t own = OwnInlineBytes(*state);
  if (NewestKnown(*state)->inline_bytes + own <= limit) co_return false;
  bool entered = site->flush_gate.TryEnter();
  if (!entered && NewestKnown(*state)->inline_bytes + own > 2 * limit) {
    co_await WaitForFlush(site, context);
    entered = site->flush_gate.TryEnter();
  }
  if (!entered) co_return false;
  // Looked at again: the flush that was waited for has made room.
  const CatalogPtr newest = NewestKnown(*state);
  std::vector<TablePtr> tables = TablesToFlush(*newest, newest->inline_bytes + own, limit);
  std::erase_if(tables,
                [&](const TablePtr& table) { return view->FindTable(table->def->id) == nullptr; });
  auto prepared = co_await PrepareFlushes(site, context, std::move(tables));
  CHECK(state->flushes.empty());  // Files of flushes before would be named by nobody, and stay.
  state->flushes = std::move(prepared.flushes);
  const bool drowning =
      newest->inline_bytes + own > std::max(kInlineBytesDefault, kInlineOverflow * limit);
  if (!prepared.error.ok() && drowning) {
    site->flush_gate.Leave();
    co_return NothingHappened(prepared.error);
  }
  co_return true;
}

// Before the log was asked for anything: what fails here fails definitely.
Task<Result<bool>> PrepareCommit(TransactionStatePtr state, Context context, CatalogPtr view) {
  const Status keys = co_await CheckAddedKeys(context, state);
  if (!keys.ok()) co_return keys;
  const uint64_t limit = view->NumberOption(kOptionInlineBytes, kInlineBytesDefault);
  if (limit == 0 && state->site->engine() != nullptr) {
    const Status written = co_await WriteRowsAsFiles(state, context, view);
    if (!written.ok()) co_return NothingHappened(written);
  }
  auto entered = co_await PrepareFlush(state, context, view, limit);
  co_return entered;
}

Task<Result<CommitReceipt>> DoCommit(TransactionStatePtr state, Context context, CatalogPtr view,
                                     CommitOptions options) {
  const PondSitePtr site = state->site;
  // A second commit would have a transaction id of its own, and make all of it twice.
  CHECK(!state->committing);
  CHECK(view != nullptr);
  state->committing = true;
  if (state->steps.empty()) {
    std::vector<std::string> paths = state->discarded;
    if (!paths.empty()) co_await DeleteObjects(site, context, std::move(paths));
    co_return CommitReceipt{state->base.version, state->base.time_us, false};
  }
  if (site->read_only) co_return Status::Invalid("the pond is open read-only");
  const auto entered = co_await PrepareCommit(state, context, view);
  if (!entered.ok()) {
    std::vector<std::string> paths = AllFiles(*state);
    co_await DeleteObjects(site, context, std::move(paths));
    co_return entered.error();
  }
  if (options.transaction.is_nil()) options.transaction = site->env.uuids.Next();
  auto receipt = co_await site->log->Commit(context, MakeChange(state), std::move(options));
  if (*entered) site->flush_gate.Leave();
  CHECK(!receipt.ok() || receipt->repeated || receipt->version > state->base.version);
  if (receipt.ok()) {
    co_await DeleteUnnamed(state, context, *receipt);
  } else if (IsDefinite(receipt.error().code())) {
    std::vector<std::string> paths = AllFiles(*state);
    if (!paths.empty()) co_await DeleteObjects(site, context, std::move(paths));
  }
  co_return receipt;
}

Task<Status> DoRollback(TransactionStatePtr state, Context context) {
  if (state->committing) co_return Status::Ok();
  std::vector<std::string> paths = AllFiles(*state);
  state->steps.clear();
  state->keys.clear();
  state->discarded.clear();
  if (!paths.empty()) co_await DeleteObjects(state->site, context, std::move(paths));
  co_return Status::Ok();
}

}  // namespace

uint64_t OwnInlineBytes(const TransactionState& state) {
  uint64_t bytes = 0;
  for (const Step& step : state.steps) {
    const auto* add = std::get_if<lake_event::AddRows>(&step.change.event);
    if (add != nullptr) bytes += add->rows->encoded.size();
  }
  return bytes;
}

Task<Status> TransactionImpl::CheckKeys(Context context) {
  return CheckAddedKeys(std::move(context), state_);
}

Task<Result<CommitReceipt>> TransactionImpl::Commit(Context context, CommitOptions options) {
  return DoCommit(state_, std::move(context), view_, std::move(options));
}

Task<Status> TransactionImpl::Rollback(Context context) {
  auto task = DoRollback(state_, std::move(context));
  SetView(state_->base.catalog);
  return task;
}

}  // namespace duckpond
