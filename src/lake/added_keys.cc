// SPDX-License-Identifier: MIT
#include <algorithm>

#include "lake/key_compare.h"
#include "lake/key_text.h"
#include "lake/limits.h"
#include "lake/transaction_state.h"

namespace duckpond {
namespace {

struct Pair {
  KeySourcePtr ours;
  KeySourcePtr theirs;
};

// Compares pairs, those that need reading a few at a time; gives the text of the first duplicate.
Task<Result<std::optional<std::string>>> FirstDuplicate(Context context, KeySite site,
                                                        std::vector<Pair> pairs) {
  for (size_t begin = 0; begin < pairs.size(); begin += kKeyReadsInFlightMax) {
    std::vector<Task<Result<MaybeKey>>> compares;
    for (size_t i = begin; i < std::min(pairs.size(), begin + kKeyReadsInFlightMax); ++i) {
      compares.push_back(FindCommonKey(context, site, pairs[i].ours, pairs[i].theirs));
    }
    auto results = co_await WhenAll(std::move(compares));
    for (auto& result : results) {
      if (!result.ok()) co_return std::move(result).error();
      if (result->has_value()) {
        co_return std::optional(DuplicateText(*site.table->def, site.constraint, **result));
      }
    }
  }
  co_return std::optional<std::string>();
}

// As FirstDuplicate, for each key of the table.
Task<Result<std::optional<std::string>>> FirstDuplicateOf(Context context,
                                                          TransactionStatePtr state, TablePtr table,
                                                          std::vector<Pair> pairs) {
  const std::vector<size_t> keys = table->def->Keys();
  for (size_t place = 0; place < keys.size(); ++place) {
    KeySite site{state->site->engine(), table, place, static_cast<uint32_t>(keys[place])};
    std::vector<Pair> near;
    for (const Pair& pair : pairs) {
      if (!SurelyApart(site, *pair.ours, *pair.theirs)) near.push_back(pair);
    }
    auto found = co_await FirstDuplicate(context, site, std::move(near));
    if (!found.ok() || found->has_value()) co_return found;
  }
  co_return std::optional<std::string>();
}

Result<std::vector<KeySourcePtr>> SourcesOf(PondSite& site, const Table& table) {
  std::vector<KeySourcePtr> sources;
  sources.reserve(table.files.size() + table.inline_rows.size());
  for (const DataFilePtr& file : table.files) sources.push_back(FileSource(file));
  for (const InlineRowsPtr& rows : table.inline_rows) {
    ASSIGN_OR_RETURN(KeySourcePtr source, site.inline_keys.Get(*table.def, *rows));
    sources.push_back(std::move(source));
  }
  return sources;
}

// What came to the table since `base`, and has not been seen. New rows have new ids, above those of
// the base; only a flush makes a file whose rows are older, and it may have new ones too.
Result<std::vector<KeySourcePtr>> NewerSources(PondSite& site, const Table& base,
                                               const Table& newest, const AddedKeys& added) {
  std::vector<KeySourcePtr> sources;
  for (const DataFilePtr& file : newest.files) {
    const bool newer = file->first_row_id >= base.next_row_id || file->row_id_column;
    if (!newer || added.seen.contains(file->id)) continue;
    const bool known =
        file->row_id_column && std::ranges::any_of(base.files, [&](const DataFilePtr& other) {
          return other->id == file->id;
        });
    if (!known) sources.push_back(FileSource(file));
  }
  for (const InlineRowsPtr& rows : newest.inline_rows) {
    if (rows->first_row_id < base.next_row_id || added.seen.contains(rows->id)) continue;
    ASSIGN_OR_RETURN(KeySourcePtr source, site.inline_keys.Get(*newest.def, *rows));
    sources.push_back(std::move(source));
  }
  return sources;
}

Task<Status> CheckAddedTo(Context context, TransactionStatePtr state, TablePtr table,
                          TablePtr before, AddedKeys* added) {
  std::vector<KeySourcePtr> theirs;
  if (before != nullptr) {
    CO_ASSIGN_OR_RETURN(theirs, SourcesOf(*state->site, *before));
  }
  std::vector<Pair> pairs;
  for (size_t i = added->checked; i < added->sources.size(); ++i) {
    for (const KeySourcePtr& other : theirs) pairs.push_back({added->sources[i], other});
    for (size_t j = 0; j < i; ++j) pairs.push_back({added->sources[i], added->sources[j]});
  }
  CO_ASSIGN_OR_RETURN(const auto duplicate,
                      co_await FirstDuplicateOf(context, state, table, std::move(pairs)));
  if (duplicate) co_return Status::Exists(*duplicate);
  added->checked = added->sources.size();
  co_return Status::Ok();
}

// The table with this id as a step of the transaction made it, if one did.
TablePtr OwnTable(const TransactionState& state, const Uuid& id) {
  for (const Step& step : state.steps) {
    const auto* create = std::get_if<lake_event::CreateTable>(&step.change.event);
    if (create == nullptr || create->def->id != id) continue;
    auto table = std::make_shared<Table>();
    table->def = create->def;
    return table;
  }
  return nullptr;
}

}  // namespace

Task<Status> CheckAddedKeys(Context context, TransactionStatePtr state) {
  for (auto& [id, added] : state->keys) {
    if (added.checked == added.sources.size()) continue;
    const TablePtr before = state->base.catalog->FindTable(id);
    const TablePtr table = before != nullptr ? before : OwnTable(*state, id);
    if (table == nullptr) co_return Status::Internal("keys of a table that is not there");
    const Status status = co_await CheckAddedTo(context, state, table, before, &added);
    if (!status.ok()) co_return status;
  }
  co_return Status::Ok();
}

Task<Status> CheckNewerKeys(Context context, TransactionStatePtr state, CatalogPtr newest) {
  for (auto& [id, added] : state->keys) {
    const TablePtr before = state->base.catalog->FindTable(id);
    const TablePtr now = newest->FindTable(id);
    if (before == nullptr || now == nullptr || before == now) continue;
    CO_ASSIGN_OR_RETURN(const std::vector<KeySourcePtr> theirs,
                        NewerSources(*state->site, *before, *now, added));
    std::vector<Pair> pairs;
    for (const KeySourcePtr& other : theirs) {
      for (const KeySourcePtr& ours : added.sources) pairs.push_back({ours, other});
    }
    CO_ASSIGN_OR_RETURN(const auto duplicate,
                        co_await FirstDuplicateOf(context, state, now, std::move(pairs)));
    if (duplicate) {
      co_return Status::Conflict(*duplicate + ", inserted by another transaction");
    }
    for (const KeySourcePtr& other : theirs) added.seen.insert(other->id);
  }
  co_return Status::Ok();
}

}  // namespace duckpond
