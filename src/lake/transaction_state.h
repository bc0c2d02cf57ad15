// SPDX-License-Identifier: MIT
//
// TransactionState: a transaction's own changes, apart from everything that was made of them. The
// log may ask for them to be rebased again and again, on another thread and after the Transaction
// is gone; each answer starts from here.
//
// Threads:  one at a time: the Transaction before its Commit, the log's attempts during it.
#pragma once

#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "lake/conflicts.h"
#include "lake/flush.h"
#include "lake/key_source.h"
#include "lake/pond_site.h"

namespace duckpond {

// What a transaction adds to a table that has keys. All of it is known to be new among itself and
// in the base up to `checked`.
struct AddedKeys {
  std::vector<KeySourcePtr> sources;
  size_t checked = 0;
  // Files and inline rows of others, newer than the base, that were found to have none of the keys.
  // Remembered across attempts, so that each is read once and losers of a race do not starve.
  std::unordered_set<Uuid> seen;
};

struct TransactionState {
  PondSitePtr site;
  CatalogSnapshot base;
  std::vector<Step> steps;
  std::map<Uuid, AddedKeys> keys;      // By table.
  std::vector<PreparedFlush> flushes;  // Filled when the commit starts.
  std::unordered_set<Uuid> flushed;    // Files of those that the last attempt had.
  std::vector<std::string> discarded;  // Files that no step names, or none any more.
  // Commit was called: from then on only the commit itself deletes files, as it knows the outcome.
  bool committing = false;
};
using TransactionStatePtr = std::shared_ptr<TransactionState>;

// Bytes of the rows that the transaction has added and that are to lie in the log.
uint64_t OwnInlineBytes(const TransactionState& state);

// `change` with the row ids that its rows get on top of `catalog`.
LakeChange NumberRows(LakeChange change, const Catalog& catalog);

// The keys that were added since the last call, against the base and among each other. Errors:
// kExists, naming the first duplicate.
Task<Status> CheckAddedKeys(Context context, TransactionStatePtr state);

// All keys of the transaction against what others have committed since its base. Errors: kConflict.
Task<Status> CheckNewerKeys(Context context, TransactionStatePtr state, CatalogPtr newest);

// The transaction as the log sees it.
std::shared_ptr<Change> MakeChange(TransactionStatePtr state);

}  // namespace duckpond
