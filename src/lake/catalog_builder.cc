// SPDX-License-Identifier: MIT
#include "lake/catalog_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "lake/def_rules.h"
#include "lake/limits.h"

namespace duckpond {
namespace {

template <class... Args>
Status Corrupt(fmt::format_string<Args...> format, Args&&... args) {
  return Status::Corrupt(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace

CatalogBuilder::CatalogBuilder(CatalogPtr before) : catalog_(std::make_shared<Catalog>(*before)) {}

Status CatalogBuilder::Apply(const LakeChange& change) {
  CHECK(catalog_ != nullptr);  // Taken: what came now would be lost.
  const Status status =
      std::visit([&](const auto& event) { return Do(change.id, event); }, change.event);
  if (status.ok()) return status;
  return status.Prefixed(fmt::format("event {} ({})", change.id.ToString(), NameOf(change.event)));
}

Schema* CatalogBuilder::SchemaToChange(const std::string& key) {
  const auto mine = schemas_.find(key);
  if (mine != schemas_.end()) return mine->second.get();
  const auto found = catalog_->schemas.find(key);
  if (found == catalog_->schemas.end()) return nullptr;
  // Once: `before` and all who read it keep theirs, and what comes next changes this copy.
  auto copy = std::make_shared<Schema>(*found->second);
  found->second = copy;
  return schemas_.emplace(key, std::move(copy)).first->second.get();
}

Result<CatalogBuilder::Work*> CatalogBuilder::TableToChange(const Uuid& id) {
  if (last_ != nullptr && last_->table->def->id == id) return last_;
  const auto mine = tables_.find(id);
  if (mine != tables_.end()) return last_ = &mine->second;
  const auto place = catalog_->places->find(id);
  if (place == catalog_->places->end()) return Corrupt("there is no table {}", id.ToString());
  Schema* schema = SchemaToChange(place->second.schema);
  CHECK(schema != nullptr);  // Only an empty schema is dropped.
  const auto found = schema->tables.find(place->second.name);
  if (found == schema->tables.end()) return Corrupt("{} is no table", id.ToString());
  auto copy = std::make_shared<Table>(*found->second);
  found->second = copy;
  return last_ = &tables_.emplace(id, Work{std::move(copy), {}}).first->second;
}

Result<Schema*> CatalogBuilder::Room(const Uuid& id, const std::string& schema,
                                     const std::string& name) {
  Schema* in = SchemaToChange(FoldName(schema));
  if (in == nullptr) return Corrupt("there is no schema \"{}\" for \"{}\"", schema, name);
  const std::string key = FoldName(name);
  if (in->tables.contains(key) || in->views.contains(key)) {
    return Corrupt("\"{}\".\"{}\" exists already", schema, name);
  }
  // Events refer to tables by id: two of one id would share their rows.
  if (id.is_nil() || catalog_->places->contains(id)) {
    return Corrupt("\"{}\".\"{}\" has an id that is nil or taken", schema, name);
  }
  if (catalog_->places->size() >= kRelationsMax) {
    return Status::Exhausted(fmt::format("a pond has at most {} tables and views", kRelationsMax));
  }
  return in;
}

void CatalogBuilder::Place(const Uuid& id, RelationPlace place) {
  if (!places_) {
    places_ = std::make_shared<std::map<Uuid, RelationPlace>>(*catalog_->places);
    catalog_->places = places_;
  }
  (*places_)[id] = std::move(place);
}

void CatalogBuilder::Displace(const Uuid& id) {
  CHECK(catalog_->places->contains(id));
  Place(id, {});  // Makes the map our own to change.
  places_->erase(id);
}

Status CatalogBuilder::Do(const Uuid& id, const lake_event::CreateSchema& event) {
  if (std::string wrong = WrongName(event.def.name); !wrong.empty()) return Corrupt("{}", wrong);
  const std::string key = FoldName(event.def.name);
  if (catalog_->schemas.contains(key)) return Corrupt("\"{}\" exists already", event.def.name);
  if (id.is_nil()) return Corrupt("schema \"{}\" has no id", event.def.name);
  auto schema = std::make_shared<Schema>();
  schema->def = event.def;
  schema->def.id = id;
  catalog_->schemas[key] = schema;
  schemas_[key] = std::move(schema);
  return Status::Ok();
}

Status CatalogBuilder::Do(const Uuid&, const lake_event::DropSchema& event) {
  const std::string key = FoldName(event.name);
  const SchemaPtr schema = catalog_->FindSchema(key);
  // By name and id: one that was dropped and created again meanwhile is another schema.
  if (schema == nullptr || schema->def.id != event.schema || key == "main") {
    return Corrupt("there is no schema \"{}\" of this id to be dropped", event.name);
  }
  if (!schema->tables.empty() || !schema->views.empty()) {
    return Corrupt("schema \"{}\" is not empty", event.name);
  }
  catalog_->schemas.erase(key);
  schemas_.erase(key);
  return Status::Ok();
}

Status CatalogBuilder::Do(const Uuid& id, const lake_event::CreateTable& event) {
  CHECK(event.def->id == id);  // Rows and files refer to the table by its event's id.
  if (std::string wrong = WrongTable(*event.def); !wrong.empty()) {
    return Corrupt("table \"{}\": {}", event.def->name, wrong);
  }
  ASSIGN_OR_RETURN(Schema * schema, Room(id, event.def->schema, event.def->name));
  auto table = std::make_shared<Table>();
  table->def = event.def;
  table->next_row_id = event.next_row_id;
  const std::string key = FoldName(event.def->name);
  schema->tables[key] = table;
  Place(id, {FoldName(event.def->schema), key});
  tables_[id] = {std::move(table), {}};
  return Status::Ok();
}

Status CatalogBuilder::Do(const Uuid&, const lake_event::DropTable& event) {
  const auto place = catalog_->places->find(event.table);
  if (place == catalog_->places->end()) {
    return Corrupt("there is no table {} (\"{}\")", event.table.ToString(), event.name);
  }
  Schema* schema = SchemaToChange(place->second.schema);
  CHECK(schema != nullptr);
  const auto found = schema->tables.find(place->second.name);
  if (found == schema->tables.end()) return Corrupt("\"{}\" is no table", event.name);
  CHECK(catalog_->inline_bytes >= found->second->inline_bytes);  // It is the sum of all tables'.
  catalog_->inline_bytes -= found->second->inline_bytes;
  schema->tables.erase(found);
  last_ = nullptr;
  tables_.erase(event.table);
  Displace(event.table);
  return Status::Ok();
}

Status CatalogBuilder::Do(const Uuid& id, const lake_event::CreateView& event) {
  CHECK(event.def->id == id);
  if (std::string wrong = WrongView(*event.def); !wrong.empty()) {
    return Corrupt("view \"{}\": {}", event.def->name, wrong);
  }
  ASSIGN_OR_RETURN(Schema * schema, Room(id, event.def->schema, event.def->name));
  const std::string key = FoldName(event.def->name);
  schema->views[key] = event.def;
  Place(id, {FoldName(event.def->schema), key});
  return Status::Ok();
}

Status CatalogBuilder::Do(const Uuid&, const lake_event::DropView& event) {
  const auto place = catalog_->places->find(event.view);
  if (place == catalog_->places->end()) {
    return Corrupt("there is no view {} (\"{}\")", event.view.ToString(), event.name);
  }
  Schema* schema = SchemaToChange(place->second.schema);
  CHECK(schema != nullptr);
  if (schema->views.erase(place->second.name) == 0) return Corrupt("\"{}\" is no view", event.name);
  Displace(event.view);
  return Status::Ok();
}

Status CatalogBuilder::Do(const Uuid&, const lake_event::SetComment& event) {
  using On = lake_event::SetComment::On;
  const auto place = catalog_->places->find(event.id);
  const bool is_relation = place != catalog_->places->end();
  if (event.on == On::kSchema) {
    Schema* schema = SchemaToChange(FoldName(event.schema));
    if (schema == nullptr || schema->def.id != event.id) {
      return Corrupt("there is no schema \"{}\" of this id", event.schema);
    }
    schema->def.comment = event.comment;
    return Status::Ok();
  }
  if (!is_relation) {
    return Corrupt("there is no table or view {} (\"{}\")", event.id.ToString(), event.name);
  }
  const bool is_view = catalog_->schemas[place->second.schema]->views.contains(place->second.name);
  if (event.on != On::kColumn && is_view != (event.on == On::kView)) {
    return Corrupt("\"{}\" is not what is commented on", event.name);
  }
  return is_view ? CommentOnView(event) : CommentOnTable(event);
}

Status CatalogBuilder::CommentOnTable(const lake_event::SetComment& event) {
  ASSIGN_OR_RETURN(Work * work, TableToChange(event.id));
  auto def = std::make_shared<TableDef>(*work->table->def);
  if (event.on == lake_event::SetComment::On::kTable) {
    def->comment = event.comment;
  } else {
    const auto column = std::ranges::find(def->columns, event.column_id, &Column::field_id);
    if (column == def->columns.end()) {
      return Corrupt("table \"{}\" has no column {}", def->name, event.column_id);
    }
    column->comment = event.comment;
  }
  work->table->def = std::move(def);
  return Status::Ok();
}

Status CatalogBuilder::CommentOnView(const lake_event::SetComment& event) {
  const RelationPlace& place = catalog_->places->at(event.id);
  auto& slot = SchemaToChange(place.schema)->views[place.name];
  CHECK(slot != nullptr);  // Whoever calls has seen that it is a view.
  auto def = std::make_shared<ViewDef>(*slot);
  if (event.on == lake_event::SetComment::On::kView) {
    def->comment = event.comment;
  } else if (event.comment.empty()) {
    def->column_comments.erase(event.column);
  } else {
    def->column_comments[event.column] = event.comment;
  }
  slot = std::move(def);
  return Status::Ok();
}

Status CatalogBuilder::Do(const Uuid&, const lake_event::SetOption& event) {
  if (std::string wrong = WrongName(event.name); !wrong.empty()) return Corrupt("{}", wrong);
  if (catalog_->options.size() >= kOptionsMax && !catalog_->options.contains(event.name)) {
    return Status::Exhausted(fmt::format("a pond has at most {} options", kOptionsMax));
  }
  catalog_->options[event.name] = event.value;
  return Status::Ok();
}

Status CatalogBuilder::AddId(Work& work, const Uuid& id) {
  Table& table = *work.table;
  if (id.is_nil()) return Corrupt("table \"{}\": no id", table.def->name);
  if (id > table.greatest_id) {
    // Nearly always: ids rise with time.
    table.greatest_id = id;
    if (!work.ids.empty()) work.ids.insert(id);
    return Status::Ok();
  }
  // A clock that is behind others, or a base, whose lines stand in the order of row ids. Whether a
  // block has it too, FileList sees when it reads the block.
  if (work.ids.empty()) {
    for (const DataFilePtr& file : table.files.loose()) work.ids.insert(file->id);
    for (const InlineRowsPtr& rows : table.inline_rows) work.ids.insert(rows->id);
  }
  if (work.ids.insert(id).second) return Status::Ok();
  return Corrupt("table \"{}\" has it already", table.def->name);
}

Status CatalogBuilder::Count(Table& table, uint64_t first_row_id, uint64_t rows) {
  if (rows > kRowsMax || first_row_id > kRowsMax - rows) {
    return Corrupt("table \"{}\": row ids beyond the last one", table.def->name);
  }
  // Either above all that were ever given, or, in a base, below the next one.
  const uint64_t end = first_row_id + rows;
  if (first_row_id < table.next_row_id && end > table.next_row_id) {
    return Corrupt("table \"{}\": row ids from {} to {} overlap {}, the next one", table.def->name,
                   first_row_id, end, table.next_row_id);
  }
  table.next_row_id = std::max(table.next_row_id, end);
  table.rows += rows;
  return Status::Ok();
}

Status CatalogBuilder::Do(const Uuid& id, const lake_event::AddFile& event) {
  ASSIGN_OR_RETURN(Work * work, TableToChange(event.table));
  Table& table = *work->table;
  if (std::string wrong = WrongFile(*table.def, *event.file); !wrong.empty()) {
    return Corrupt("table \"{}\": {}", table.def->name, wrong);
  }
  if (table.files.size() >= kFilesMax) {
    return Status::Exhausted(fmt::format("a table has at most {} files", kFilesMax));
  }
  RETURN_IF_ERROR(AddId(*work, id));
  if (event.file->row_id_column) {
    // Its rows had their ids before.
    if (event.file->first_row_id >= table.next_row_id) {
      return Corrupt("table \"{}\": row ids that were never given", table.def->name);
    }
    table.rows += event.file->rows;
  } else {
    RETURN_IF_ERROR(Count(table, event.file->first_row_id, event.file->rows));
  }
  table.files.Add(event.file);
  return Status::Ok();
}

Status CatalogBuilder::Add(FilesSummary summary, UnreadLinesPtr lines, FileBlockPtr known) {
  ASSIGN_OR_RETURN(Work * work, TableToChange(summary.table));
  Table& table = *work->table;
  const DataFile& all = summary.all;
  if (summary.files == 0 || summary.files > all.rows || all.rows > kRowsMax - table.rows ||
      all.first_row_id >= summary.next_row_id || summary.next_row_id > table.next_row_id) {
    return Corrupt("table \"{}\": a summary of {} files with {} rows that cannot be",
                   table.def->name, summary.files, all.rows);
  }
  if (table.files.size() >= kFilesMax || summary.files > kFilesMax - table.files.size()) {
    return Status::Exhausted(fmt::format("a table has at most {} files", kFilesMax));
  }
  table.rows += all.rows;
  table.greatest_id = std::max(table.greatest_id, summary.greatest_id);
  if (known == nullptr) {
    known = std::make_shared<const FileBlock>(table.def, std::move(summary), std::move(lines));
  }
  table.files.Add(std::move(known));
  return Status::Ok();
}

Status CatalogBuilder::Do(const Uuid& id, const lake_event::AddRows& event) {
  ASSIGN_OR_RETURN(Work * work, TableToChange(event.table));
  Table& table = *work->table;
  if (std::string wrong = WrongRows(*event.rows); !wrong.empty()) {
    return Corrupt("table \"{}\": {}", table.def->name, wrong);
  }
  RETURN_IF_ERROR(AddId(*work, id));
  RETURN_IF_ERROR(Count(table, event.rows->first_row_id, event.rows->rows));
  table.inline_bytes += event.rows->encoded.size();
  catalog_->inline_bytes += event.rows->encoded.size();
  InsertByRowId(table.inline_rows, event.rows);
  return Status::Ok();
}

Status CatalogBuilder::Do(const Uuid&, const lake_event::FlushRows& event) {
  ASSIGN_OR_RETURN(Work * work, TableToChange(event.table));
  Table& table = *work->table;
  std::vector<InlineRowsPtr> kept;
  uint64_t rows = 0;
  uint64_t bytes = 0;
  for (const InlineRowsPtr& some : table.inline_rows) {
    if (some->first_row_id < event.first_row_id || some->first_row_id >= event.end_row_id) {
      kept.push_back(some);
      continue;
    }
    rows += some->rows;
    bytes += some->encoded.size();
    work->ids.erase(some->id);
  }
  // The number tells whether these are the rows that the file of the same commit was made of.
  if (rows == 0 || rows != event.rows) {
    return Corrupt("table \"{}\": {} inline rows from id {} to {}; the event says {}",
                   table.def->name, rows, event.first_row_id, event.end_row_id, event.rows);
  }
  table.inline_rows = SharedList<InlineRowsPtr>(std::move(kept));
  CHECK(table.inline_bytes >= bytes && catalog_->inline_bytes >= bytes);
  table.inline_bytes -= bytes;
  catalog_->inline_bytes -= bytes;
  table.rows -= rows;
  return Status::Ok();
}

}  // namespace duckpond
