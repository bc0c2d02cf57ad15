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

// Lists of files with at least so much text are summed up, in parts of about so much.
constexpr size_t kSummedTextBytesMin = 256 << 10;
constexpr size_t kSummedTextBytes = 1 << 20;

StateRun One(std::string place, Event event) {
  StateRun run{std::move(place), {}, ""};
  run.events.push_back(std::move(event));
  return run;
}

void UnfoldFiles(const std::string& place, const Uuid& table, const std::vector<DataFilePtr>& files,
                 std::vector<StateRun>& runs) {
  if (files.empty()) return;
  std::vector<Event> events;
  size_t text_bytes = 0;
  for (const DataFilePtr& file : files) {
    events.push_back(EncodeEvent({file->id, lake_event::AddFile{table, file}}));
    text_bytes += events.back().data.size();
  }
  if (text_bytes < kSummedTextBytesMin) {
    runs.push_back({place, std::move(events), ""});
    return;
  }
  for (size_t begin = 0, end = 0; begin < events.size(); begin = end) {
    StateRun run{place, {}, ""};
    for (size_t bytes = 0; end < events.size() && bytes < kSummedTextBytes; ++end) {
      bytes += events[end].data.size();
      run.events.push_back(std::move(events[end]));
    }
    const auto at = [&files](size_t i) { return files.begin() + static_cast<ptrdiff_t>(i); };
    run.summary = EncodeSummary(Summarize(table, {at(begin), at(end)}));
    runs.push_back(std::move(run));
  }
}

Status UnfoldTable(const std::string& place, const Table& table, std::vector<StateRun>& runs) {
  const Uuid& id = table.def->id;
  runs.push_back(
      One(place, EncodeEvent({id, lake_event::CreateTable{table.def, table.next_row_id}})));
  ASSIGN_OR_RETURN(const std::vector<DataFilePtr> files, table.files.All());
  UnfoldFiles(place, id, files, runs);
  StateRun rows{place, {}, ""};
  for (const InlineRowsPtr& some : table.inline_rows) {
    rows.events.push_back(EncodeEvent({some->id, lake_event::AddRows{id, some}}));
  }
  if (!rows.events.empty()) runs.push_back(std::move(rows));
  return Status::Ok();
}

// docs/formats/log.md tells what places look like: a reader finds a table's parts by its name.
Status UnfoldSchema(const std::string& name, const Schema& schema, std::vector<StateRun>& runs) {
  if (!schema.def.id.is_nil()) {
    runs.push_back(One(name, EncodeEvent({schema.def.id, lake_event::CreateSchema{schema.def}})));
  } else if (!schema.def.comment.empty()) {
    // "main" was not created by an event, only its comment was set by one, whose id is forgotten.
    lake_event::SetComment comment;
    comment.on = lake_event::SetComment::On::kSchema;
    comment.schema = schema.def.name;
    comment.comment = schema.def.comment;
    runs.push_back(One(name, EncodeEvent({Uuid{}, std::move(comment)})));
  }
  for (const auto& [table_name, table] : schema.tables) {
    RETURN_IF_ERROR(UnfoldTable(name + kTablesBehind + table_name, *table, runs));
  }
  for (const auto& [view_name, view] : schema.views) {
    runs.push_back(One(name + kViewsBehind + view_name,
                       EncodeEvent({view->id, lake_event::CreateView{view}})));
  }
  return Status::Ok();
}

Status Apply(std::span<const Event> events, EventDecoder& decoder, CatalogBuilder& builder) {
  for (const Event& event : events) {
    ASSIGN_OR_RETURN(LakeEvent decoded, decoder.Decode(event));
    RETURN_IF_ERROR(builder.Apply({event.id, std::move(decoded)}));
  }
  return Status::Ok();
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
  RETURN_IF_ERROR(Apply(events, decoder, builder));
  return StatePtr(builder.Take());
}

Result<StatePtr> CatalogFolder::FoldBase(std::span<const StatePart> parts) const {
  EventDecoder decoder;
  CatalogBuilder builder(std::static_pointer_cast<const Catalog>(Empty()));
  for (const StatePart& part : parts) {
    if (part.lines == nullptr) {
      RETURN_IF_ERROR(Apply(part.events, decoder, builder));
      continue;
    }
    ASSIGN_OR_RETURN(FilesSummary summary, decoder.DecodeSummary(part.summary));
    RETURN_IF_ERROR(builder.Add(std::move(summary), part.lines));
  }
  return StatePtr(builder.Take());
}

Result<std::vector<StateRun>> CatalogFolder::Unfold(const FoldedState& state) const {
  const auto& catalog = static_cast<const Catalog&>(state);
  std::vector<StateRun> runs(1);
  for (const auto& [name, value] : catalog.options) {
    runs[0].events.push_back(EncodeEvent({Uuid{}, lake_event::SetOption{name, value}}));
  }
  for (const auto& [name, schema] : catalog.schemas) {
    RETURN_IF_ERROR(UnfoldSchema(name, *schema, runs));
  }
  return runs;
}

bool CatalogFolder::Knows(std::string_view name) const {
  const auto kinds = EventKinds();
  return std::ranges::find(kinds, name, &EventKind::name) != kinds.end();
}

}  // namespace duckpond
