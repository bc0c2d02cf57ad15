// SPDX-License-Identifier: MIT
//
// The entries of an attached pond's catalog, as DuckDB sees them: schema, table, view.
//
// A table entry stands for a definition (TableDef), not for rows: which rows a query sees is
// decided when its scan starts, from the transaction's view.
//
// Threads:   all methods may be called concurrently.
// Lifetime:  see PondCatalog.
// Errors:    DuckDB exceptions.
#pragma once

#include <functional>
#include <memory>

#include "lake/schema.h"
#include "sql/duckdb_api.h"

namespace duckpond {

class PondCatalog;

class PondTableEntry final : public duckdb::TableCatalogEntry,
                             public std::enable_shared_from_this<PondTableEntry> {
 public:
  PondTableEntry(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema,
                 duckdb::CreateTableInfo& info, std::shared_ptr<const TableDef> def);

  const std::shared_ptr<const TableDef>& def() const { return def_; }
  PondCatalog& pond_catalog() const;

  duckdb::unique_ptr<duckdb::BaseStatistics> GetStatistics(duckdb::ClientContext& client,
                                                           duckdb::column_t column) override;
  duckdb::TableFunction GetScanFunction(
      duckdb::ClientContext& client, duckdb::unique_ptr<duckdb::FunctionData>& bind_data) override;
  duckdb::TableFunction GetScanFunction(duckdb::ClientContext& client,
                                        duckdb::unique_ptr<duckdb::FunctionData>& bind_data,
                                        const duckdb::EntryLookupInfo& lookup) override;
  duckdb::TableStorageInfo GetStorageInfo(duckdb::ClientContext& client) override;
  duckdb::virtual_column_map_t GetVirtualColumns() const override;

 private:
  std::shared_ptr<const TableDef> def_;
};

class PondViewEntry final : public duckdb::ViewCatalogEntry {
 public:
  PondViewEntry(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema,
                duckdb::CreateViewInfo& info, std::shared_ptr<const ViewDef> def);
  const std::shared_ptr<const ViewDef>& def() const { return def_; }

 private:
  std::shared_ptr<const ViewDef> def_;
};

class PondSchemaEntry final : public duckdb::SchemaCatalogEntry {
 public:
  PondSchemaEntry(PondCatalog& catalog, duckdb::CreateSchemaInfo& info);

  using duckdb::SchemaCatalogEntry::CreateIndex;
  using Entry = duckdb::optional_ptr<duckdb::CatalogEntry>;
  using Snapshot = duckdb::CatalogTransaction;

  void Scan(duckdb::ClientContext& client, duckdb::CatalogType type,
            const std::function<void(duckdb::CatalogEntry&)>& callback) override;
  void Scan(duckdb::CatalogType type,
            const std::function<void(duckdb::CatalogEntry&)>& callback) override;
  Entry CreateIndex(Snapshot snapshot, duckdb::CreateIndexInfo& info,
                    duckdb::TableCatalogEntry& table) override;
  Entry CreateFunction(Snapshot snapshot, duckdb::CreateFunctionInfo& info) override;
  Entry CreateTable(Snapshot snapshot, duckdb::BoundCreateTableInfo& info) override;
  Entry CreateView(Snapshot snapshot, duckdb::CreateViewInfo& info) override;
  Entry CreateSequence(Snapshot snapshot, duckdb::CreateSequenceInfo& info) override;
  Entry CreateTableFunction(Snapshot snapshot, duckdb::CreateTableFunctionInfo& info) override;
  Entry CreateCopyFunction(Snapshot snapshot, duckdb::CreateCopyFunctionInfo& info) override;
  Entry CreatePragmaFunction(Snapshot snapshot, duckdb::CreatePragmaFunctionInfo& info) override;
  Entry CreateCollation(Snapshot snapshot, duckdb::CreateCollationInfo& info) override;
  Entry CreateType(Snapshot snapshot, duckdb::CreateTypeInfo& info) override;
  Entry LookupEntry(Snapshot snapshot, const duckdb::EntryLookupInfo& lookup) override;
  duckdb::SimilarCatalogEntry GetSimilarEntry(Snapshot snapshot,
                                              const duckdb::EntryLookupInfo& lookup) override;
  void DropEntry(duckdb::ClientContext& client, duckdb::DropInfo& info) override;
  void Alter(Snapshot snapshot, duckdb::AlterInfo& info) override;

 private:
  PondCatalog& pond_;
};

}  // namespace duckpond
