// SPDX-License-Identifier: MIT
#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"
#include "base/json_writer.h"
#include "base/little_endian.h"
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

// A list of structures as a structure of lists: names are written once, and lists of what is the
// same for all, as `is_default` says, not at all.
template <class T, class IsDefault, class Write>
void WriteMember(JsonWriter& json, std::string_view key, const std::vector<T>& items,
                 IsDefault is_default, Write write) {
  if (std::ranges::all_of(items, is_default)) return;
  json.Key(key).BeginArray();
  for (const T& item : items) write(item);
  json.EndArray();
}

void WriteOptionalBytes(JsonWriter& json, const std::optional<std::string>& bytes) {
  bytes ? json.String(Base64Encode(*bytes)) : json.Null();
}

void WriteStatistics(JsonWriter& json, const std::vector<ColumnStatistics>& columns) {
  using Column = ColumnStatistics;
  if (columns.empty()) return;
  json.Key("statistics").BeginObject();
  WriteMember(
      json, "id", columns, [](const Column&) { return false; },
      [&](const Column& column) { json.Uint(column.field_id); });
  WriteMember(
      json, "nulls", columns, [](const Column& column) { return column.nulls == 0; },
      [&](const Column& column) { json.Uint(column.nulls); });
  WriteMember(
      json, "min", columns, [](const Column& column) { return !column.min; },
      [&](const Column& column) { WriteOptionalBytes(json, column.min); });
  WriteMember(
      json, "max", columns, [](const Column& column) { return !column.max; },
      [&](const Column& column) { WriteOptionalBytes(json, column.max); });
  WriteMember(
      json, "exact", columns, [](const Column& column) { return !column.exact; },
      [&](const Column& column) { json.Bool(column.exact); });
  json.EndObject();
}

void WriteKey(JsonWriter& json, const KeySummary& key) {
  json.BeginObject().Key("constraint").Uint(key.constraint);
  WriteBytes(json, "min", key.min);
  WriteBytes(json, "max", key.max);
  if (!key.hashes.empty()) {
    DCHECK(std::ranges::is_sorted(key.hashes));  // Readers refuse others: they search in them.
    std::string hashes;
    for (const uint64_t hash : key.hashes) AppendLittleEndian(hashes, hash);
    WriteBytes(json, "hashes", hashes);
  }
  if (key.hash_list.count > 0) {
    json.Key("hash_offset").Uint(key.hash_list.offset);
    json.Key("hash_count").Uint(key.hash_list.count);
  }
  json.EndObject();
}

void WriteRowGroups(JsonWriter& json, const std::vector<RowGroup>& groups) {
  if (groups.empty()) return;
  const auto never = [](const RowGroup&) { return false; };
  const auto no_key = [](const RowGroup& group) { return group.key_max.empty(); };
  json.Key("row_groups").BeginObject();
  WriteMember(json, "offset", groups, never,
              [&](const RowGroup& group) { json.Uint(group.offset); });
  WriteMember(json, "bytes", groups, never, [&](const RowGroup& group) { json.Uint(group.bytes); });
  WriteMember(json, "rows", groups, never, [&](const RowGroup& group) { json.Uint(group.rows); });
  WriteMember(json, "key_min", groups, no_key,
              [&](const RowGroup& group) { json.String(Base64Encode(group.key_min)); });
  WriteMember(json, "key_max", groups, no_key,
              [&](const RowGroup& group) { json.String(Base64Encode(group.key_max)); });
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
  if (file.format != kDefaultFormat) json.Key("format").String(file.format);
  json.Key("bytes").Uint(file.bytes).Key("footer_bytes").Uint(file.footer_bytes);
  if (file.checksum) {
    json.Key("checksum_bytes").Uint(file.checksum_bytes);
    std::string checksum;
    AppendLittleEndian(checksum, *file.checksum);
    WriteBytes(json, "checksum", checksum);
  }
  json.Key("rows").Uint(file.rows);
  json.Key("first_row_id").Uint(file.first_row_id);
  if (file.row_id_column) json.Key("row_ids").String(kRowIdsInColumn);
  WriteStatistics(json, file.statistics);
  WriteList(json, "keys", file.keys, WriteKey);
  WriteRowGroups(json, file.row_groups);
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

std::string_view NameOf(const LakeEvent& event) {
  CHECK(EventKinds().size() == std::variant_size_v<LakeEvent>);
  return EventKinds()[event.index()].name;
}

Event EncodeEvent(const LakeChange& change) {
  JsonWriter json;
  json.BeginObject();
  std::visit([&json](const auto& event) { Write(json, event); }, change.event);
  json.EndObject();
  return {change.id, std::string(NameOf(change.event)), json.Take(), false};
}

std::string EncodeSummary(const FilesSummary& summary) {
  const DataFile& all = summary.all;
  JsonWriter json;
  json.BeginObject().Key("table").String(summary.table.ToString());
  json.Key("files").Uint(summary.files).Key("row_groups").Uint(summary.row_groups);
  json.Key("bytes").Uint(all.bytes).Key("rows").Uint(all.rows);
  json.Key("first_row_id").Uint(all.first_row_id).Key("next_row_id").Uint(summary.next_row_id);
  if (all.row_id_column) json.Key("row_ids").String(kRowIdsInColumn);
  json.Key("greatest_id").String(summary.greatest_id.ToString());
  WriteStatistics(json, all.statistics);
  WriteList(json, "keys", all.keys, WriteKey);
  json.EndObject();
  return json.Take();
}

}  // namespace duckpond
