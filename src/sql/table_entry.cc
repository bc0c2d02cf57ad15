// SPDX-License-Identifier: MIT
#include "sql/entries.h"
#include "sql/errors.h"
#include "sql/pond_catalog.h"
#include "sql/pond_transaction.h"
#include "sql/table_scan.h"

namespace duckpond {

PondTableEntry::PondTableEntry(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema,
                               duckdb::CreateTableInfo& info, std::shared_ptr<const TableDef> def)
    : duckdb::TableCatalogEntry(catalog, schema, info), def_(std::move(def)) {}

PondCatalog& PondTableEntry::pond_catalog() const {
  return const_cast<duckdb::Catalog&>(ParentCatalog()).Cast<PondCatalog>();
}

duckdb::unique_ptr<duckdb::BaseStatistics> PondTableEntry::GetStatistics(
    duckdb::ClientContext& /*client*/, duckdb::column_t /*column*/) {
  return nullptr;
}

duckdb::TableFunction PondTableEntry::GetScanFunction(
    duckdb::ClientContext& client, duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
  const duckdb::EntryLookupInfo lookup(duckdb::CatalogType::TABLE_ENTRY, name);
  return GetScanFunction(client, bind_data, lookup);
}

duckdb::TableFunction PondTableEntry::GetScanFunction(
    duckdb::ClientContext& client, duckdb::unique_ptr<duckdb::FunctionData>& bind_data,
    const duckdb::EntryLookupInfo& lookup) {
  CatalogPtr past;
  if (lookup.GetAtClause()) {
    past = PondTransaction::Of(client, pond_catalog()).ViewAt(client, lookup.GetAtClause());
  }
  return MakeTableScan(client, *this, std::move(past), bind_data);
}

duckdb::TableStorageInfo PondTableEntry::GetStorageInfo(duckdb::ClientContext& client) {
  duckdb::TableStorageInfo info;
  const TablePtr table =
      PondTransaction::Of(client, pond_catalog()).View(client)->FindTable(def_->id);
  if (table) info.cardinality = table->rows;
  for (const size_t key : def_->Keys()) {
    duckdb::IndexInfo index;
    index.is_unique = true;
    index.is_primary = def_->constraints[key].kind == Constraint::Kind::kPrimaryKey;
    index.is_foreign = false;
    for (const uint32_t field_id : def_->constraints[key].field_ids) {
      for (size_t i = 0; i < def_->columns.size(); ++i) {
        if (def_->columns[i].field_id == field_id) index.column_set.insert(i);
      }
    }
    info.index_info.push_back(std::move(index));
  }
  return info;
}

duckdb::virtual_column_map_t PondTableEntry::GetVirtualColumns() const {
  return TableScanVirtualColumns();
}

PondViewEntry::PondViewEntry(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema,
                             duckdb::CreateViewInfo& info, std::shared_ptr<const ViewDef> def)
    : duckdb::ViewCatalogEntry(catalog, schema, info), def_(std::move(def)) {}

}  // namespace duckpond
