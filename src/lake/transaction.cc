// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "lake/catalog_builder.h"
#include "lake/def_rules.h"
#include "lake/key.h"
#include "lake/key_text.h"
#include "lake/limits.h"
#include "lake/option_kinds.h"
#include "lake/transaction_impl.h"
#include "log/lines.h"

namespace duckpond {
namespace {

Status NoSchema(const std::string& schema) {
  return Status::NotFound(fmt::format("Schema with name \"{}\" does not exist!", schema));
}

Status NoRelation(std::string_view kind, const std::string& name) {
  return Status::NotFound(fmt::format("{} with name \"{}\" does not exist!", kind, name));
}

Status CheckText(const std::string& text) {
  if (text.size() > kSqlBytesMax) {
    return Status::Exhausted(
        fmt::format("a text has {} bytes; at most {} are kept", text.size(), kSqlBytesMax));
  }
  return IsUtf8(text) ? Status::Ok() : Status::Invalid("a text is not UTF-8");
}

Status CheckKeyTypes(const TableDef& def) {
  for (const size_t key : def.Keys()) {
    for (const uint32_t field_id : def.constraints[key].field_ids) {
      const Column* column = def.FindColumn(field_id);
      if (column == nullptr || HasKeyOrder(column->type)) continue;
      return Status::Unsupported(
          fmt::format("column \"{}\" of type {} cannot be part of a key: it has no order here",
                      column->name, column->type.ToString()));
    }
  }
  return Status::Ok();
}

bool HoldsRows(const LakeEvent& event) {
  return std::holds_alternative<lake_event::AddFile>(event) ||
         std::holds_alternative<lake_event::AddRows>(event);
}

// Definitions come from a user, and the limits on what is read are many: a log that would not give
// this one back must not get it. Errors: kInvalid.
Status CheckReadable(const LakeChange& change) {
  const auto read = EventDecoder().Decode(EncodeEvent(change));
  if (read.ok()) return Status::Ok();
  return Status::Invalid("this is more than a pond keeps: " + read.error().message());
}

bool ConcernsTable(const LakeEvent& event, const Uuid& id) {
  if (const auto* create = std::get_if<lake_event::CreateTable>(&event))
    return create->def->id == id;
  if (const auto* file = std::get_if<lake_event::AddFile>(&event)) return file->table == id;
  if (const auto* rows = std::get_if<lake_event::AddRows>(&event)) return rows->table == id;
  const auto* comment = std::get_if<lake_event::SetComment>(&event);
  return comment != nullptr && comment->id == id;
}

}  // namespace

TransactionImpl::TransactionImpl(PondSitePtr site, CatalogSnapshot snapshot)
    : state_(std::make_shared<TransactionState>()) {
  state_->site = std::move(site);
  state_->base = std::move(snapshot);
  view_ = state_->base.catalog;
  CHECK(state_->site != nullptr && view_ != nullptr);
}

Status TransactionImpl::Add(const Uuid& id, LakeEvent event, const Uuid& schema_id) {
  CHECK(!id.is_nil());
  CHECK(!state_->committing);  // Attempts that follow would commit what others did not.
  LakeChange change{id, std::move(event)};
  // On the view first: a change that is refused leaves neither a step nor a trace in it.
  CatalogBuilder builder(view_);
  const Status applied = builder.Apply(NumberRows(change, *view_));
  // What Apply calls corrupt in a log is wrong in a request.
  if (applied.code() == StatusCode::kCorrupt) return Status::Invalid(applied.message());
  RETURN_IF_ERROR(applied);
  if (!HoldsRows(change.event)) RETURN_IF_ERROR(CheckReadable(change));
  SetView(builder.Take());
  state_->steps.push_back({std::move(change), schema_id});
  return Status::Ok();
}

Status TransactionImpl::CreateSchema(SchemaDef def) {
  if (std::string wrong = WrongName(def.name); !wrong.empty()) return Status::Invalid(wrong);
  RETURN_IF_ERROR(CheckText(def.comment));
  if (view_->FindSchema(def.name) != nullptr) {
    return Status::Exists(fmt::format("Schema with name \"{}\" already exists!", def.name));
  }
  def.id = IdOr(def.id);
  return Add(def.id, lake_event::CreateSchema{def});
}

Status TransactionImpl::DropSchema(const std::string& schema, bool cascade) {
  const SchemaPtr found = view_->FindSchema(schema);
  if (found == nullptr) return NoSchema(schema);
  if (FoldName(schema) == "main") {
    return Status::Invalid("Cannot drop schema \"main\": every pond has it");
  }
  if (!cascade && (!found->tables.empty() || !found->views.empty())) {
    return Status::Invalid(fmt::format(
        "Cannot drop schema \"{}\" because there are entries that depend on it. Use DROP...CASCADE "
        "to drop all dependents.",
        found->def.name));
  }
  for (const auto& [name, table] : found->tables) RETURN_IF_ERROR(DropTable(schema, name));
  for (const auto& [name, view] : found->views) RETURN_IF_ERROR(DropView(schema, name));
  return Add(state_->site->env.uuids.Next(),
             lake_event::DropSchema{found->def.id, found->def.name});
}

Result<SchemaPtr> TransactionImpl::Room(const std::string& schema, const std::string& name) {
  SchemaPtr in = view_->FindSchema(schema);
  if (in == nullptr) return NoSchema(schema);
  const std::string key = FoldName(name);
  const bool is_view = in->views.contains(key);
  if (is_view || in->tables.contains(key)) {
    return Status::Exists(
        fmt::format("{} with name \"{}\" already exists!", is_view ? "View" : "Table", name));
  }
  return in;
}

Status TransactionImpl::CreateTable(TableDef def) {
  ASSIGN_OR_RETURN(const SchemaPtr schema, Room(def.schema, def.name));
  def.id = IdOr(def.id);
  def.schema = schema->def.name;
  NumberFields(def);
  RETURN_IF_ERROR(CheckKeyTypes(def));
  // As in SQL, and needed here: a row with a NULL in it has no key (docs/formats/keys.md).
  for (const Constraint& constraint : def.constraints) {
    if (constraint.kind != Constraint::Kind::kPrimaryKey) continue;
    for (Column& column : def.columns) {
      if (std::ranges::find(constraint.field_ids, column.field_id) != constraint.field_ids.end()) {
        column.not_null = true;
      }
    }
  }
  if (std::string wrong = WrongTable(def); !wrong.empty()) return Status::Invalid(wrong);
  const Uuid id = def.id;
  return Add(id, lake_event::CreateTable{std::make_shared<const TableDef>(std::move(def)), 0},
             schema->def.id);
}

void TransactionImpl::ForgetTable(const Uuid& id) {
  for (const Step& step : state_->steps) {
    const auto* file = std::get_if<lake_event::AddFile>(&step.change.event);
    if (file != nullptr && file->table == id) state_->discarded.push_back(file->file->path);
  }
  std::erase_if(state_->steps,
                [&](const Step& step) { return ConcernsTable(step.change.event, id); });
  state_->keys.erase(id);
}

Status TransactionImpl::DropTable(const std::string& schema, const std::string& table) {
  if (view_->FindSchema(schema) == nullptr) return NoSchema(schema);
  const TablePtr found = view_->FindTable(schema, table);
  if (found == nullptr) return NoRelation("Table", table);
  const Uuid id = found->def->id;
  const bool own = state_->base.catalog->FindTable(id) == nullptr;
  const lake_event::DropTable drop{id, found->def->schema, found->def->name};
  // Applied while the steps before it still count, then those of them go that it makes pointless.
  RETURN_IF_ERROR(Add(state_->site->env.uuids.Next(), drop));
  const Step dropped = std::move(state_->steps.back());
  CHECK(std::holds_alternative<lake_event::DropTable>(dropped.change.event));
  state_->steps.pop_back();
  ForgetTable(id);
  // A table that nobody else has seen leaves no trace.
  if (!own) state_->steps.push_back(dropped);
  return Status::Ok();
}

Status TransactionImpl::CreateView(ViewDef def, bool or_replace) {
  // Before the old one goes.
  if (std::string wrong = WrongView(def); !wrong.empty()) return Status::Invalid(wrong);
  if (or_replace && view_->FindView(def.schema, def.name) != nullptr) {
    RETURN_IF_ERROR(DropView(def.schema, def.name));
  }
  ASSIGN_OR_RETURN(const SchemaPtr schema, Room(def.schema, def.name));
  def.id = IdOr(def.id);
  def.schema = schema->def.name;
  const Uuid id = def.id;
  return Add(id, lake_event::CreateView{std::make_shared<const ViewDef>(std::move(def))},
             schema->def.id);
}

Status TransactionImpl::DropView(const std::string& schema, const std::string& view) {
  if (view_->FindSchema(schema) == nullptr) return NoSchema(schema);
  const auto found = view_->FindView(schema, view);
  if (found == nullptr) return NoRelation("View", view);
  return Add(state_->site->env.uuids.Next(),
             lake_event::DropView{found->id, found->schema, found->name});
}

Result<lake_event::SetComment> TransactionImpl::Locate(const CommentTarget& target) const {
  using On = lake_event::SetComment::On;
  using Kind = CommentTarget::Kind;
  const SchemaPtr schema = view_->FindSchema(target.schema);
  if (schema == nullptr) return NoSchema(target.schema);
  lake_event::SetComment event;
  event.schema = schema->def.name;
  if (target.kind == Kind::kSchema) {
    event.on = On::kSchema;
    event.id = schema->def.id;
    return event;
  }
  const TablePtr table = view_->FindTable(target.schema, target.name);
  const auto view = view_->FindView(target.schema, target.name);
  event.name = target.name;
  event.on = target.kind == Kind::kTable  ? On::kTable
             : target.kind == Kind::kView ? On::kView
                                          : On::kColumn;
  if (table == nullptr && (view == nullptr || target.kind == Kind::kTable)) {
    return NoRelation("Table", target.name);
  }
  if (view == nullptr && target.kind == Kind::kView) return NoRelation("View", target.name);
  event.id = table != nullptr ? table->def->id : view->id;
  if (target.kind != Kind::kColumn) return event;
  event.column = target.column;
  if (table == nullptr) return event;
  const Column* column = table->def->FindColumn(target.column);
  if (column == nullptr) return NoRelation("Column", target.column);
  event.column_id = column->field_id;
  event.column = column->name;
  return event;
}

Status TransactionImpl::SetComment(const CommentTarget& target, const std::string& comment) {
  RETURN_IF_ERROR(CheckText(comment));
  ASSIGN_OR_RETURN(lake_event::SetComment event, Locate(target));
  event.comment = comment;
  return Add(state_->site->env.uuids.Next(), std::move(event));
}

Status TransactionImpl::SetOption(const std::string& name, const std::string& value) {
  RETURN_IF_ERROR(CheckOption(name, value));
  return Add(state_->site->env.uuids.Next(), lake_event::SetOption{name, value});
}

Result<TablePtr> TransactionImpl::TableById(const Uuid& id) const {
  TablePtr table = view_->FindTable(id);
  if (table == nullptr) return NoRelation("Table", id.ToString());
  return table;
}

Status TransactionImpl::AddFile(const Uuid& table, DataFile file) {
  ASSIGN_OR_RETURN(const TablePtr found, TableById(table));
  const TableDef& def = *found->def;
  file.id = IdOr(file.id);
  for (const size_t key : def.Keys()) {
    const bool primary = def.constraints[key].kind == Constraint::Kind::kPrimaryKey;
    // Without bounds the file would pass for one that has no key, and duplicates would get in.
    if (primary && std::ranges::find(file.keys, key, &KeySummary::constraint) == file.keys.end()) {
      return Status::Internal("a file of table \"" + def.name + "\" lacks its key's bounds");
    }
    for (const ColumnStatistics& column : file.statistics) {
      const auto& ids = def.constraints[key].field_ids;
      if (!primary || column.nulls == 0 || std::ranges::find(ids, column.field_id) == ids.end()) {
        continue;
      }
      return Status::Invalid(fmt::format("NOT NULL constraint failed: {}.{}", def.name,
                                         def.FindColumn(column.field_id)->name));
    }
  }
  auto shared = std::make_shared<const DataFile>(std::move(file));
  RETURN_IF_ERROR(Add(shared->id, lake_event::AddFile{table, shared}));
  std::erase(state_->discarded, shared->path);
  if (!def.Keys().empty()) state_->keys[table].sources.push_back(FileSource(shared));
  return Status::Ok();
}

Status TransactionImpl::AddRows(const Uuid& table, ColumnBatch batch) {
  ASSIGN_OR_RETURN(const TablePtr found, TableById(table));
  const TableDef& def = *found->def;
  if (batch.rows == 0) return Status::Ok();
  if (batch.rows > kBatchRowsMax || batch.DecodedBytes() > kBatchBytesMax) {
    return Status::Exhausted(fmt::format("{} rows of {} bytes are too many to be kept in the log",
                                         batch.rows, batch.DecodedBytes()));
  }
  for (const size_t key : def.Keys()) {
    ASSIGN_OR_RETURN(const SortedKeys sorted, KeysOf(def, key, batch));
    if (sorted.any_null && def.constraints[key].kind == Constraint::Kind::kPrimaryKey) {
      const Column* column = def.FindColumn(def.constraints[key].field_ids[0]);
      return Status::Invalid(
          fmt::format("NOT NULL constraint failed: {}.{}", def.name, column->name));
    }
    if (const std::string* twin = FirstTwin(sorted.keys)) {
      return Status::Exists(DuplicateText(def, key, *twin));
    }
  }
  auto rows = std::make_shared<InlineRows>();
  rows->id = state_->site->env.uuids.Next();
  rows->rows = batch.rows;
  rows->encoded = batch.Encode();
  const uint64_t bytes_max =
      view_->NumberOption(kOptionInlineTransactionBytes, kInlineTransactionBytesDefault);
  const uint64_t bytes = OwnInlineBytes(*state_) + rows->encoded.size();
  if (bytes > bytes_max) {
    return Status::Exhausted(fmt::format(
        "{} bytes of rows are more than the {} that one transaction may keep in the log", bytes,
        bytes_max));
  }
  // What would not be read back must not be written.
  const auto decoded = DecodeRows(def, *rows);
  if (!decoded.ok()) return Status::Invalid(decoded.error().message());
  RETURN_IF_ERROR(Add(rows->id, lake_event::AddRows{table, rows}));
  if (def.Keys().empty()) return Status::Ok();
  ASSIGN_OR_RETURN(KeySourcePtr source, RowsSource(def, rows->id, batch));
  state_->keys[table].sources.push_back(std::move(source));
  return Status::Ok();
}

}  // namespace duckpond
