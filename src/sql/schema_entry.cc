// SPDX-License-Identifier: MIT
#include <algorithm>

#include "duckdb/parser/parsed_data/create_index_info.hpp"
#include "duckdb/parser/parsed_data/create_pragma_function_info.hpp"
#include "duckdb/parser/parsed_data/create_sequence_info.hpp"
#include "duckdb/parser/parsed_data/create_table_function_info.hpp"
#include "duckdb/parser/parsed_data/create_type_info.hpp"
#include "sql/catalog_functions.h"
#include "sql/entries.h"
#include "sql/errors.h"
#include "sql/pond_catalog.h"
#include "sql/pond_transaction.h"
#include "sql/table_info.h"

namespace duckpond {
namespace {

using duckdb::CatalogType;
using duckdb::OnCreateConflict;

bool IsRelation(CatalogType type) {
  return type == CatalogType::TABLE_ENTRY || type == CatalogType::VIEW_ENTRY;
}

// Whether something of that name is in the way; REPLACE removes it, IGNORE leaves it.
enum class Existing : uint8_t { kNone, kKeep };

Existing MakeRoom(Transaction& changes, const std::string& schema, const std::string& name,
                  OnCreateConflict on_conflict, CatalogType wanted) {
  const SchemaPtr found = changes.view()->FindSchema(schema);
  if (!found) return Existing::kNone;  // The creation itself says so.
  const bool is_table = found->tables.count(FoldName(name)) > 0;
  const bool is_view = found->views.count(FoldName(name)) > 0;
  if (!is_table && !is_view) return Existing::kNone;
  // Whatever it is, as in DuckDB.
  if (on_conflict == OnCreateConflict::IGNORE_ON_CONFLICT) return Existing::kKeep;
  if (is_table != (wanted == CatalogType::TABLE_ENTRY)) {
    ThrowStatus(Status::Exists("\"" + name + "\" exists already and is a " +
                               (is_table ? "table" : "view")));
  }
  if (on_conflict == OnCreateConflict::REPLACE_ON_CONFLICT && is_table) {
    ThrowIfError(changes.DropTable(schema, name));
  }
  return Existing::kNone;
}

// A view's columns are what its query gives: only DuckDB knows them.
void CheckViewColumn(PondViewEntry& view, duckdb::ClientContext& client, const std::string& name) {
  view.BindView(client);
  const auto columns = view.GetColumnInfo();
  if (!columns ||
      std::find(columns->names.begin(), columns->names.end(), name) != columns->names.end()) {
    return;
  }
  ThrowStatus(Status::Invalid("View \"" + view.name + "\" does not have a column with name \"" +
                              name + "\""));
}

}  // namespace

PondSchemaEntry::PondSchemaEntry(PondCatalog& catalog, duckdb::CreateSchemaInfo& info)
    : duckdb::SchemaCatalogEntry(catalog, info), pond_(catalog) {}

void PondSchemaEntry::Scan(duckdb::ClientContext& client, CatalogType type,
                           const std::function<void(duckdb::CatalogEntry&)>& callback) {
  if (type == CatalogType::TABLE_FUNCTION_ENTRY && FoldName(name) == "main") {
    return pond_.functions().Scan(callback);
  }
  if (!IsRelation(type)) return;
  const SchemaPtr schema = PondTransaction::Of(client, pond_).View(client)->FindSchema(name);
  if (!schema) return;
  // DuckDB asks for tables and means views too.
  for (const auto& [folded, table] : schema->tables)
    callback(pond_.EntryOf(*this, table->def, client));
  for (const auto& [folded, view] : schema->views) callback(pond_.EntryOf(*this, view, client));
}

void PondSchemaEntry::Scan(CatalogType /*type*/,
                           const std::function<void(duckdb::CatalogEntry&)>& /*callback*/) {
  // Without a transaction there is no version to answer from.
}

PondSchemaEntry::Entry PondSchemaEntry::CreateTable(Snapshot snapshot,
                                                    duckdb::BoundCreateTableInfo& bound) {
  auto& info = bound.Base();
  auto& client = snapshot.GetContext();
  const TableDef def = ValueOrThrow(ToTableDef(info, name));
  auto& transaction = PondTransaction::Of(client, pond_);
  transaction.View(client);
  auto& changes = transaction.Change(client);
  const Existing existing =
      MakeRoom(changes, name, info.table, info.on_conflict, CatalogType::TABLE_ENTRY);
  if (existing == Existing::kKeep) return nullptr;
  ThrowIfError(changes.CreateTable(def));
  return pond_.EntryOf(*this, changes.view()->FindTable(name, info.table)->def, client);
}

PondSchemaEntry::Entry PondSchemaEntry::CreateView(Snapshot snapshot,
                                                   duckdb::CreateViewInfo& info) {
  auto& client = snapshot.GetContext();
  const ViewDef def = ValueOrThrow(ToViewDef(info, name));
  auto& changes = PondTransaction::Of(client, pond_).Change(client);
  const Existing existing =
      MakeRoom(changes, name, info.view_name, info.on_conflict, CatalogType::VIEW_ENTRY);
  if (existing == Existing::kKeep) return nullptr;
  const bool replace = info.on_conflict == OnCreateConflict::REPLACE_ON_CONFLICT;
  ThrowIfError(changes.CreateView(def, replace));
  const SchemaPtr schema = changes.view()->FindSchema(name);
  return pond_.EntryOf(*this, schema->views.at(FoldName(info.view_name)), client);
}

PondSchemaEntry::Entry PondSchemaEntry::CreateIndex(Snapshot /*snapshot*/,
                                                    duckdb::CreateIndexInfo& info,
                                                    duckdb::TableCatalogEntry& table) {
  ThrowNotSupported("CREATE INDEX \"" + info.index_name + "\" on \"" + table.name + "\"");
}
PondSchemaEntry::Entry PondSchemaEntry::CreateFunction(Snapshot /*snapshot*/,
                                                       duckdb::CreateFunctionInfo& info) {
  ThrowNotSupported("CREATE MACRO \"" + info.name + "\"");
}
PondSchemaEntry::Entry PondSchemaEntry::CreateSequence(Snapshot /*snapshot*/,
                                                       duckdb::CreateSequenceInfo& info) {
  ThrowNotSupported("CREATE SEQUENCE \"" + info.name + "\"");
}
PondSchemaEntry::Entry PondSchemaEntry::CreateTableFunction(Snapshot /*snapshot*/,
                                                            duckdb::CreateTableFunctionInfo& info) {
  ThrowNotSupported("CREATE FUNCTION \"" + info.name + "\"");
}
PondSchemaEntry::Entry PondSchemaEntry::CreateCopyFunction(Snapshot /*snapshot*/,
                                                           duckdb::CreateCopyFunctionInfo&) {
  ThrowNotSupported("a copy function");
}
PondSchemaEntry::Entry PondSchemaEntry::CreatePragmaFunction(Snapshot /*snapshot*/,
                                                             duckdb::CreatePragmaFunctionInfo&) {
  ThrowNotSupported("a pragma function");
}
PondSchemaEntry::Entry PondSchemaEntry::CreateCollation(Snapshot /*snapshot*/,
                                                        duckdb::CreateCollationInfo&) {
  ThrowNotSupported("a collation");
}
PondSchemaEntry::Entry PondSchemaEntry::CreateType(Snapshot /*snapshot*/,
                                                   duckdb::CreateTypeInfo& info) {
  ThrowNotSupported("CREATE TYPE \"" + info.name + "\"");
}

PondSchemaEntry::Entry PondSchemaEntry::LookupEntry(Snapshot snapshot,
                                                    const duckdb::EntryLookupInfo& lookup) {
  const CatalogType type = lookup.GetCatalogType();
  if (type == CatalogType::TABLE_FUNCTION_ENTRY && FoldName(name) == "main") {
    return pond_.functions().Find(lookup.GetEntryName());
  }
  if (!IsRelation(type)) return nullptr;
  auto& client = snapshot.GetContext();
  auto& transaction = PondTransaction::Of(client, pond_);
  const CatalogPtr view = transaction.ViewAt(client, lookup.GetAtClause());
  const SchemaPtr schema = view->FindSchema(name);
  if (!schema) return nullptr;
  const std::string folded = FoldName(lookup.GetEntryName());
  if (const auto table = schema->tables.find(folded); table != schema->tables.end()) {
    return pond_.EntryOf(*this, table->second->def, client);
  }
  if (const auto found = schema->views.find(folded); found != schema->views.end()) {
    return pond_.EntryOf(*this, found->second, client);
  }
  if (transaction.missing()) transaction.NoteMissed(folded);
  return nullptr;
}

duckdb::SimilarCatalogEntry PondSchemaEntry::GetSimilarEntry(
    Snapshot snapshot, const duckdb::EntryLookupInfo& lookup) {
  // DuckDB asks for a similar name when it is about to say that there is no such table: where
  // there is not even a pond, that is what to say.
  auto& transaction = PondTransaction::Of(snapshot.GetContext(), pond_);
  if (transaction.Missed(FoldName(lookup.GetEntryName()))) ThrowStoreStatus(pond_.NoPond());
  return duckdb::SchemaCatalogEntry::GetSimilarEntry(snapshot, lookup);
}

void PondSchemaEntry::DropEntry(duckdb::ClientContext& client, duckdb::DropInfo& info) {
  auto& transaction = PondTransaction::Of(client, pond_);
  const SchemaPtr schema = transaction.View(client)->FindSchema(name);
  const std::string folded = FoldName(info.name);
  const bool is_table = schema && schema->tables.count(folded) > 0;
  const bool is_view = schema && schema->views.count(folded) > 0;
  if (info.type != CatalogType::TABLE_ENTRY && info.type != CatalogType::VIEW_ENTRY) {
    ThrowNotSupported("DROP " + duckdb::CatalogTypeToString(info.type) + " \"" + info.name + "\"");
  }
  if (!is_table && !is_view) {
    if (info.if_not_found == duckdb::OnEntryNotFound::RETURN_NULL) return;
    ThrowStatus(Status::NotFound("there is no \"" + info.name + "\" in schema \"" + name + "\""));
  }
  if (is_table != (info.type == CatalogType::TABLE_ENTRY)) {
    ThrowStatus(Status::NotFound("\"" + info.name + "\" is a " + (is_table ? "table" : "view")));
  }
  auto& changes = transaction.Change(client);
  ThrowIfError(is_table ? changes.DropTable(name, info.name) : changes.DropView(name, info.name));
}

void PondSchemaEntry::Alter(Snapshot snapshot, duckdb::AlterInfo& info) {
  Transaction::CommentTarget target;
  target.schema = name;
  target.name = info.name;
  duckdb::Value comment;
  if (info.type == duckdb::AlterType::SET_COMMENT) {
    const auto& set = info.Cast<duckdb::SetCommentInfo>();
    const bool is_view = set.entry_catalog_type == CatalogType::VIEW_ENTRY;
    if (!is_view && set.entry_catalog_type != CatalogType::TABLE_ENTRY) {
      ThrowNotSupported("COMMENT ON " + duckdb::CatalogTypeToString(set.entry_catalog_type));
    }
    target.kind = is_view ? Transaction::CommentTarget::Kind::kView
                          : Transaction::CommentTarget::Kind::kTable;
    comment = set.comment_value;
  } else if (info.type == duckdb::AlterType::SET_COLUMN_COMMENT) {
    const auto& set = info.Cast<duckdb::SetColumnCommentInfo>();
    target.kind = Transaction::CommentTarget::Kind::kColumn;
    target.column = set.column_name;
    comment = set.comment_value;
  } else {
    ThrowNotSupported("ALTER of \"" + info.name + "\"");
  }
  auto& client = snapshot.GetContext();
  auto& transaction = PondTransaction::Of(client, pond_);
  const auto view = transaction.View(client)->FindView(name, info.name);
  if (view && target.kind == Transaction::CommentTarget::Kind::kColumn) {
    CheckViewColumn(pond_.EntryOf(*this, view, client), client, target.column);
  }
  auto& changes = transaction.Change(client);
  ThrowIfError(changes.SetComment(target, comment.IsNull() ? "" : comment.ToString()));
}

}  // namespace duckpond
