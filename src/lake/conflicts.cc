// SPDX-License-Identifier: MIT
#include "lake/conflicts.h"

#include <fmt/format.h>

namespace duckpond {
namespace {

template <class... Args>
Status Conflict(fmt::format_string<Args...> format, Args&&... args) {
  return Status::Conflict(fmt::format(format, std::forward<Args>(args)...));
}

std::shared_ptr<const ViewDef> FindView(const Catalog& catalog, const Uuid& id) {
  const auto place = catalog.places->find(id);
  if (place == catalog.places->end()) return nullptr;
  return catalog.FindView(place->second.schema, place->second.name);
}

std::string Definition(const TableDef& def) {
  return EncodeEvent({def.id, lake_event::CreateTable{std::make_shared<TableDef>(def)}}).data;
}

std::string Definition(const ViewDef& def) {
  return EncodeEvent({def.id, lake_event::CreateView{std::make_shared<ViewDef>(def)}}).data;
}

// Two folds of the same log hold equal definitions in different places.
template <class Def>
bool SameDefinition(const std::shared_ptr<const Def>& a, const std::shared_ptr<const Def>& b) {
  return a == b || Definition(*a) == Definition(*b);
}

Status CheckRoom(const Step& step, const ConflictView& view, const std::string& schema,
                 const std::string& name) {
  const SchemaPtr in = view.current.FindSchema(schema);
  if (in == nullptr || in->def.id != step.schema_id) {
    return Conflict("schema \"{}\" was dropped by another transaction", schema);
  }
  const std::string key = FoldName(name);
  if (in->tables.contains(key) || in->views.contains(key)) {
    return Conflict("\"{}\".\"{}\" was created by another transaction", schema, name);
  }
  return Status::Ok();
}

// Appends conflict with nothing but the end of their table: rows of others do not change what these
// mean, and keys are compared elsewhere.
Status CheckTable(const ConflictView& view, const Uuid& id) {
  if (view.current.FindTable(id) != nullptr) return Status::Ok();
  const TablePtr before = view.base.FindTable(id);
  return Conflict("table \"{}\" was dropped by another transaction",
                  before == nullptr ? id.ToString() : before->def->name);
}

Status Check(const Step&, const ConflictView& view, const lake_event::CreateSchema& event) {
  if (view.current.FindSchema(event.def.name) == nullptr) return Status::Ok();
  return Conflict("schema \"{}\" was created by another transaction", event.def.name);
}

Status Check(const Step&, const ConflictView& view, const lake_event::DropSchema& event) {
  const SchemaPtr schema = view.current.FindSchema(event.name);
  if (schema == nullptr || schema->def.id != event.schema) {
    return Conflict("schema \"{}\" was dropped by another transaction", event.name);
  }
  if (schema->tables.empty() && schema->views.empty()) return Status::Ok();
  return Conflict("another transaction created something in schema \"{}\"", event.name);
}

Status Check(const Step& step, const ConflictView& view, const lake_event::CreateTable& event) {
  return CheckRoom(step, view, event.def->schema, event.def->name);
}

Status Check(const Step& step, const ConflictView& view, const lake_event::CreateView& event) {
  return CheckRoom(step, view, event.def->schema, event.def->name);
}

Status Check(const Step&, const ConflictView& view, const lake_event::DropTable& event) {
  RETURN_IF_ERROR(CheckTable(view, event.table));
  const TablePtr before = view.base.FindTable(event.table);
  const TablePtr now = view.newest.FindTable(event.table);
  if (before == nullptr || now == nullptr || before == now) return Status::Ok();
  // Rows that were only moved from the log into a file are no change to anybody.
  if (before->next_row_id != now->next_row_id || !SameDefinition(before->def, now->def)) {
    return Conflict("table \"{}\" was changed by another transaction", event.name);
  }
  return Status::Ok();
}

Status Check(const Step&, const ConflictView& view, const lake_event::DropView& event) {
  if (FindView(view.current, event.view) == nullptr) {
    return Conflict("view \"{}\" was dropped by another transaction", event.name);
  }
  const auto before = FindView(view.base, event.view);
  const auto now = FindView(view.newest, event.view);
  if (before == nullptr || now == nullptr || SameDefinition(before, now)) return Status::Ok();
  return Conflict("view \"{}\" was changed by another transaction", event.name);
}

Status Check(const Step&, const ConflictView& view, const lake_event::SetComment& event) {
  const std::string& name = event.name.empty() ? event.schema : event.name;
  if (!CommentOn(view.current, event)) {
    return Conflict("\"{}\" was dropped by another transaction", name);
  }
  const auto before = CommentOn(view.base, event);
  const auto now = CommentOn(view.newest, event);
  if (!before || before == now) return Status::Ok();
  return Conflict("another transaction commented on \"{}\"", name);
}

// Set to the same as before is no change: nobody could tell.
Status Check(const Step&, const ConflictView& view, const lake_event::SetOption& event) {
  const auto before = view.base.options.find(event.name);
  const auto now = view.newest.options.find(event.name);
  const bool was_set = before != view.base.options.end();
  const bool is_set = now != view.newest.options.end();
  if (was_set == is_set && (!is_set || before->second == now->second)) return Status::Ok();
  return Conflict("option \"{}\" was set by another transaction", event.name);
}

Status Check(const Step&, const ConflictView& view, const lake_event::AddFile& event) {
  return CheckTable(view, event.table);
}

Status Check(const Step&, const ConflictView& view, const lake_event::AddRows& event) {
  return CheckTable(view, event.table);
}

// A flush is no step of a user: it is dropped where it does not fit (lake/flush.h).
Status Check(const Step&, const ConflictView&, const lake_event::FlushRows&) {
  return Status::Internal("a flush as a step of a transaction");
}

}  // namespace

std::optional<std::string> CommentOn(const Catalog& catalog, const lake_event::SetComment& event) {
  using On = lake_event::SetComment::On;
  if (event.on == On::kSchema) {
    const SchemaPtr schema = catalog.FindSchema(event.schema);
    if (schema == nullptr || schema->def.id != event.id) return std::nullopt;
    return schema->def.comment;
  }
  if (const TablePtr table = catalog.FindTable(event.id); table != nullptr) {
    if (event.on == On::kTable) return table->def->comment;
    const Column* column = table->def->FindColumn(event.column_id);
    return column == nullptr ? std::nullopt : std::optional(column->comment);
  }
  const auto view = FindView(catalog, event.id);
  if (view == nullptr) return std::nullopt;
  if (event.on == On::kView) return view->comment;
  const auto comment = view->column_comments.find(event.column);
  return comment == view->column_comments.end() ? std::string() : comment->second;
}

Status CheckConflict(const Step& step, const ConflictView& view) {
  return std::visit([&](const auto& event) { return Check(step, view, event); }, step.change.event);
}

}  // namespace duckpond
