// SPDX-License-Identifier: MIT
//
// PondTransaction: DuckDB's transaction on an attached pond. It sees one snapshot, taken when it
// first needs one, with its own changes on top, and commits them as one version.
//
// Threads:   methods may be called by the threads of one statement; the changes themselves are made
//            by one at a time.
// Lifetime:  owned by its PondTransactionManager; keeps the Pond alive.
// Errors:    DuckDB exceptions (errors.h). Cost: the first use of a transaction is one conditional
//            GET of the log, or none for a pond attached at a fixed version.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "lake/pond.h"
#include "sql/duckdb_api.h"

namespace duckpond {

class FileUpload;
class PondCatalog;

// A version and a time as AT and ATTACH name them. A time without a zone, and a text, is one of the
// session's zone, as everywhere in DuckDB. Errors: kInvalid for NULL and for 1.5 versions.
Version VersionOf(const duckdb::Value& value);
int64_t MicrosOf(duckdb::ClientContext& client, const duckdb::Value& value);

class PondTransaction final : public duckdb::Transaction {
 public:
  PondTransaction(duckdb::TransactionManager& manager, duckdb::ClientContext& client,
                  PondCatalog& catalog);
  ~PondTransaction() override;

  static PondTransaction& Of(duckdb::ClientContext& client, duckdb::Catalog& catalog);

  // What the transaction sees.
  CatalogPtr View(duckdb::ClientContext& client);
  // What it started from.
  CatalogSnapshot Base(duckdb::ClientContext& client);
  // The pond as AT (VERSION => …) or AT (TIMESTAMP => …) asks for it; the view without a clause.
  CatalogPtr ViewAt(duckdb::ClientContext& client,
                    duckdb::optional_ptr<duckdb::BoundAtClause> clause);
  // All commits up to what the transaction started from; those of a pond attached at a version end
  // there. A pond whose state this program cannot make, since a newer one has changed it, has its
  // history too.
  std::vector<CommitRecord> History(duckdb::ClientContext& client);
  // Whether this program can make the pond's state: see History.
  bool Readable(duckdb::ClientContext& client);
  // For making a change. Errors: a pond that is attached read-only or at a fixed version.
  duckpond::Transaction& Change(duckdb::ClientContext& client);

  // A number that tells two states of the catalog apart: see Catalog::GetCatalogVersion.
  uint64_t CatalogVersion(duckdb::ClientContext& client);

  // Whether there is no pond (yet) at the place that was attached. REQUIRES: View was called.
  bool missing() const { return missing_; }
  // Keeps an entry alive that was given to DuckDB, until the transaction ends.
  void Hold(std::shared_ptr<duckdb::CatalogEntry> entry);
  // Remembers that a name was looked for where there is no pond, and whether it was.
  void NoteMissed(const std::string& name) { missed_ = name; }
  bool Missed(const std::string& name) const { return missing_ && missed_ == name; }

  // The transaction's end waits for what is under way then: what it deletes must not come after.
  void NoteUpload(std::weak_ptr<FileUpload> upload);

  // Creates the pond if there is none: before data files are put beside it.
  void CreatePond(duckdb::ClientContext& client);

  Status Commit(duckdb::ClientContext& client);
  void Rollback();

 private:
  void Start(duckdb::ClientContext& client);
  // Whether this process is a fork of the one that attached the pond, whose threads it lacks.
  bool forked() const;
  // The same, but for a pond of which this program knows too little: that is returned.
  Status TryStart(duckdb::ClientContext& client);
  void StopUploads();

  PondCatalog& catalog_;
  std::mutex mutex_;
  std::unique_ptr<duckpond::Transaction> changes_;
  Status refused_;  // By TryStart, and again whenever it is asked.
  bool missing_ = false;
  bool created_ = false;  // By CreatePond.
  std::string missed_;
  std::atomic<uint64_t> changed_version_{0};  // 0 until something was changed.
  // Snapshots that AT clauses asked for.
  std::map<Version, CatalogPtr> past_versions_;
  std::map<int64_t, CatalogPtr> past_times_;
  std::unordered_set<std::shared_ptr<duckdb::CatalogEntry>> held_;
  std::vector<std::weak_ptr<FileUpload>> uploads_;
};

class PondTransactionManager final : public duckdb::TransactionManager {
 public:
  PondTransactionManager(duckdb::AttachedDatabase& database, PondCatalog& catalog)
      : duckdb::TransactionManager(database), catalog_(catalog) {}

  duckdb::Transaction& StartTransaction(duckdb::ClientContext& client) override;
  duckdb::ErrorData CommitTransaction(duckdb::ClientContext& client,
                                      duckdb::Transaction& transaction) override;
  void RollbackTransaction(duckdb::Transaction& transaction) override;
  // Nothing to do: what is committed is durable already.
  void Checkpoint(duckdb::ClientContext& /*client*/, bool /*force*/) override {}

 private:
  std::unique_ptr<PondTransaction> Take(duckdb::Transaction& transaction);

  PondCatalog& catalog_;
  std::mutex mutex_;
  std::map<duckdb::Transaction*, std::unique_ptr<PondTransaction>> transactions_;
};

}  // namespace duckpond
