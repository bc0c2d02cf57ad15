// SPDX-License-Identifier: MIT
//
// PondCatalog: an attached pond as DuckDB's catalog. It keeps no state of the pond: each question
// is answered from the transaction's view (pond_transaction.h). What it keeps are the entry objects
// that DuckDB holds references to.
//
// Threads:   all methods may be called concurrently.
// Lifetime:  a table's or a view's entry lives as long as a transaction that it was given to, and
// as
//            a plan that scans it. A schema's lives as long as the catalog.
// Errors:    DuckDB exceptions. What is not built throws NotImplementedException naming the object.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/cost.h"
#include "lake/pond.h"
#include "sql/duckdb_api.h"

namespace duckpond {

// How a pond was attached.
struct PondAttachment {
  std::string url;
  bool read_only = false;
  std::optional<Version> version;  // SNAPSHOT_VERSION
  std::optional<int64_t> time_us;  // SNAPSHOT_TIME
  Consistency consistency;         // CONSISTENCY and FRESHNESS
  // All requests of this process for the pond; those who share its log share it.
  std::shared_ptr<CostLedger> ledger;
};

class PondSchemaEntry;
class PondTableEntry;
class PondViewEntry;
class CatalogFunctions;

class PondCatalog final : public duckdb::Catalog {
 public:
  static constexpr const char* kType = "duckpond";

  PondCatalog(duckdb::AttachedDatabase& database, std::shared_ptr<Pond> pond,
              PondAttachment attachment);
  ~PondCatalog() override;

  const std::shared_ptr<Pond>& pond() const { return pond_; }
  const PondAttachment& attachment() const { return attachment_; }
  // "no pond at …", for a reader of a place that has none.
  Status NoPond() const;
  CatalogFunctions& functions() { return *functions_; }

  // The entry for a definition, made when it is new.
  PondSchemaEntry& EntryOf(const SchemaDef& def);
  PondTableEntry& EntryOf(PondSchemaEntry& schema, std::shared_ptr<const TableDef> def,
                          duckdb::ClientContext& client);
  PondViewEntry& EntryOf(PondSchemaEntry& schema, std::shared_ptr<const ViewDef> def,
                         duckdb::ClientContext& client);

  using duckdb::Catalog::Initialize;
  void Initialize(bool load_builtin) override;
  duckdb::string GetCatalogType() override { return kType; }
  duckdb::optional_idx GetCatalogVersion(duckdb::ClientContext& client) override;
  using duckdb::Catalog::CreateSchema;
  duckdb::optional_ptr<duckdb::CatalogEntry> CreateSchema(duckdb::CatalogTransaction transaction,
                                                          duckdb::CreateSchemaInfo& info) override;
  duckdb::optional_ptr<duckdb::SchemaCatalogEntry> LookupSchema(
      duckdb::CatalogTransaction transaction, const duckdb::EntryLookupInfo& lookup,
      duckdb::OnEntryNotFound if_not_found) override;
  void ScanSchemas(duckdb::ClientContext& client,
                   std::function<void(duckdb::SchemaCatalogEntry&)> callback) override;
  bool SupportsTimeTravel() const override { return true; }
  duckdb::ErrorData SupportsCreateTable(duckdb::BoundCreateTableInfo& info) override;

  duckdb::PhysicalOperator& PlanCreateTableAs(duckdb::ClientContext& client,
                                              duckdb::PhysicalPlanGenerator& planner,
                                              duckdb::LogicalCreateTable& op,
                                              duckdb::PhysicalOperator& plan) override;
  duckdb::PhysicalOperator& PlanInsert(
      duckdb::ClientContext& client, duckdb::PhysicalPlanGenerator& planner,
      duckdb::LogicalInsert& op, duckdb::optional_ptr<duckdb::PhysicalOperator> plan) override;
  using duckdb::Catalog::PlanDelete;
  duckdb::PhysicalOperator& PlanDelete(duckdb::ClientContext& client,
                                       duckdb::PhysicalPlanGenerator& planner,
                                       duckdb::LogicalDelete& op,
                                       duckdb::PhysicalOperator& plan) override;
  using duckdb::Catalog::PlanUpdate;
  duckdb::PhysicalOperator& PlanUpdate(duckdb::ClientContext& client,
                                       duckdb::PhysicalPlanGenerator& planner,
                                       duckdb::LogicalUpdate& op,
                                       duckdb::PhysicalOperator& plan) override;
  duckdb::PhysicalOperator& PlanMergeInto(duckdb::ClientContext& client,
                                          duckdb::PhysicalPlanGenerator& planner,
                                          duckdb::LogicalMergeInto& op,
                                          duckdb::PhysicalOperator& plan) override;
  duckdb::unique_ptr<duckdb::LogicalOperator> BindCreateIndex(
      duckdb::Binder& binder, duckdb::CreateStatement& statement, duckdb::TableCatalogEntry& table,
      duckdb::unique_ptr<duckdb::LogicalOperator> plan) override;

  duckdb::DatabaseSize GetDatabaseSize(duckdb::ClientContext& client) override;
  bool InMemory() override { return false; }
  duckdb::string GetDBPath() override { return attachment_.url; }

 private:
  void DropSchema(duckdb::ClientContext& client, duckdb::DropInfo& info) override;
  // Forgets entries that nobody holds, now and then. REQUIRES: mutex_.
  void Sweep();
  // The entry of `def`, made if there is none or one of an older definition; held until the
  // client's transaction ends.
  template <class Entry, class Def>
  Entry& EntryIn(std::map<Uuid, std::shared_ptr<Entry>>& entries, PondSchemaEntry& schema,
                 std::shared_ptr<const Def> def, duckdb::ClientContext& client);

  std::shared_ptr<Pond> pond_;
  const PondAttachment attachment_;
  std::unique_ptr<CatalogFunctions> functions_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<PondSchemaEntry>> schemas_;  // By name as it is written.
  std::map<Uuid, std::shared_ptr<PondTableEntry>> tables_;
  std::map<Uuid, std::shared_ptr<PondViewEntry>> views_;
  size_t sweep_at_ = 0;
};

}  // namespace duckpond
