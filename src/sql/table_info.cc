// SPDX-License-Identifier: MIT
#include "sql/table_info.h"

#include "duckdb/parser/statement/create_statement.hpp"
#include "sql/errors.h"
#include "sql/types.h"

namespace duckpond {
namespace {

using duckdb::ConstraintType;

Result<Column> ToColumn(const duckdb::ColumnDefinition& definition) {
  if (definition.Generated()) {
    return Status::Unsupported("generated column \"" + definition.Name() +
                               "\" is not supported by duckpond yet");
  }
  if (definition.CompressionType() != duckdb::CompressionType::COMPRESSION_AUTO) {
    return Status::Unsupported("USING COMPRESSION of column \"" + definition.Name() +
                               "\" is not supported by duckpond yet");
  }
  Column column;
  column.name = definition.Name();
  auto type = FromDuckDb(definition.Type());
  if (!type.ok()) return type.error().Prefixed("column \"" + column.name + "\"");
  column.type = *std::move(type);
  if (definition.HasDefaultValue()) column.default_sql = definition.DefaultValue().ToString();
  if (!definition.Comment().IsNull()) column.comment = definition.Comment().ToString();
  return column;
}

// Columns are named by position until the lake numbers their fields: ids are given here already, so
// that constraints can refer to them.
void NumberColumns(TableDef& def) {
  uint32_t next = 1;
  for (Column& column : def.columns) column.field_id = next++;
  def.next_field_id = next;
}

Result<uint32_t> FieldOf(const TableDef& def, const std::string& name) {
  const Column* column = def.FindColumn(name);
  if (!column)
    return Status::Invalid("there is no column \"" + name + "\" in \"" + def.name + "\"");
  return column->field_id;
}

Result<Constraint> ToKey(const duckdb::UniqueConstraint& unique, const TableDef& def) {
  Constraint constraint;
  constraint.kind =
      unique.IsPrimaryKey() ? Constraint::Kind::kPrimaryKey : Constraint::Kind::kUnique;
  if (unique.HasIndex()) {
    constraint.field_ids.push_back(def.columns[unique.GetIndex().index].field_id);
    return constraint;
  }
  for (const auto& name : unique.GetColumnNames()) {
    ASSIGN_OR_RETURN(const uint32_t field_id, FieldOf(def, name));
    constraint.field_ids.push_back(field_id);
  }
  return constraint;
}

Result<Constraint> ToForeignKey(const duckdb::ForeignKeyConstraint& foreign, const TableDef& def) {
  Constraint constraint;
  constraint.kind = Constraint::Kind::kForeignKey;
  for (const auto& name : foreign.fk_columns) {
    ASSIGN_OR_RETURN(const uint32_t field_id, FieldOf(def, name));
    constraint.field_ids.push_back(field_id);
  }
  constraint.references.schema = foreign.info.schema.empty() ? def.schema : foreign.info.schema;
  constraint.references.table = foreign.info.table;
  constraint.references.columns.assign(foreign.pk_columns.begin(), foreign.pk_columns.end());
  return constraint;
}

Status AddConstraint(const duckdb::Constraint& constraint, TableDef& def) {
  switch (constraint.type) {
    case ConstraintType::NOT_NULL: {
      const auto& not_null = constraint.Cast<duckdb::NotNullConstraint>();
      def.columns[not_null.index.index].not_null = true;
      return Status::Ok();
    }
    case ConstraintType::CHECK: {
      Constraint check;
      check.kind = Constraint::Kind::kCheck;
      check.check_sql = constraint.Cast<duckdb::CheckConstraint>().expression->ToString();
      def.constraints.push_back(std::move(check));
      return Status::Ok();
    }
    case ConstraintType::UNIQUE: {
      ASSIGN_OR_RETURN(Constraint key, ToKey(constraint.Cast<duckdb::UniqueConstraint>(), def));
      def.constraints.push_back(std::move(key));
      return Status::Ok();
    }
    case ConstraintType::FOREIGN_KEY: {
      const auto& foreign = constraint.Cast<duckdb::ForeignKeyConstraint>();
      // The other side of the constraint, which DuckDB adds to the referenced table.
      if (foreign.info.type == duckdb::ForeignKeyType::FK_TYPE_PRIMARY_KEY_TABLE) {
        return Status::Ok();
      }
      ASSIGN_OR_RETURN(Constraint key, ToForeignKey(foreign, def));
      def.constraints.push_back(std::move(key));
      return Status::Ok();
    }
    default:
      return Status::Unsupported("a constraint of this kind is not supported by duckpond yet");
  }
}

// NOT NULL for the columns of the primary key, and uuidv7() for a lone UUID without a default.
void CompletePrimaryKey(TableDef& def) {
  const auto keys = def.Keys();
  if (keys.empty() || def.constraints[keys[0]].kind != Constraint::Kind::kPrimaryKey) return;
  const std::vector<uint32_t>& fields = def.constraints[keys[0]].field_ids;
  for (Column& column : def.columns) {
    if (std::find(fields.begin(), fields.end(), column.field_id) == fields.end()) continue;
    column.not_null = true;
    if (fields.size() == 1 && column.type.id == TypeId::kUuid && !column.default_sql) {
      column.default_sql = "uuidv7()";
    }
  }
}

duckdb::unique_ptr<duckdb::ParsedExpression> ParseExpression(const std::string& sql) {
  auto expressions = duckdb::Parser::ParseExpressionList(sql);
  if (expressions.size() != 1) throw duckdb::ParserException("not one expression: " + sql);
  return std::move(expressions[0]);
}

duckdb::vector<std::string> NamesOf(const TableDef& def, const std::vector<uint32_t>& field_ids) {
  duckdb::vector<std::string> names;
  for (const uint32_t field_id : field_ids) names.push_back(def.FindColumn(field_id)->name);
  return names;
}

duckdb::PhysicalIndex PlaceOf(const TableDef& def, uint32_t field_id) {
  for (size_t i = 0; i < def.columns.size(); ++i) {
    if (def.columns[i].field_id == field_id) return duckdb::PhysicalIndex(i);
  }
  return duckdb::PhysicalIndex(duckdb::DConstants::INVALID_INDEX);
}

duckdb::ForeignKeyInfo ForeignKeyInfoOf(const TableDef& def, const Constraint& constraint) {
  duckdb::ForeignKeyInfo info;
  info.schema = constraint.references.schema;
  info.table = constraint.references.table;
  const bool to_itself =
      FoldName(info.schema) == FoldName(def.schema) && FoldName(info.table) == FoldName(def.name);
  info.type = to_itself ? duckdb::ForeignKeyType::FK_TYPE_SELF_REFERENCE_TABLE
                        : duckdb::ForeignKeyType::FK_TYPE_FOREIGN_KEY_TABLE;
  for (const uint32_t field_id : constraint.field_ids) {
    info.fk_keys.push_back(PlaceOf(def, field_id));
  }
  // Places in another table are not known here, and nobody asks for more than their number.
  for (size_t i = 0; i < constraint.references.columns.size(); ++i) {
    const Column* column = to_itself ? def.FindColumn(constraint.references.columns[i]) : nullptr;
    info.pk_keys.push_back(column ? PlaceOf(def, column->field_id) : duckdb::PhysicalIndex(i));
  }
  return info;
}

duckdb::unique_ptr<duckdb::Constraint> ToDuckDb(const TableDef& def, const Constraint& constraint) {
  switch (constraint.kind) {
    case Constraint::Kind::kCheck:
      return duckdb::make_uniq<duckdb::CheckConstraint>(ParseExpression(constraint.check_sql));
    case Constraint::Kind::kForeignKey: {
      const auto& columns = constraint.references.columns;
      duckdb::ForeignKeyInfo info = ForeignKeyInfoOf(def, constraint);
      return duckdb::make_uniq<duckdb::ForeignKeyConstraint>(
          duckdb::vector<std::string>(columns.begin(), columns.end()),
          NamesOf(def, constraint.field_ids), std::move(info));
    }
    default:
      return duckdb::make_uniq<duckdb::UniqueConstraint>(
          NamesOf(def, constraint.field_ids), constraint.kind == Constraint::Kind::kPrimaryKey);
  }
}

void FillCreateInfo(const TableDef& def, duckdb::CreateTableInfo& info) {
  info.schema = def.schema;
  info.table = def.name;
  for (size_t i = 0; i < def.columns.size(); ++i) {
    const Column& column = def.columns[i];
    duckdb::ColumnDefinition definition(column.name, duckpond::ToDuckDb(column.type));
    if (column.default_sql) definition.SetDefaultValue(ParseExpression(*column.default_sql));
    if (!column.comment.empty()) definition.SetComment(duckdb::Value(column.comment));
    info.columns.AddColumn(std::move(definition));
    if (column.not_null) {
      info.constraints.push_back(
          duckdb::make_uniq<duckdb::NotNullConstraint>(duckdb::LogicalIndex(i)));
    }
  }
  for (const Constraint& constraint : def.constraints) {
    info.constraints.push_back(ToDuckDb(def, constraint));
  }
  if (!def.comment.empty()) info.comment = duckdb::Value(def.comment);
  for (const auto& [key, value] : def.tags) info.tags[key] = value;
}

}  // namespace

Result<TableDef> ToTableDef(const duckdb::CreateTableInfo& info, const std::string& schema) {
  TableDef def;
  def.schema = schema;
  def.name = info.table;
  for (const auto& definition : info.columns.Logical()) {
    ASSIGN_OR_RETURN(Column column, ToColumn(definition));
    def.columns.push_back(std::move(column));
  }
  NumberColumns(def);
  for (const auto& constraint : info.constraints) {
    RETURN_IF_ERROR(AddConstraint(*constraint, def));
  }
  CompletePrimaryKey(def);
  if (!info.comment.IsNull()) def.comment = info.comment.ToString();
  for (const auto& [key, value] : info.tags) def.tags[key] = value;
  return def;
}

Result<duckdb::unique_ptr<duckdb::CreateTableInfo>> ToCreateInfo(const TableDef& def) {
  auto info = duckdb::make_uniq<duckdb::CreateTableInfo>();
  const Status status = CatchToStatus([&] { FillCreateInfo(def, *info); });
  if (!status.ok()) {
    return Status::Invalid("the definition of table \"" + def.name +
                           "\" cannot be read: " + status.message());
  }
  return info;
}

Result<ViewDef> ToViewDef(const duckdb::CreateViewInfo& info, const std::string& schema) {
  ViewDef def;
  def.schema = schema;
  def.name = info.view_name;
  auto copy = info.Copy();
  auto& view = copy->Cast<duckdb::CreateViewInfo>();
  // The name that a pond is attached under, and its schemas' names, are not the view's business.
  view.catalog.clear();
  view.schema.clear();
  view.temporary = false;
  view.on_conflict = duckdb::OnCreateConflict::ERROR_ON_CONFLICT;
  view.comment = duckdb::Value();
  view.column_comments_map.clear();
  def.sql = view.ToString();
  if (!info.comment.IsNull()) def.comment = info.comment.ToString();
  for (const auto& [name, comment] : info.column_comments_map) {
    if (!comment.IsNull()) def.column_comments[name] = comment.ToString();
  }
  return def;
}

Result<duckdb::unique_ptr<duckdb::CreateViewInfo>> ToCreateInfo(const ViewDef& def) {
  duckdb::unique_ptr<duckdb::CreateViewInfo> info;
  const Status status = CatchToStatus([&] {
    duckdb::Parser parser;
    parser.ParseQuery(def.sql);
    if (parser.statements.size() != 1 ||
        parser.statements[0]->type != duckdb::StatementType::CREATE_STATEMENT) {
      throw duckdb::ParserException("not one CREATE VIEW");
    }
    auto& create = parser.statements[0]->Cast<duckdb::CreateStatement>();
    info =
        duckdb::unique_ptr_cast<duckdb::CreateInfo, duckdb::CreateViewInfo>(std::move(create.info));
  });
  if (!status.ok()) {
    return Status::Invalid("the definition of view \"" + def.name +
                           "\" cannot be read: " + status.message());
  }
  info->schema = def.schema;
  info->view_name = def.name;
  if (!def.comment.empty()) info->comment = duckdb::Value(def.comment);
  for (const auto& [name, comment] : def.column_comments) {
    info->column_comments_map[name] = duckdb::Value(comment);
  }
  return info;
}

}  // namespace duckpond
