// SPDX-License-Identifier: MIT
//
// The lake's events as structures, and their JSON. What an event makes (a schema, a table, a view,
// a file, inline rows) has the event's own id.
//
// Threads:  functions without state; an EventDecoder is used by one thread at a time.
// Errors:   decoding is kCorrupt, naming the event; kUnsupported for a kind that is not known.
// Format:   docs/formats/events.md; the names and fields are listed in lake/event_kinds.h.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "lake/data_file.h"
#include "lake/file_list.h"
#include "lake/schema.h"
#include "log/event.h"

namespace duckpond {

namespace lake_event {

struct CreateSchema {
  SchemaDef def;
};
struct DropSchema {
  Uuid schema;
  std::string name;
};
struct CreateTable {
  std::shared_ptr<const TableDef> def;
  uint64_t next_row_id = 0;  // In a base, what rows to come start with.
};
struct DropTable {
  Uuid table;
  std::string schema;
  std::string name;
};
struct CreateView {
  std::shared_ptr<const ViewDef> def;
};
struct DropView {
  Uuid view;
  std::string schema;
  std::string name;
};
struct SetComment {
  enum class On : unsigned char { kSchema, kTable, kView, kColumn } on = On::kTable;
  std::string schema;
  std::string name;        // Of the table or view.
  Uuid id;                 // Of what `on` says; of a column, its table's or view's.
  uint32_t column_id = 0;  // Of a table's column.
  std::string column;      // Its name, or the view's column's.
  std::string comment;
};
struct SetOption {
  std::string name;
  std::string value;
};
struct AddFile {
  Uuid table;
  DataFilePtr file;
};
struct AddRows {
  Uuid table;
  InlineRowsPtr rows;
};
// The inline rows whose row ids lie in [first_row_id, end_row_id) are in a file of the same commit.
struct FlushRows {
  Uuid table;
  uint64_t first_row_id = 0;
  uint64_t end_row_id = 0;
  uint64_t rows = 0;  // How many those are: the fold counts them again.
};

}  // namespace lake_event

using LakeEvent =
    std::variant<lake_event::CreateSchema, lake_event::DropSchema, lake_event::CreateTable,
                 lake_event::DropTable, lake_event::CreateView, lake_event::DropView,
                 lake_event::SetComment, lake_event::SetOption, lake_event::AddFile,
                 lake_event::AddRows, lake_event::FlushRows>;

// What a transaction did, and the id that its event gets in every attempt to commit.
struct LakeChange {
  Uuid id;
  LakeEvent event;
};

std::string_view NameOf(const LakeEvent& event);
Event EncodeEvent(const LakeChange& change);

// What the summary of a part in a base says (log/folder.h): one JSON object.
std::string EncodeSummary(const FilesSummary& summary);

class EventDecoder {
 public:
  EventDecoder();
  ~EventDecoder();
  EventDecoder(const EventDecoder&) = delete;
  EventDecoder& operator=(const EventDecoder&) = delete;

  Result<LakeEvent> Decode(const Event& event);
  Result<FilesSummary> DecodeSummary(const std::string& summary);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace duckpond
