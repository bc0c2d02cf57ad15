// SPDX-License-Identifier: MIT
#include "lake/def_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/check.h"
#include "lake/key.h"
#include "lake/limits.h"
#include "log/lines.h"

namespace duckpond {
namespace {

bool IsKey(const Constraint& constraint) {
  return constraint.kind == Constraint::Kind::kPrimaryKey ||
         constraint.kind == Constraint::Kind::kUnique;
}

// Field ids are never used again, also not those of dropped columns: files are matched by them.
std::string WrongFieldId(uint32_t id, const TableDef& def, std::set<uint32_t>& seen) {
  if (id == 0 || id >= def.next_field_id || id > kFieldIdMax) {
    return fmt::format("the field id {} is not below the next one, {}", id, def.next_field_id);
  }
  return seen.insert(id).second ? "" : fmt::format("the field id {} is used twice", id);
}

std::string WrongColumns(const TableDef& def) {
  if (def.columns.empty()) return "a table has at least one column";
  if (def.columns.size() > kColumnsMax) {
    return fmt::format("a table has at most {} columns", kColumnsMax);
  }
  std::set<std::string> names;
  std::set<uint32_t> ids;
  for (const Column& column : def.columns) {
    if (std::string wrong = WrongName(column.name); !wrong.empty()) return wrong;
    // Flushed files have a column of this name beside the table's own.
    if (FoldName(column.name) == kRowIdColumn) {
      return fmt::format("the name \"{}\" is reserved", column.name);
    }
    if (!names.insert(FoldName(column.name)).second) {
      return fmt::format("two columns have the name \"{}\"", column.name);
    }
    if (std::string wrong = WrongFieldId(column.field_id, def, ids); !wrong.empty()) return wrong;
    for (const uint32_t id : column.nested_ids) {
      if (std::string wrong = WrongFieldId(id, def, ids); !wrong.empty()) return wrong;
    }
    if (column.nested_ids.size() != NestedFields(column.type)) {
      return fmt::format("column \"{}\" has {} ids for the fields inside of it; its type has {}",
                         column.name, column.nested_ids.size(), NestedFields(column.type));
    }
  }
  return "";
}

std::string WrongKey(const TableDef& def, const Constraint& key) {
  if (key.field_ids.empty()) return "a key has at least one column";
  std::set<uint32_t> seen;
  for (const uint32_t id : key.field_ids) {
    const Column* column = def.FindColumn(id);
    if (column == nullptr) return fmt::format("a key has the unknown column {}", id);
    if (!seen.insert(id).second) {
      return fmt::format("a key has the column \"{}\" twice", column->name);
    }
    if (!HasKeyOrder(column->type)) {
      return fmt::format("column \"{}\" of type {} cannot be part of a key", column->name,
                         column->type.ToString());
    }
  }
  return "";
}

std::string WrongConstraints(const TableDef& def) {
  if (def.constraints.size() > kConstraintsMax) {
    return fmt::format("a table has at most {} constraints", kConstraintsMax);
  }
  size_t primary_keys = 0;
  for (const Constraint& constraint : def.constraints) {
    if (constraint.kind == Constraint::Kind::kPrimaryKey && ++primary_keys > 1) {
      return "a table has at most one primary key";
    }
    if (IsKey(constraint)) {
      if (std::string wrong = WrongKey(def, constraint); !wrong.empty()) return wrong;
    }
  }
  return "";
}

bool Ordered(const std::string& min, const std::string& max) { return min <= max; }

}  // namespace

size_t NestedFields(const Type& type) {
  size_t fields = 0;
  for (const Type& child : type.children) fields += 1 + NestedFields(child);
  return fields;
}

void NumberFields(TableDef& def) {
  // All columns first, then what is inside of them: a table's own columns are numbered 1, 2, 3.
  CHECK(def.next_field_id >= 1);  // 0 stands for a field without an id.
  for (Column& column : def.columns) {
    if (column.field_id == 0) column.field_id = def.next_field_id++;
  }
  for (Column& column : def.columns) {
    if (!column.nested_ids.empty()) continue;
    for (size_t i = NestedFields(column.type); i > 0; --i) {
      column.nested_ids.push_back(def.next_field_id++);
    }
  }
}

std::string WrongName(std::string_view name) {
  if (name.empty()) return "a name is empty";
  if (name.size() > kNameBytesMax) {
    return fmt::format("a name has {} bytes; at most {} are kept", name.size(), kNameBytesMax);
  }
  return IsUtf8(name) ? "" : "a name is not UTF-8";
}

std::string WrongTable(const TableDef& def) {
  if (std::string wrong = WrongName(def.name); !wrong.empty()) return wrong;
  if (std::string wrong = WrongColumns(def); !wrong.empty()) return wrong;
  return WrongConstraints(def);
}

std::string WrongView(const ViewDef& def) {
  if (std::string wrong = WrongName(def.name); !wrong.empty()) return wrong;
  if (def.sql.empty() || def.sql.size() > kSqlBytesMax) {
    return fmt::format("a view's SQL has 1 to {} bytes", kSqlBytesMax);
  }
  return "";
}

std::string WrongFile(const TableDef& def, const DataFile& file) {
  if (file.path.empty() || file.path.size() > kPathBytesMax || !IsUtf8(file.path)) {
    return "a file's path is missing or too long";
  }
  if (file.format.empty()) return "a file has no format";
  if (file.bytes > kFileBytesMax) return "a file has an impossible size";
  if (file.rows == 0 || file.rows > kRowsMax) return "a file has an impossible number of rows";
  if (file.footer_bytes > file.bytes || file.checksum_bytes > file.bytes - file.footer_bytes) {
    return "a file's footer is larger than the file";
  }
  if (file.footer.size() > kFooterBytesMax) return "a file's footer is too large for the log";
  if (!file.footer.empty() && file.footer.size() != file.TailBytes()) {
    return "a file's footer has another size than it says";
  }
  // Bounds in the wrong order would leave the file out of answers that it belongs to.
  for (const ColumnStatistics& column : file.statistics) {
    if (column.nulls > file.rows) return "a column of a file has more NULLs than rows";
    if (column.min && column.max && !Ordered(*column.min, *column.max)) {
      return "a column of a file has its bounds in the wrong order";
    }
  }
  for (const KeySummary& key : file.keys) {
    if (key.constraint >= def.constraints.size() || !IsKey(def.constraints[key.constraint])) {
      return "a file has an unknown key";
    }
    if (!Ordered(key.min, key.max)) return "a key of a file has its bounds in the wrong order";
    const HashList& list = key.hash_list;
    if (list.count > file.rows || list.count > file.bytes || list.offset > file.bytes ||
        HashListBytes(list.count) > file.bytes - list.offset) {
      return "a hash list lies outside of its file";
    }
  }
  for (const RowGroup& group : file.row_groups) {
    if (group.offset > file.bytes || group.bytes > file.bytes - group.offset) {
      return "a row group lies outside of its file";
    }
    if (!Ordered(group.key_min, group.key_max)) {
      return "a row group has its key bounds in the wrong order";
    }
  }
  return "";
}

std::string WrongRows(const InlineRows& rows) {
  if (rows.rows == 0 || rows.rows > kBatchRowsMax) {
    return fmt::format("inline rows are 1 to {}", kBatchRowsMax);
  }
  return rows.encoded.empty() ? "inline rows have no content" : "";
}

}  // namespace duckpond
