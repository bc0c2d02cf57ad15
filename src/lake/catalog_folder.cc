// SPDX-License-Identifier: MIT
#include "lake/catalog_folder.h"

#include <algorithm>

#include "lake/catalog_builder.h"
#include "lake/event_kinds.h"
#include "lake/events.h"

namespace duckpond {
namespace {

// Between the names of a schema and of what is in it, in a place.
constexpr char kTablesBehind = '\x01';
constexpr char kViewsBehind = '\x02';

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

// docs/formats/log.md tells what they look like: a reader finds a table's parts by its name.
std::vector<PlaceRun> CatalogFolder::Places(const FoldedState& state) const {
  const auto& catalog = static_cast<const Catalog&>(state);
  std::vector<PlaceRun> runs{{"", catalog.options.size()}};
  for (const auto& [name, schema] : catalog.schemas) {
    const bool has_line = !schema->def.id.is_nil() || !schema->def.comment.empty();
    runs.push_back({name, has_line ? size_t{1} : size_t{0}});
    for (const auto& [table_name, table] : schema->tables) {
      runs.push_back(
          {name + kTablesBehind + table_name, 1 + table->files.size() + table->inline_rows.size()});
    }
    for (const auto& [view_name, view] : schema->views) {
      runs.push_back({name + kViewsBehind + view_name, 1});
    }
  }
  return runs;
}

bool CatalogFolder::Knows(std::string_view name) const {
  const auto kinds = EventKinds();
  return std::ranges::find(kinds, name, &EventKind::name) != kinds.end();
}

}  // namespace duckpond
