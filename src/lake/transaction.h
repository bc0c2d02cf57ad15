// SPDX-License-Identifier: MIT
//
// Transaction: one user's changes on top of one snapshot. It reads its own writes (view()), and
// commits them all at one version or none of them.
//
// Isolation:  snapshot isolation. What conflicts is in docs/guide/transactions.md.
// Threads:    one at a time. Lifetime: keeps its Pond alive.
// Errors:     kConflict – another commit made this one impossible: start again. kExists – a name or
//             a key is there already. kNotFound – a name is not. kInvalid – a NULL where none may
//             be, and what else is wrong in itself. kExhausted – a limit of lake/limits.h. kUnknown
//             – see EventLog.
// Clean-up:   data files that were added and are not committed are deleted by Rollback, and by
// Commit
//             after a definite failure; never when the outcome is unknown.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lake/catalog.h"
#include "lake/data_engine.h"

namespace duckpond {

class Transaction {
 public:
  virtual ~Transaction() = default;

  // What the transaction started from, and what it sees: that with its own changes.
  virtual const CatalogSnapshot& base() const = 0;
  virtual CatalogPtr view() const = 0;
  virtual bool has_changes() const = 0;

  // Ids left nil are chosen; field ids left 0 are numbered. Cost of all of these: no request.
  virtual Status CreateSchema(SchemaDef def) = 0;
  virtual Status DropSchema(const std::string& schema, bool cascade) = 0;
  virtual Status CreateTable(TableDef def) = 0;
  virtual Status DropTable(const std::string& schema, const std::string& table) = 0;
  virtual Status CreateView(ViewDef def, bool or_replace) = 0;
  virtual Status DropView(const std::string& schema, const std::string& view) = 0;

  // Sets the comment of a schema, table, view or column; an empty comment removes it.
  struct CommentTarget {
    enum class Kind : unsigned char { kSchema, kTable, kView, kColumn } kind = Kind::kTable;
    std::string schema;
    std::string name;
    std::string column;
  };
  virtual Status SetComment(const CommentTarget& target, const std::string& comment) = 0;
  // Sets one of lake/option_kinds.h. Errors: kInvalid for another, or a value it does not take.
  virtual Status SetOption(const std::string& name, const std::string& value) = 0;

  // Says that an object is about to be put below the pond's root, so that it is deleted with the
  // transaction's clean-up unless an AddFile names it. Cost: none.
  virtual void NotePut(std::string path) = 0;
  // Adds rows that lie in objects that were written, or that are to lie in the log. Keys must have
  // been checked inside of a file by who wrote it; CheckKeys checks them against everything else.
  // Errors: kExists for keys that are twice in `rows`; kExhausted for more rows than the log takes.
  virtual Status AddFile(const Uuid& table, DataFile file) = 0;
  virtual Status AddRows(const Uuid& table, ColumnBatch rows) = 0;

  // Whether the keys of all that was added since the last call are new in view() (before it was
  // added). REQUIRES: called after each statement's AddFile and AddRows. Errors: kExists naming a
  // duplicate. Cost: no request where bounds or hashes decide; else reads of the key columns that
  // overlap.
  virtual Task<Status> CheckKeys(Context context) = 0;

  // Commits; a transaction without changes makes no request. Call once.
  virtual Task<Result<CommitReceipt>> Commit(Context context, CommitOptions options) = 0;
  // Forgets the changes and deletes the files that were added. Errors of the deletion are
  // swallowed: an object that the log does not name is not data. After Commit it does nothing.
  virtual Task<Status> Rollback(Context context) = 0;
};

}  // namespace duckpond
