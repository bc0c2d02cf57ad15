// SPDX-License-Identifier: MIT
//
// Catalog: a pond's schemas, tables and rows at one version, folded from the log. Immutable: a
// commit makes a new one that shares what did not change, so that a reader keeps its version for as
// long as it holds the pointer.
//
// Threads:   immutable; may be read concurrently.
// Invariant: the schema "main" always exists.
// Cost:      look-ups are logarithmic in the number of names.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "lake/data_file.h"
#include "lake/file_list.h"
#include "lake/schema.h"
#include "lake/shared_list.h"
#include "log/event_log.h"

namespace duckpond {

struct Table {
  std::shared_ptr<const TableDef> def;
  FileList files;
  SharedList<InlineRowsPtr> inline_rows;  // In the order of their first row ids.
  uint64_t next_row_id = 0;
  uint64_t rows = 0;          // Of files and inline rows together.
  uint64_t inline_bytes = 0;  // Of the encoded inline rows.
  Uuid greatest_id;           // Of all files and inline rows that it ever had: one above is new.
};
using TablePtr = std::shared_ptr<const Table>;

struct Schema {
  SchemaDef def;
  std::map<std::string, TablePtr> tables;                       // By FoldName.
  std::map<std::string, std::shared_ptr<const ViewDef>> views;  // By FoldName.
};
using SchemaPtr = std::shared_ptr<const Schema>;

// Where a table or a view is: the keys of the two maps that lead to it.
struct RelationPlace {
  std::string schema;
  std::string name;
};

class Catalog final : public FoldedState {
 public:
  std::map<std::string, SchemaPtr> schemas;    // By FoldName.
  std::map<std::string, std::string> options;  // Pond-wide, such as "inline_bytes".
  uint64_t inline_bytes = 0;                   // Of all tables.
  // Of all tables and views. Shared with older catalogs until one is created or dropped.
  std::shared_ptr<const std::map<Uuid, RelationPlace>> places;

  // The catalog of version 0: the schema "main" and nothing else.
  Catalog();

  // Null if there is none.
  SchemaPtr FindSchema(std::string_view schema) const;
  TablePtr FindTable(std::string_view schema, std::string_view table) const;
  TablePtr FindTable(const Uuid& id) const;
  std::shared_ptr<const ViewDef> FindView(std::string_view schema, std::string_view view) const;

  // The number that an option is set to; `otherwise` if it is not set, or to no number.
  uint64_t NumberOption(std::string_view name, uint64_t otherwise) const;
};
using CatalogPtr = std::shared_ptr<const Catalog>;

// A catalog and the version it is of.
struct CatalogSnapshot {
  Version version = 0;
  int64_t time_us = 0;
  CatalogPtr catalog;
};

}  // namespace duckpond
