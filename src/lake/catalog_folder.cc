// SPDX-License-Identifier: MIT
#include "lake/catalog_folder.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/check.h"
#include "lake/catalog_builder.h"
#include "lake/event_kinds.h"
#include "lake/events.h"

namespace duckpond {
namespace {

// Between the names of a schema and of what is in it, in a place.
constexpr char kTablesBehind = '\x01';
constexpr char kViewsBehind = '\x02';

// Lists of files with at least so much text are summed up, in parts of at most about so much.
constexpr uint64_t kSummedTextBytesMin = 16 << 10;
constexpr uint64_t kSummedTextBytes = 1 << 20;
// A table with more files than fill so many parts has larger ones: all readers get what names them.
constexpr uint64_t kPartsGoal = 2048;
// Parts of a table that one roll puts together with what came since, none of which may be so many
// times as large as that: a line is written anew a few times, not by each roll.
constexpr size_t kPartsGatheredMax = 16;
constexpr uint64_t kGatheredGrowth = 4;

StateRun One(std::string place, Event event) {
  StateRun run{std::move(place), {}, ""};
  run.events.push_back(std::move(event));
  return run;
}

Event EncodeFile(const Uuid& table, const DataFilePtr& file) {
  return EncodeEvent({file->id, lake_event::AddFile{table, file}});
}

// How much text a file of the table has, going by some of its loose ones. REQUIRES: it has some.
uint64_t TextBytesOfAFile(const Table& table) {
  const auto& loose = table.files.loose();
  CHECK(!loose.empty());
  const size_t step = std::max<size_t>(loose.size() / 16, 1);
  uint64_t bytes = 0;
  uint64_t files = 0;
  for (size_t i = 0; i < loose.size(); i += step, ++files) {
    bytes += EncodeFile(table.def->id, loose[i]).data.size();
  }
  return bytes / files;
}

uint64_t PartTextBytes(const Table& table, uint64_t file_bytes) {
  return std::max(kSummedTextBytes, table.files.size() * file_bytes / kPartsGoal);
}

// A part of files whose keys lie near each other is left out by most who look for one: where keys
// rise with time, or a load had them sorted, each key is in one part. Where they are random, each
// part has all of them, and nothing helps.
std::vector<DataFilePtr> NearKeysTogether(std::vector<DataFilePtr> files) {
  const auto has_key = [](const DataFilePtr& file) { return !file->keys.empty(); };
  if (!std::ranges::all_of(files, has_key)) return files;
  std::ranges::stable_sort(
      files, {}, [](const DataFilePtr& file) -> const std::string& { return file->keys[0].min; });
  return files;
}

StateRun SummedUp(const std::string& place, const Uuid& table, std::vector<DataFilePtr> files) {
  CHECK(!files.empty());
  std::ranges::stable_sort(files, {}, [](const DataFilePtr& file) { return file->first_row_id; });
  StateRun run{place, {}, EncodeSummary(Summarize(table, files))};
  for (const DataFilePtr& file : files) run.events.push_back(EncodeFile(table, file));
  return run;
}

void UnfoldFiles(const std::string& place, const Table& table, std::vector<StateRun>& runs) {
  const Uuid& id = table.def->id;
  for (const FileBlockPtr& block : table.files.blocks()) {
    runs.push_back({place, {}, EncodeSummary(block->summary()), block->lines()});
  }
  const std::vector<DataFilePtr>& loose = table.files.loose();
  if (loose.empty()) return;
  const uint64_t file_bytes = TextBytesOfAFile(table);
  const uint64_t text_bytes = loose.size() * file_bytes;
  if (text_bytes < kSummedTextBytesMin) {
    StateRun run{place, {}, ""};
    for (const DataFilePtr& file : loose) run.events.push_back(EncodeFile(id, file));
    runs.push_back(std::move(run));
    return;
  }
  const std::vector<DataFilePtr> files = NearKeysTogether(loose);
  const uint64_t parts = (text_bytes - 1) / PartTextBytes(table, file_bytes) + 1;
  CHECK(parts > 0);
  for (uint64_t part = 0; part < parts; ++part) {
    const auto at = [&](uint64_t i) {
      return files.begin() + static_cast<ptrdiff_t>(files.size() * i / parts);
    };
    if (at(part) == at(part + 1)) continue;
    runs.push_back(SummedUp(place, id, {at(part), at(part + 1)}));
  }
}

void UnfoldTable(const std::string& place, const Table& table, std::vector<StateRun>& runs) {
  const Uuid& id = table.def->id;
  runs.push_back(
      One(place, EncodeEvent({id, lake_event::CreateTable{table.def, table.next_row_id}})));
  UnfoldFiles(place, table, runs);
  StateRun rows{place, {}, ""};
  for (const InlineRowsPtr& some : table.inline_rows) {
    rows.events.push_back(EncodeEvent({some->id, lake_event::AddRows{id, some}}));
  }
  if (!rows.events.empty()) runs.push_back(std::move(rows));
}

// docs/formats/log.md tells what places look like: a reader finds a table's parts by its name.
void UnfoldSchema(const std::string& name, const Schema& schema, std::vector<StateRun>& runs) {
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
    UnfoldTable(name + kTablesBehind + table_name, *table, runs);
  }
  for (const auto& [view_name, view] : schema.views) {
    runs.push_back(One(name + kViewsBehind + view_name,
                       EncodeEvent({view->id, lake_event::CreateView{view}})));
  }
}

using Blocks = std::unordered_set<const FileBlock*>;

// Blocks that are to become larger ones, where the loose files are about to become blocks anyway.
Blocks TooSmall(const Table& table) {
  Blocks small;
  if (table.files.loose().empty() || table.files.blocks().empty()) return small;
  const uint64_t file_bytes = TextBytesOfAFile(table);
  const uint64_t loose_bytes = table.files.loose().size() * file_bytes;
  if (loose_bytes < kSummedTextBytesMin) return small;
  const uint64_t bytes_min =
      std::min(PartTextBytes(table, file_bytes) / 2, kGatheredGrowth * loose_bytes);
  for (const FileBlockPtr& block : table.files.blocks()) {
    if (small.size() == kPartsGatheredMax) break;
    if (block->summary().files * file_bytes < bytes_min) small.insert(block.get());
  }
  return small;
}

// `before` with the files of chosen blocks beside the loose ones of their table.
using Choose = std::function<Blocks(const Table&)>;
Task<Result<StatePtr>> Unpack(Context context, StatePtr before, Choose choose) {
  auto catalog = std::make_shared<Catalog>(static_cast<const Catalog&>(*before));
  for (auto& [name, schema] : catalog->schemas) {
    auto copy = std::make_shared<Schema>(*schema);
    for (auto& [table_name, table] : copy->tables) {
      const Blocks blocks = choose(*table);
      if (blocks.empty()) continue;
      auto unpacked = std::make_shared<Table>(*table);
      const FileList::Wanted chosen = [&blocks](const FileBlock& block) {
        return blocks.contains(&block);
      };
      CO_ASSIGN_OR_RETURN(unpacked->files, co_await table->files.Unpacked(context, chosen));
      table = std::move(unpacked);
    }
    schema = std::move(copy);
  }
  co_return StatePtr(std::move(catalog));
}

template <class Do>
void ForEachBlock(const Catalog& catalog, const Do& work) {
  for (const auto& [name, schema] : catalog.schemas) {
    for (const auto& [table_name, table] : schema->tables) {
      for (const FileBlockPtr& block : table->files.blocks()) work(block);
    }
  }
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
  CHECK(before != nullptr);
  EventDecoder decoder;
  CatalogBuilder builder(std::static_pointer_cast<const Catalog>(before));
  RETURN_IF_ERROR(Apply(events, decoder, builder));
  return StatePtr(builder.Take());
}

Result<StatePtr> CatalogFolder::FoldBase(std::span<const StatePart> parts,
                                         const StatePtr& known) const {
  std::unordered_map<std::string_view, FileBlockPtr> blocks;
  if (known != nullptr) {
    ForEachBlock(static_cast<const Catalog&>(*known),
                 [&](const FileBlockPtr& block) { blocks[block->lines()->name()] = block; });
  }
  EventDecoder decoder;
  CatalogBuilder builder(std::static_pointer_cast<const Catalog>(Empty()));
  for (const StatePart& part : parts) {
    if (part.lines == nullptr) {
      RETURN_IF_ERROR(Apply(part.events, decoder, builder));
      continue;
    }
    if (const auto block = blocks.find(part.lines->name()); block != blocks.end()) {
      RETURN_IF_ERROR(builder.Add(block->second->summary(), part.lines, block->second));
      continue;
    }
    ASSIGN_OR_RETURN(FilesSummary summary, decoder.DecodeSummary(part.summary));
    RETURN_IF_ERROR(builder.Add(std::move(summary), part.lines, nullptr));
  }
  return StatePtr(builder.Take());
}

Task<Result<StatePtr>> CatalogFolder::Read(Context context, StatePtr state, Wanted wanted) const {
  return Unpack(std::move(context), std::move(state), [wanted](const Table& table) {
    Blocks blocks;
    for (const FileBlockPtr& block : table.files.blocks()) {
      if (wanted(*block->lines())) blocks.insert(block.get());
    }
    return blocks;
  });
}

Task<Result<StatePtr>> CatalogFolder::Gather(Context context, StatePtr state) const {
  return Unpack(std::move(context), std::move(state), TooSmall);
}

Result<std::vector<StateRun>> CatalogFolder::Unfold(const FoldedState& state) const {
  const auto& catalog = static_cast<const Catalog&>(state);
  std::vector<StateRun> runs(1);
  for (const auto& [name, value] : catalog.options) {
    runs[0].events.push_back(EncodeEvent({Uuid{}, lake_event::SetOption{name, value}}));
  }
  for (const auto& [name, schema] : catalog.schemas) UnfoldSchema(name, *schema, runs);
  return runs;
}

bool CatalogFolder::Knows(std::string_view name) const {
  const auto kinds = EventKinds();
  return std::ranges::find(kinds, name, &EventKind::name) != kinds.end();
}

}  // namespace duckpond
