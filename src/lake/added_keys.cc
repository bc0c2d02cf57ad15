// SPDX-License-Identifier: MIT
#include <algorithm>
#include <unordered_set>

#include "lake/hash_matches.h"
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

// What is compared: each of ours with all of theirs, and, where `among` says so, with each other.
struct Sides {
  std::vector<KeySourcePtr> ours;
  std::vector<KeySourcePtr> theirs;
  bool among = false;
};

// Compares the sources of both sides by one key. Pairs are made only where bounds and hashes leave
// a doubt, and of files that list their hashes only where both list the same: a load of many files
// into a table of many would be millions of pairs.
class KeyComparison {
 public:
  KeyComparison(KeySite site, const Sides& sides)
      : site_(std::move(site)), ours_(sides.ours.size()), among_(sides.among), all_(sides.ours) {
    all_.insert(all_.end(), sides.theirs.begin(), sides.theirs.end());
    for (const KeySourcePtr& source : all_) lists_.push_back(ListOf(*source));
  }

  static Task<Result<std::optional<std::string>>> Run(Context context, KeyComparison self) {
    auto found = co_await FirstDuplicate(context, self.site_, self.UnlistedPairs());
    if (!found.ok() || found->has_value()) co_return found;
    std::vector<size_t> places;
    MatchedLists lists = self.ListsToMatch(places);
    if (lists.ours.empty()) co_return found;
    if (lists.ours.size() > kMatchedListsMax) {
      co_return Status::Exhausted("a statement of more than " + std::to_string(kMatchedListsMax) +
                                  " files whose keys overlap");
    }
    CO_ASSIGN_OR_RETURN(const HashMatches matches,
                        co_await MatchHashes(self.site_.hash_lists, context, std::move(lists)));
    std::vector<Pair> suspects;
    for (const auto& [a, b] : matches.pairs) self.AddIfNear(places[a], places[b], suspects);
    found = co_await FirstDuplicate(context, self.site_, std::move(suspects));
    if (!found.ok() || found->has_value() || matches.complete) co_return found;
    co_return co_await FirstDuplicate(context, self.site_, self.ListedPairs());
  }

 private:
  std::optional<HashLists::Place> ListOf(const KeySource& source) const {
    const auto extent = ExtentOf(source, site_.place, site_.constraint);
    if (!extent || extent->hash_list.count == 0) return std::nullopt;
    return HashLists::Place{source.file, extent->hash_list};
  }
  bool Listed(size_t a, size_t b) const { return lists_[a].has_value() && lists_[b].has_value(); }

  // Calls `use` with the places of each pair that is to be compared; the first is one of ours.
  template <class Use>
  void ForNearPairs(Use use) const {
    for (size_t i = 0; i < ours_; ++i) {
      for (size_t j = among_ ? i + 1 : ours_; j < all_.size(); ++j) {
        if (!SurelyApart(site_, *all_[i], *all_[j])) use(i, j);
      }
    }
  }
  void AddIfNear(size_t a, size_t b, std::vector<Pair>& pairs) const {
    if (!among_ && b < ours_) return;
    if (!SurelyApart(site_, *all_[a], *all_[b])) pairs.push_back({all_[a], all_[b]});
  }
  std::vector<Pair> PairsWhere(bool listed) const {
    std::vector<Pair> pairs;
    ForNearPairs([&](size_t a, size_t b) {
      if (Listed(a, b) == listed) pairs.push_back({all_[a], all_[b]});
    });
    return pairs;
  }
  std::vector<Pair> UnlistedPairs() const { return PairsWhere(false); }
  std::vector<Pair> ListedPairs() const { return PairsWhere(true); }

  // The lists of files that another one may be near to; `places` becomes whose they are.
  MatchedLists ListsToMatch(std::vector<size_t>& places) const {
    std::vector<bool> near(all_.size());
    ForNearPairs([&](size_t a, size_t b) {
      if (Listed(a, b)) near[a] = near[b] = true;
    });
    MatchedLists lists;
    for (size_t i = 0; i < all_.size(); ++i) {
      if (!near[i]) continue;
      (i < ours_ ? lists.ours : lists.theirs).push_back(*lists_[i]);
      places.push_back(i);
    }
    return lists;
  }

  KeySite site_;
  size_t ours_;
  bool among_;
  std::vector<KeySourcePtr> all_;  // Ours, then theirs.
  std::vector<std::optional<HashLists::Place>> lists_;
};

// The text of the first duplicate, for each key of the table.
Task<Result<std::optional<std::string>>> FirstDuplicateOf(Context context,
                                                          TransactionStatePtr state, TablePtr table,
                                                          Sides sides) {
  const std::vector<size_t> keys = table->def->Keys();
  for (size_t place = 0; place < keys.size(); ++place) {
    KeySite site{state->site->engine(), state->site->hash_lists, table, place,
                 static_cast<uint32_t>(keys[place])};
    auto found = co_await KeyComparison::Run(context, KeyComparison(std::move(site), sides));
    if (!found.ok() || found->has_value()) co_return found;
  }
  co_return std::optional<std::string>();
}

// KeySpans: from the least to the greatest of each key in some sources: one look at a file's bounds
// tells for nearly all files that there is nothing to compare.
class KeySpans {
 public:
  KeySpans(const TableDef& def, const std::vector<KeySourcePtr>& sources) {
    for (const size_t constraint : def.Keys()) {
      Span span{static_cast<uint32_t>(constraint), {}, {}, false};
      for (const KeySourcePtr& source : sources) {
        const auto extent = ExtentOf(*source, spans_.size(), span.constraint);
        if (!extent) continue;
        if (!span.any || *extent->min < span.min) span.min = *extent->min;
        if (!span.any || *extent->max > span.max) span.max = *extent->max;
        span.any = true;
      }
      spans_.push_back(std::move(span));
    }
  }

  bool MayTouch(const DataFile& file) const {
    return std::ranges::any_of(file.keys, [this](const KeySummary& key) { return Touches(key); });
  }
  // Of a block whose summary leaves a key out, nothing is known of that key.
  bool MayTouch(const FileBlock& block) const {
    return std::ranges::any_of(spans_, [&](const Span& span) {
      const auto& keys = block.summary().all.keys;
      const auto key = std::ranges::find(keys, span.constraint, &KeySummary::constraint);
      return span.any && (key == keys.end() || Touches(*key));
    });
  }

 private:
  struct Span {
    uint32_t constraint = 0;
    std::string min;
    std::string max;
    bool any = false;
  };
  bool Touches(const KeySummary& key) const {
    return std::ranges::any_of(spans_, [&](const Span& span) {
      return span.any && span.constraint == key.constraint && key.min <= span.max &&
             span.min <= key.max;
    });
  }

  std::vector<Span> spans_;
};

Task<Result<std::vector<KeySourcePtr>>> SourcesOf(Context context, PondSitePtr site, TablePtr table,
                                                  KeySpans spans) {
  std::vector<KeySourcePtr> sources;
  const FileList::Wanted may_touch = [&spans](const FileBlock& block) {
    return spans.MayTouch(block);
  };
  CO_ASSIGN_OR_RETURN(const std::vector<DataFilePtr> files,
                      co_await table->files.Some(std::move(context), may_touch));
  for (const DataFilePtr& file : files) {
    if (spans.MayTouch(*file)) sources.push_back(FileSource(file));
  }
  for (const InlineRowsPtr& rows : table->inline_rows) {
    CO_ASSIGN_OR_RETURN(KeySourcePtr source, site->inline_keys.Get(*table->def, *rows));
    sources.push_back(std::move(source));
  }
  co_return sources;
}

using Blocks = std::unordered_set<const FileBlock*>;
Blocks BlocksOf(const Table& table) {
  Blocks blocks;
  for (const FileBlockPtr& block : table.files.blocks()) blocks.insert(block.get());
  return blocks;
}

// Files that came to the table since `base`. New rows have new ids, above those of the base; only a
// flush makes a file whose rows are older, and it may have new ones too. A roll may have put files
// of the base into other blocks.
Task<Result<std::vector<DataFilePtr>>> NewerFiles(Context context, TablePtr base, TablePtr newest) {
  const Blocks of_base = BlocksOf(*base);
  const Blocks of_newest = BlocksOf(*newest);
  const FileList::Wanted may_be_newer = [&](const FileBlock& block) {
    const FilesSummary& summary = block.summary();
    return (summary.all.row_id_column || summary.next_row_id > base->next_row_id) &&
           !of_base.contains(&block);
  };
  CO_ASSIGN_OR_RETURN(std::vector<DataFilePtr> files,
                      co_await newest->files.Some(context, may_be_newer));
  std::erase_if(files, [&](const DataFilePtr& file) {
    return file->first_row_id < base->next_row_id && !file->row_id_column;
  });
  if (std::ranges::none_of(files, &DataFile::row_id_column, &DataFilePtr::operator*)) {
    co_return files;
  }
  const FileList::Wanted may_have_them = [&](const FileBlock& block) {
    return block.summary().all.row_id_column && !of_newest.contains(&block);
  };
  CO_ASSIGN_OR_RETURN(const std::vector<DataFilePtr> before,
                      co_await base->files.Some(context, may_have_them));
  std::unordered_set<Uuid> ids;
  for (const DataFilePtr& file : before) ids.insert(file->id);
  std::erase_if(files, [&](const DataFilePtr& file) { return ids.contains(file->id); });
  co_return files;
}

// What came to the table since `base`, and was not seen.
Task<Result<std::vector<KeySourcePtr>>> NewerSources(Context context, PondSitePtr site,
                                                     TablePtr base, TablePtr newest,
                                                     const AddedKeys* added) {
  std::vector<KeySourcePtr> sources;
  CO_ASSIGN_OR_RETURN(const std::vector<DataFilePtr> files,
                      co_await NewerFiles(std::move(context), base, newest));
  for (const DataFilePtr& file : files) {
    if (!added->seen.contains(file->id)) sources.push_back(FileSource(file));
  }
  for (const InlineRowsPtr& rows : newest->inline_rows) {
    if (rows->first_row_id < base->next_row_id || added->seen.contains(rows->id)) continue;
    CO_ASSIGN_OR_RETURN(KeySourcePtr source, site->inline_keys.Get(*newest->def, *rows));
    sources.push_back(std::move(source));
  }
  co_return sources;
}

Task<Status> CheckAddedTo(Context context, TransactionStatePtr state, TablePtr table,
                          TablePtr before, AddedKeys* added) {
  const auto checked = added->sources.begin() + static_cast<ptrdiff_t>(added->checked);
  Sides sides{{checked, added->sources.end()}, {}, true};
  if (before != nullptr) {
    KeySpans spans(*table->def, sides.ours);
    CO_ASSIGN_OR_RETURN(sides.theirs,
                        co_await SourcesOf(context, state->site, before, std::move(spans)));
  }
  sides.theirs.insert(sides.theirs.end(), added->sources.begin(), checked);
  CO_ASSIGN_OR_RETURN(const auto duplicate,
                      co_await FirstDuplicateOf(context, state, table, std::move(sides)));
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
                        co_await NewerSources(context, state->site, before, now, &added));
    Sides sides{added.sources, theirs, false};
    CO_ASSIGN_OR_RETURN(const auto duplicate,
                        co_await FirstDuplicateOf(context, state, now, std::move(sides)));
    if (duplicate) {
      co_return Status::Conflict(*duplicate + ", inserted by another transaction");
    }
    for (const KeySourcePtr& other : theirs) added.seen.insert(other->id);
  }
  co_return Status::Ok();
}

}  // namespace duckpond
