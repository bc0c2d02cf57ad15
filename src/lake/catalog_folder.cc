// SPDX-License-Identifier: MIT
#include "lake/catalog_folder.h"

#include <algorithm>

#include "lake/catalog_builder.h"
#include "lake/event_kinds.h"
#include "lake/events.h"

namespace duckpond {
namespace {

void UnfoldTable(const Table& table, std::vector<Event>& events) {
  const Uuid& id = table.def->id;
  events.push_back(EncodeEvent({id, lake_event::CreateTable{table.def, table.next_row_id}}));
  for (const DataFilePtr& file : table.files) {
    events.push_back(EncodeEvent({file->id, lake_event::AddFile{id, file}}));
  }
  for (const InlineRowsPtr& rows : table.inline_rows) {
    events.push_back(EncodeEvent({rows->id, lake_event::AddRows{id, rows}}));
  }
}

void UnfoldSchema(const Schema& schema, std::vector<Event>& events) {
  if (!schema.def.id.is_nil()) {
    events.push_back(EncodeEvent({schema.def.id, lake_event::CreateSchema{schema.def}}));
  } else if (!schema.def.comment.empty()) {
    // "main" was not created by an event, only its comment was set by one, whose id is forgotten.
    lake_event::SetComment comment;
    comment.on = lake_event::SetComment::On::kSchema;
    comment.schema = schema.def.name;
    comment.comment = schema.def.comment;
    events.push_back(EncodeEvent({Uuid{}, std::move(comment)}));
  }
  for (const auto& [name, table] : schema.tables) UnfoldTable(*table, events);
  for (const auto& [name, view] : schema.views) {
    events.push_back(EncodeEvent({view->id, lake_event::CreateView{view}}));
  }
}

}  // namespace

const CatalogFolder& CatalogFolder::Instance() {
  static const auto* instance = new CatalogFolder();
  return *instance;
}

StatePtr CatalogFolder::Empty() const {
  static const auto* empty = new CatalogPtr(std::make_shared<const Catalog>());
  return *empty;
}

Result<StatePtr> CatalogFolder::Fold(StatePtr before, std::span<const Event> events) const {
  if (events.empty()) return before;
  EventDecoder decoder;
  CatalogBuilder builder(std::static_pointer_cast<const Catalog>(before));
  for (const Event& event : events) {
    ASSIGN_OR_RETURN(LakeEvent decoded, decoder.Decode(event));
    RETURN_IF_ERROR(builder.Apply({event.id, std::move(decoded)}));
  }
  return StatePtr(builder.Take());
}

std::vector<Event> CatalogFolder::Unfold(const FoldedState& state) const {
  const auto& catalog = static_cast<const Catalog&>(state);
  std::vector<Event> events;
  for (const auto& [name, value] : catalog.options) {
    events.push_back(EncodeEvent({Uuid{}, lake_event::SetOption{name, value}}));
  }
  for (const auto& [name, schema] : catalog.schemas) UnfoldSchema(*schema, events);
  return events;
}

bool CatalogFolder::Knows(std::string_view name) const {
  const auto kinds = EventKinds();
  return std::ranges::find(kinds, name, &EventKind::name) != kinds.end();
}

}  // namespace duckpond
