// SPDX-License-Identifier: MIT
//
// Pond: a database in an object store, opened by this process: snapshots to read, transactions to
// write.
//
// Threads:   all methods may be called concurrently.
// Lifetime:  shared by the connections that attached it; transactions and snapshots keep it alive.
//            Borrows the Env, and the DataEngine that SetEngine gave it.
// Errors:    as log/event_log.h.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "lake/catalog.h"
#include "lake/transaction.h"
#include "log/event_log.h"
#include "store/object_store.h"

namespace duckpond {

struct PondOptions {
  LogOptions log;
  bool read_only = false;
};

class Pond {
 public:
  virtual ~Pond() = default;

  // Opens the pond in `store`; makes no request, and does not ask whether there is one. `share` is
  // the identity under which the process shares its log (see EventLog::Open).
  static std::shared_ptr<Pond> Open(Env& env, std::shared_ptr<ObjectStore> store,
                                    PondOptions options, const std::string& share);

  // Who reads and writes rows. REQUIRES: set before the first Commit that adds rows.
  virtual void SetEngine(std::shared_ptr<DataEngine> engine) = 0;

  // Creates the pond. See EventLog::Create.
  virtual Task<Status> Create(Context context) = 0;

  // The newest snapshot, or one as new as `freshness` says. A pond that does not exist yet is
  // kNotFound; see Begin.
  virtual Task<Result<CatalogSnapshot>> Latest(Context context, Freshness freshness = {}) = 0;
  virtual Task<Result<CatalogSnapshot>> At(Context context, Version version) = 0;
  virtual Task<Result<CatalogSnapshot>> AtTime(Context context, int64_t time_us) = 0;

  // The state of version 0, for a pond that the first commit will create.
  virtual CatalogSnapshot Nothing() const = 0;

  // A transaction on top of `snapshot`. Makes no request.
  virtual std::unique_ptr<Transaction> Begin(CatalogSnapshot snapshot) = 0;

  virtual ObjectStore& store() = 0;
  virtual EventLog& log() = 0;
  virtual Env& env() = 0;
};

}  // namespace duckpond
