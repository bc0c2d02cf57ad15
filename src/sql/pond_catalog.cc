// SPDX-License-Identifier: MIT
#include "sql/pond_catalog.h"

#include "duckdb/parser/parsed_data/create_index_info.hpp"
#include "duckdb/parser/statement/create_statement.hpp"
#include "duckdb/planner/operator/logical_delete.hpp"
#include "duckdb/planner/operator/logical_update.hpp"
#include "sql/catalog_functions.h"
#include "sql/entries.h"
#include "sql/errors.h"
#include "sql/pond_transaction.h"
#include "sql/table_info.h"

namespace duckpond {
namespace {

// Entries that nobody holds are looked for when there are so many, or twice as many as there were.
constexpr size_t kEntriesBeforeSweep = 1024;

constexpr int64_t kSettleUsMax = 3'000'000;

constexpr const char* kMain = "main";

}  // namespace

PondCatalog::PondCatalog(duckdb::AttachedDatabase& database, std::shared_ptr<Pond> pond,
                         PondAttachment attachment)
    : duckdb::Catalog(database), pond_(std::move(pond)), attachment_(std::move(attachment)) {
  SchemaDef main;
  main.name = kMain;
  functions_ = std::make_unique<CatalogFunctions>(*this, EntryOf(main));
}

// What a roll has written is of use only if it is swapped in, so a program that detaches, or ends,
// waits for one that a commit has begun.
PondCatalog::~PondCatalog() {
  Executor& executor = Env::Process().executor;
  const Context context = Context().WithDeadline(executor.NowUs() + kSettleUsMax);
  const Status settled = Block(executor, pond_->log().Settle(context));
}

Status PondCatalog::NoPond() const {
  const std::string none = "no pond at " + pond_->store().url();
  if (!pond_->store().traits().can_write) {
    return Status::NotFound(none + ": there is neither pond.log nor pond.json");
  }
  return Status::NotFound(none + "; create it with `duckpond create` or by the first write");
}

void PondCatalog::Initialize(bool /*load_builtin*/) {}

void PondCatalog::Sweep() {
  if (tables_.size() + views_.size() < sweep_at_) return;
  const auto unused = [](const auto& entry) { return entry.second.use_count() == 1; };
  std::erase_if(tables_, unused);
  std::erase_if(views_, unused);
  sweep_at_ = std::max(kEntriesBeforeSweep, 2 * (tables_.size() + views_.size()));
}

PondSchemaEntry& PondCatalog::EntryOf(const SchemaDef& def) {
  std::lock_guard lock(mutex_);
  auto& entry = schemas_[def.name];
  // Never replaced: DuckDB compares schemas by address. One that is created again under a name
  // written in another way is another one.
  if (!entry) {
    duckdb::CreateSchemaInfo info;
    info.schema = def.name;
    if (!def.comment.empty()) info.comment = duckdb::Value(def.comment);
    info.internal = def.name == kMain;  // Nobody has to create it: EXPORT leaves it out.
    entry = std::make_shared<PondSchemaEntry>(*this, info);
  }
  return *entry;
}

template <class Entry, class Def>
Entry& PondCatalog::EntryIn(std::map<Uuid, std::shared_ptr<Entry>>& entries,
                            PondSchemaEntry& schema, std::shared_ptr<const Def> def,
                            duckdb::ClientContext& client) {
  std::shared_ptr<Entry> held;
  {
    std::lock_guard lock(mutex_);
    Sweep();
    auto& entry = entries[def->id];
    if (!entry || entry->def() != def) {
      auto info = ValueOrThrow(ToCreateInfo(*def));
      info->catalog = GetName();
      entry = std::make_shared<Entry>(*this, schema, *info, std::move(def));
    }
    held = entry;
  }
  PondTransaction::Of(client, *this).Hold(held);
  return *held;
}

PondTableEntry& PondCatalog::EntryOf(PondSchemaEntry& schema, std::shared_ptr<const TableDef> def,
                                     duckdb::ClientContext& client) {
  return EntryIn(tables_, schema, std::move(def), client);
}

PondViewEntry& PondCatalog::EntryOf(PondSchemaEntry& schema, std::shared_ptr<const ViewDef> def,
                                    duckdb::ClientContext& client) {
  return EntryIn(views_, schema, std::move(def), client);
}

duckdb::optional_idx PondCatalog::GetCatalogVersion(duckdb::ClientContext& client) {
  return PondTransaction::Of(client, *this).CatalogVersion(client);
}

duckdb::optional_ptr<duckdb::CatalogEntry> PondCatalog::CreateSchema(
    duckdb::CatalogTransaction snapshot, duckdb::CreateSchemaInfo& info) {
  auto& client = snapshot.GetContext();
  auto& transaction = PondTransaction::Of(client, *this);
  if (transaction.View(client)->FindSchema(info.schema)) {
    if (info.on_conflict == duckdb::OnCreateConflict::IGNORE_ON_CONFLICT) return nullptr;
    if (info.on_conflict == duckdb::OnCreateConflict::REPLACE_ON_CONFLICT) {
      ThrowIfError(transaction.Change(client).DropSchema(info.schema, /*cascade=*/false));
    }
  }
  SchemaDef def;
  def.name = info.schema;
  if (!info.comment.IsNull()) def.comment = info.comment.ToString();
  ThrowIfError(transaction.Change(client).CreateSchema(def));
  return EntryOf(def);
}

void PondCatalog::DropSchema(duckdb::ClientContext& client, duckdb::DropInfo& info) {
  auto& transaction = PondTransaction::Of(client, *this);
  if (!transaction.View(client)->FindSchema(info.name)) {
    if (info.if_not_found == duckdb::OnEntryNotFound::RETURN_NULL) return;
    ThrowStatus(Status::NotFound("Schema with name " + info.name + " does not exist"));
  }
  ThrowIfError(transaction.Change(client).DropSchema(info.name, info.cascade));
}

duckdb::optional_ptr<duckdb::SchemaCatalogEntry> PondCatalog::LookupSchema(
    duckdb::CatalogTransaction snapshot, const duckdb::EntryLookupInfo& lookup,
    duckdb::OnEntryNotFound if_not_found) {
  const std::string& name = lookup.GetEntryName();
  SchemaDef main;
  main.name = kMain;
  // Always there: no request for names that are looked up on the way to somewhere else.
  if (FoldName(name) == kMain) return EntryOf(main);
  auto& client = snapshot.GetContext();
  auto& transaction = PondTransaction::Of(client, *this);
  // In "pond.log()" DuckDB takes "pond" for a schema first: no reason to need the state of one that
  // cannot be read.
  const bool own_name = FoldName(name) == FoldName(GetName());
  const bool may_miss = if_not_found == duckdb::OnEntryNotFound::RETURN_NULL;
  if (own_name && may_miss && !transaction.Readable(client)) return nullptr;
  const CatalogPtr view = transaction.ViewAt(client, lookup.GetAtClause());
  if (const SchemaPtr schema = view->FindSchema(name)) return EntryOf(schema->def);
  if (if_not_found == duckdb::OnEntryNotFound::RETURN_NULL) return nullptr;
  throw duckdb::CatalogException(lookup.GetErrorContext(),
                                 "Schema with name %s does not exist in %s!", name, GetName());
}

void PondCatalog::ScanSchemas(duckdb::ClientContext& client,
                              std::function<void(duckdb::SchemaCatalogEntry&)> callback) {
  const CatalogPtr view = PondTransaction::Of(client, *this).View(client);
  for (const auto& [folded, schema] : view->schemas) callback(EntryOf(schema->def));
}

duckdb::ErrorData PondCatalog::SupportsCreateTable(duckdb::BoundCreateTableInfo& info) {
  const auto& base = info.Base();
  const std::string table = " of table \"" + base.table + "\"";
  const auto refuse = [](const std::string& what) {
    return ToErrorData(Status::Unsupported(what + " is not supported by duckpond yet"));
  };
  if (!base.partition_keys.empty()) return refuse("PARTITIONED BY" + table);
  if (!base.sort_keys.empty()) return refuse("SORTED BY" + table);
  if (!base.options.empty()) return refuse("WITH (" + base.options.begin()->first + " …)" + table);
  return {};
}

duckdb::PhysicalOperator& PondCatalog::PlanDelete(duckdb::ClientContext&,
                                                  duckdb::PhysicalPlanGenerator&,
                                                  duckdb::LogicalDelete& op,
                                                  duckdb::PhysicalOperator&) {
  ThrowNotSupported("DELETE from \"" + op.table.name + "\"");
}

duckdb::PhysicalOperator& PondCatalog::PlanUpdate(duckdb::ClientContext&,
                                                  duckdb::PhysicalPlanGenerator&,
                                                  duckdb::LogicalUpdate& op,
                                                  duckdb::PhysicalOperator&) {
  ThrowNotSupported("UPDATE of \"" + op.table.name + "\"");
}

duckdb::PhysicalOperator& PondCatalog::PlanMergeInto(duckdb::ClientContext&,
                                                     duckdb::PhysicalPlanGenerator&,
                                                     duckdb::LogicalMergeInto& op,
                                                     duckdb::PhysicalOperator&) {
  ThrowNotSupported("MERGE or ON CONFLICT into \"" + op.table.name + "\"");
}

duckdb::unique_ptr<duckdb::LogicalOperator> PondCatalog::BindCreateIndex(
    duckdb::Binder&, duckdb::CreateStatement& statement, duckdb::TableCatalogEntry& table,
    duckdb::unique_ptr<duckdb::LogicalOperator>) {
  // The base class would write past our bind data: see the traps of this DuckDB version.
  const auto& info = statement.info->Cast<duckdb::CreateIndexInfo>();
  ThrowNotSupported("CREATE INDEX \"" + info.index_name + "\" on \"" + table.name + "\"");
}

duckdb::DatabaseSize PondCatalog::GetDatabaseSize(duckdb::ClientContext& client) {
  duckdb::DatabaseSize size;
  size.free_blocks = 0;
  size.total_blocks = 0;
  size.used_blocks = 0;
  size.wal_size = 0;
  size.block_size = 0;
  size.bytes = 0;
  for (const auto& [name, schema] : PondTransaction::Of(client, *this).View(client)->schemas) {
    for (const auto& [folded, table] : schema->tables) {
      size.bytes += table->files.bytes() + table->inline_bytes;
    }
  }
  return size;
}

}  // namespace duckpond
