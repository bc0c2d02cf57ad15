// SPDX-License-Identifier: MIT
//
// TableDef and ViewDef: what CREATE TABLE and CREATE VIEW said. Expressions are kept as SQL text
// and evaluated by the layer above; columns and nested fields have ids that survive renaming.
//
// Threads:  values; a TableDef in a Catalog is never changed, a new one replaces it.
// Names:    kept as written, found without regard to ASCII case, as in DuckDB.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "lake/column_batch.h"
#include "lake/type.h"

namespace duckpond {

struct Column {
  uint32_t field_id = 0;  // From 1; unique in the table for ever.
  // Ids of the nested fields of `type`, in preorder (docs/formats/types.md); empty for a scalar.
  std::vector<uint32_t> nested_ids;
  std::string name;
  Type type;
  bool not_null = false;
  std::optional<std::string> default_sql;
  std::string comment;
};

struct Constraint {
  enum class Kind : uint8_t { kPrimaryKey, kUnique, kCheck, kForeignKey };
  Kind kind = Kind::kCheck;
  std::vector<uint32_t> field_ids;  // Of keys; the table's own columns of a foreign key.
  std::string check_sql;            // Of kCheck.
  struct Reference {                // Of kForeignKey: declared and kept.
    std::string schema;
    std::string table;
    std::vector<std::string> columns;
  } references;
};

struct TableDef {
  Uuid id;
  std::string schema;
  std::string name;
  std::vector<Column> columns;
  std::vector<Constraint> constraints;
  uint32_t next_field_id = 1;
  std::string comment;
  std::map<std::string, std::string> tags;

  // Null if there is none.
  const Column* FindColumn(std::string_view name) const;
  const Column* FindColumn(uint32_t field_id) const;
  // Indexes into `constraints` of PRIMARY KEY and UNIQUE, the primary key first.
  std::vector<size_t> Keys() const;
  // The types of a key's columns. REQUIRES: `constraint` is one of Keys().
  std::vector<Type> KeyTypes(size_t constraint) const;
  // What ColumnBatch::Decode needs for rows of this table.
  std::vector<ColumnBatch::FieldType> FieldTypes() const;
};

struct ViewDef {
  Uuid id;
  std::string schema;
  std::string name;
  std::string sql;  // CREATE VIEW …, as the layer above writes it.
  std::string comment;
  std::map<std::string, std::string> column_comments;
};

struct SchemaDef {
  Uuid id;
  std::string name;
  std::string comment;
};

// `name` as names are compared: ASCII letters in lower case.
std::string FoldName(std::string_view name);

}  // namespace duckpond
