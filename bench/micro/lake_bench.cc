// SPDX-License-Identifier: MIT
//
// lake_bench: what the lake's own formats cost, without a store: bytes of log for a one-row commit,
// decoding of inline rows, folding of a catalog of 10,000 files. Prints one JSON object.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <functional>

#include "base/encoding.h"
#include "base/env.h"
#include "base/json_writer.h"
#include "lake/catalog_folder.h"
#include "lake/events.h"
#include "lake/key.h"
#include "lake/predicate.h"
#include "log/frame.h"
#include "log/lines.h"
#include "log/records.h"
#include "tests/support/random_batch.h"

namespace duckpond {
namespace {

constexpr int kRuns = 15;

// The median of several runs, in milliseconds of CPU: what else the machine does is not counted.
double Median(const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < kRuns; ++i) {
    const std::clock_t start = std::clock();
    work();
    times.push_back(static_cast<double>(std::clock() - start) * 1000 / CLOCKS_PER_SEC);
  }
  std::ranges::sort(times);
  return times[kRuns / 2];
}

template <class T>
std::string Raw(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

struct Sample {
  ColumnBatch batch;
  std::string json;  // The same row as a JSON object.
  std::vector<ColumnBatch::FieldType> types;
};

// id BIGINT, name VARCHAR, price DOUBLE, at TIMESTAMP, done BOOLEAN
Sample SampleRow(int64_t id) {
  SeededRandom random(static_cast<uint64_t>(id));
  const std::string name = fmt::format("customer {}", random.Below(100'000));
  const double price = static_cast<double>(random.Below(1'000'000)) / 100;
  const int64_t at_us = 1'790'000'000'000'000 + static_cast<int64_t>(random.Below(1'000'000'000));
  const uint8_t done = random.Below(2) == 0;
  Sample sample;
  sample.batch.rows = 1;
  const auto add = [&](const char* type) -> ColumnData& {
    const auto field_id = static_cast<uint32_t>(sample.types.size() + 1);
    sample.types.push_back({field_id, *Type::Parse(type)});
    sample.batch.field_ids.push_back(field_id);
    sample.batch.columns.emplace_back().type = sample.types.back().type;
    return sample.batch.columns.back();
  };
  add("BIGINT").fixed = Raw(id);
  ColumnData& names = add("VARCHAR");
  names.heap = name;
  names.ends = {static_cast<uint32_t>(name.size())};
  add("DOUBLE").fixed = Raw(price);
  add("TIMESTAMP").fixed = Raw(at_us);
  add("BOOLEAN").fixed = Raw(done);
  JsonWriter json;
  json.BeginObject().Key("id").Int(id).Key("name").String(name).Key("price").Double(price);
  json.Key("at").String(fmt::format("2026-09-21 14:{:02}:{:02}.{:06}", random.Below(60),
                                    random.Below(60), random.Below(1'000'000)));
  json.Key("done").Bool(done != 0).EndObject();
  sample.json = json.Take();
  return sample;
}

size_t FrameBytes(const std::string& data) {
  Env& env = Env::Process();
  CommitRecord record;
  record.version = 1234;
  record.transaction = env.uuids.Next();
  record.time_us = env.clock.NowUs();
  record.writer = "duckpond 0.1.0";
  record.events.push_back({env.uuids.Next(), "add_rows", data, false});
  return EncodeCommit(record, std::string("0123456789abcdef")).size();
}

void OneRowCommits(JsonWriter& json) {
  const std::string table = Env::Process().uuids.Next().ToString();
  size_t encoded = 0;
  size_t ours = 0;
  size_t as_json = 0;
  size_t without = 0;
  constexpr int kCommits = 200;
  for (int i = 0; i < kCommits; ++i) {
    const Sample sample = SampleRow(100'000 + i);
    const std::string bytes = sample.batch.Encode();
    encoded += bytes.size();
    const std::string head =
        fmt::format("{{\"table\":\"{}\",\"rows\":1,\"first_row_id\":{}", table, 100'000 + i);
    ours += FrameBytes(head + ",\"content\":\"" + Base64Encode(bytes) + "\"}");
    as_json += FrameBytes(head + ",\"rows\":[" + sample.json + "]}");
    without += FrameBytes(head + "}");
  }
  json.Key("one_row_commit").BeginObject();
  json.Key("frame_bytes").Uint(ours / kCommits).Key("row_bytes").Uint(encoded / kCommits);
  json.Key("frame_bytes_with_json_row").Uint(as_json / kCommits);
  json.Key("frame_bytes_without_row").Uint(without / kCommits).EndObject();
}

void InlineRowsDecoding(JsonWriter& json) {
  std::vector<std::string> encoded;
  const std::vector<ColumnBatch::FieldType> types = SampleRow(1).types;
  for (int i = 0; i < 500; ++i) encoded.push_back(SampleRow(i).batch.Encode());
  const double ms = Median([&] {
    for (const std::string& bytes : encoded) CHECK(ColumnBatch::Decode(bytes, types).ok());
  });
  json.Key("decode_500_rows_ms").Double(ms);
}

std::vector<Event> Catalog10k() {
  Env& env = Env::Process();
  SeededRandom random(1);
  TableDef def;
  def.id = env.uuids.Next();
  def.schema = "main";
  def.name = "t";
  for (uint32_t id = 1; id <= 3; ++id) {
    Column column;
    column.field_id = id;
    column.name = fmt::format("c{}", id);
    column.type = *Type::Parse(id == 2 ? "VARCHAR" : "BIGINT");
    def.columns.push_back(column);
  }
  def.next_field_id = 4;
  Constraint key;
  key.kind = Constraint::Kind::kPrimaryKey;
  key.field_ids = {1};
  def.constraints.push_back(key);
  std::vector<Event> events;
  const Uuid table = def.id;
  events.push_back(
      EncodeEvent({table, lake_event::CreateTable{std::make_shared<TableDef>(std::move(def)), 0}}));
  for (uint64_t i = 0; i < 10'000; ++i) {
    auto file = std::make_shared<DataFile>();
    file->id = env.uuids.Next();
    file->path = "data/" + table.ToString() + "/" + file->id.ToString() + ".parquet";
    file->bytes = 1'000'000 + random.Below(1'000'000);
    file->footer_bytes = 900 + random.Below(100);
    file->rows = 10'000;
    file->first_row_id = i * 10'000;
    const auto bound = [&](uint64_t value) {
      std::string bytes;
      AppendKey(*Type::Parse("BIGINT"), Raw(value), bytes);
      return bytes;
    };
    const std::string min = bound(i * 1000);
    const std::string max = bound(i * 1000 + 999);
    file->statistics = {{1, 0, min, max, true},
                        {2, 3, "alpha and more", "omega and more", false},
                        {3, 0, bound(random.Below(1000)), bound(1000 + random.Below(1000)), true}};
    file->keys = {{0, min, max, {}}};
    file->row_groups = {{4, 900'000, 10'000, min, max}};
    events.push_back(EncodeEvent({file->id, lake_event::AddFile{table, file}}));
  }
  return events;
}

void Folding(JsonWriter& json) {
  const CatalogFolder& folder = CatalogFolder::Instance();
  const std::vector<Event> events = Catalog10k();
  std::string text;
  for (const Event& event : events) AppendLine(text, event);
  const std::string frame = CompressFrame(text);
  const Place place{"bench", 0};
  StatePtr state;
  std::vector<StatePtr> kept_states;  // A catalog's end is not part of its making.
  json.Key("files_10000").BeginObject().Key("json_bytes").Uint(text.size());
  json.Key("frame_bytes").Uint(frame.size());
  json.Key("decode_lines_ms").Double(Median([&] { CHECK(DecodeLines(frame, place).ok()); }));
  json.Key("fold_ms").Double(Median([&] {
    auto folded = folder.Fold(folder.Empty(), events);
    CHECK(folded.ok());
    state = *folded;
    kept_states.push_back(state);
  }));
  // 500 commits on top, each folded by itself, as a reader of the log does.
  std::vector<Event> commits;
  const Uuid table_id = events[0].id;
  for (uint64_t i = 0; i < 500; ++i) {
    auto rows = std::make_shared<InlineRows>();
    rows->id = Env::Process().uuids.Next();
    rows->rows = 1;
    rows->first_row_id = 100'000'000 + i;
    rows->encoded = SampleRow(static_cast<int64_t>(i)).batch.Encode();
    commits.push_back(EncodeEvent({rows->id, lake_event::AddRows{table_id, rows}}));
  }
  json.Key("fold_500_commits_ms").Double(Median([&] {
    StatePtr newer = state;
    for (const Event& event : commits) newer = *folder.Fold(newer, {&event, 1});
  }));
  const auto& catalog = static_cast<const Catalog&>(*state);
  const TablePtr table = catalog.FindTable("main", "t");
  Predicate point;
  point.kind = Predicate::Kind::kEqual;
  point.field_id = 1;
  std::string key;
  AppendKey(table->def->columns[0].type, Raw(int64_t{5'000'123}), key);
  point.values = {key};
  uint64_t kept = 0;
  json.Key("prune_ms").Double(Median([&] {
    kept = 0;
    for (const DataFilePtr& file : table->files.loose()) {
      kept += MayMatch(point, *table->def, *file);
    }
  }));
  json.Key("files_kept").Uint(kept);
  json.Key("unfold_ms").Double(Median([&] { CHECK(folder.Unfold(*state).ok()); }));
  json.EndObject();
}

}  // namespace
}  // namespace duckpond

int main() {
  duckpond::JsonWriter json;
  json.BeginObject();
  duckpond::OneRowCommits(json);
  duckpond::InlineRowsDecoding(json);
  duckpond::Folding(json);
  json.EndObject();
  fmt::print("{}\n", json.Take());
}
