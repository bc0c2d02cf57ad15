// SPDX-License-Identifier: MIT
#include "base/encoding.h"
#include "base/json_writer.h"
#include "lake/event_kinds.h"
#include "lake/event_words.h"
#include "lake/events.h"

namespace duckpond {
namespace {

void WriteText(JsonWriter& json, std::string_view key, const std::string& text) {
  if (!text.empty()) json.Key(key).String(text);
}

void WriteBytes(JsonWriter& json, std::string_view key, std::string_view bytes) {
  json.Key(key).String(Base64Encode(bytes));
}

void WriteNumbers(JsonWriter& json, std::string_view key, const std::vector<uint32_t>& numbers) {
  if (numbers.empty()) return;
  json.Key(key).BeginArray();
  for (const uint32_t number : numbers) json.Uint(number);
  json.EndArray();
}

void WriteTexts(JsonWriter& json, std::string_view key,
                const std::map<std::string, std::string>& texts) {
  if (texts.empty()) return;
  json.Key(key).BeginObject();
  for (const auto& [name, text] : texts) json.Key(name).String(text);
  json.EndObject();
}

void WriteColumn(JsonWriter& json, const Column& column) {
  json.BeginObject().Key("id").Uint(column.field_id);
  WriteNumbers(json, "nested", column.nested_ids);
  json.Key("name").String(column.name).Key("type").String(column.type.ToString());
  if (column.not_null) json.Key("not_null").Bool(true);
  if (column.default_sql) json.Key("default").String(*column.default_sql);
  WriteText(json, "comment", column.comment);
  json.EndObject();
}

void WriteConstraint(JsonWriter& json, const Constraint& constraint) {
  json.BeginObject().Key("kind").String(kConstraintWords[static_cast<size_t>(constraint.kind)]);
  WriteNumbers(json, "columns", constraint.field_ids);
  WriteText(json, "sql", constraint.check_sql);
  if (constraint.kind == Constraint::Kind::kForeignKey) {
    const Constraint::Reference& to = constraint.references;
    json.Key("references").BeginObject().Key("schema").String(to.schema);
    json.Key("table").String(to.table).Key("columns").BeginArray();
    for (const std::string& column : to.columns) json.String(column);
    json.EndArray().EndObject();
  }
  json.EndObject();
}

void WriteStatistics(JsonWriter& json, const ColumnStatistics& statistics) {
  json.BeginObject().Key("id").Uint(statistics.field_id).Key("nulls").Uint(statistics.nulls);
  if (statistics.min) WriteBytes(json, "min", *statistics.min);
  if (statistics.max) WriteBytes(json, "max", *statistics.max);
  if (statistics.exact) json.Key("exact").Bool(true);
  json.EndObject();
}

void WriteKey(JsonWriter& json, const KeySummary& key) {
  json.BeginObject().Key("constraint").Uint(key.constraint);
  WriteBytes(json, "min", key.min);
  WriteBytes(json, "max", key.max);
  if (!key.hashes.empty()) {
    std::string hashes;
    for (const uint64_t hash : key.hashes) {
      for (int shift = 0; shift < 64; shift += 8) hashes += static_cast<char>(hash >> shift);
    }
    WriteBytes(json, "hashes", hashes);
  }
  json.EndObject();
}

void WriteRowGroup(JsonWriter& json, const RowGroup& group) {
  json.BeginObject().Key("offset").Uint(group.offset).Key("bytes").Uint(group.bytes);
  json.Key("rows").Uint(group.rows);
  if (!group.key_max.empty()) {
    WriteBytes(json, "key_min", group.key_min);
    WriteBytes(json, "key_max", group.key_max);
  }
  json.EndObject();
}

template <class T>
void WriteList(JsonWriter& json, std::string_view key, const std::vector<T>& items,
               void (*write)(JsonWriter&, const T&)) {
  if (items.empty()) return;
  json.Key(key).BeginArray();
  for (const T& item : items) write(json, item);
  json.EndArray();
}

void Write(JsonWriter& json, const lake_event::CreateSchema& event) {
  json.Key("name").String(event.def.name);
  WriteText(json, "comment", event.def.comment);
}

void Write(JsonWriter& json, const lake_event::DropSchema& event) {
  json.Key("schema").String(event.schema.ToString()).Key("name").String(event.name);
}

void Write(JsonWriter& json, const lake_event::CreateTable& event) {
  const TableDef& def = *event.def;
  json.Key("schema").String(def.schema).Key("name").String(def.name);
  WriteList(json, "columns", def.columns, WriteColumn);
  WriteList(json, "constraints", def.constraints, WriteConstraint);
  json.Key("next_field_id").Uint(def.next_field_id);
  WriteText(json, "comment", def.comment);
  WriteTexts(json, "tags", def.tags);
  if (event.next_row_id > 0) json.Key("next_row_id").Uint(event.next_row_id);
}

void Write(JsonWriter& json, const lake_event::DropTable& event) {
  json.Key("table").String(event.table.ToString());
  json.Key("schema").String(event.schema).Key("name").String(event.name);
}

void Write(JsonWriter& json, const lake_event::CreateView& event) {
  const ViewDef& def = *event.def;
  json.Key("schema").String(def.schema).Key("name").String(def.name).Key("sql").String(def.sql);
  WriteText(json, "comment", def.comment);
  WriteTexts(json, "column_comments", def.column_comments);
}

void Write(JsonWriter& json, const lake_event::DropView& event) {
  json.Key("view").String(event.view.ToString());
  json.Key("schema").String(event.schema).Key("name").String(event.name);
}

void Write(JsonWriter& json, const lake_event::SetComment& event) {
  json.Key("on").String(kCommentWords[static_cast<size_t>(event.on)]);
  json.Key("schema").String(event.schema);
  WriteText(json, "name", event.name);
  json.Key("id").String(event.id.ToString());
  if (event.column_id > 0) json.Key("column_id").Uint(event.column_id);
  WriteText(json, "column", event.column);
  json.Key("comment").String(event.comment);
}

void Write(JsonWriter& json, const lake_event::SetOption& event) {
  json.Key("name").String(event.name).Key("value").String(event.value);
}

void Write(JsonWriter& json, const lake_event::AddFile& event) {
  const DataFile& file = *event.file;
  json.Key("table").String(event.table.ToString()).Key("path").String(file.path);
  json.Key("format").String(file.format).Key("bytes").Uint(file.bytes);
  json.Key("footer_bytes").Uint(file.footer_bytes).Key("rows").Uint(file.rows);
  json.Key("first_row_id").Uint(file.first_row_id);
  if (file.row_id_column) json.Key("row_ids").String(kRowIdsInColumn);
  WriteList(json, "statistics", file.statistics, WriteStatistics);
  WriteList(json, "keys", file.keys, WriteKey);
  WriteList(json, "row_groups", file.row_groups, WriteRowGroup);
  if (!file.footer.empty()) WriteBytes(json, "footer", file.footer);
}

void Write(JsonWriter& json, const lake_event::AddRows& event) {
  json.Key("table").String(event.table.ToString()).Key("rows").Uint(event.rows->rows);
  json.Key("first_row_id").Uint(event.rows->first_row_id);
  WriteBytes(json, "content", event.rows->encoded);
}

void Write(JsonWriter& json, const lake_event::FlushRows& event) {
  json.Key("table").String(event.table.ToString());
  json.Key("first_row_id").Uint(event.first_row_id).Key("end_row_id").Uint(event.end_row_id);
  json.Key("rows").Uint(event.rows);
}

}  // namespace

std::string_view NameOf(const LakeEvent& event) { return EventKinds()[event.index()].name; }

Event EncodeEvent(const LakeChange& change) {
  JsonWriter json;
  json.BeginObject();
  std::visit([&json](const auto& event) { Write(json, event); }, change.event);
  json.EndObject();
  return {change.id, std::string(NameOf(change.event)), json.Take(), false};
}

}  // namespace duckpond
