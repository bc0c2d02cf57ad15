// SPDX-License-Identifier: MIT
#include "sql/row_checks.h"

#include "duckdb/planner/constraints/bound_check_constraint.hpp"
#include "duckdb/planner/constraints/bound_not_null_constraint.hpp"

namespace duckpond {

RowChecks::RowChecks(duckdb::ClientContext& client, const TableDef& def,
                     const duckdb::vector<duckdb::unique_ptr<duckdb::BoundConstraint>>& constraints)
    : def_(def) {
  for (size_t i = 0; i < def.columns.size(); ++i) {
    if (def.columns[i].not_null) not_null_.push_back(i);
  }
  std::vector<std::string> texts;
  for (const Constraint& constraint : def.constraints) {
    if (constraint.kind == Constraint::Kind::kCheck) texts.push_back(constraint.check_sql);
  }
  // Bound in the order in which they are defined.
  for (const auto& constraint : constraints) {
    if (constraint->type != duckdb::ConstraintType::CHECK) continue;
    const auto& check = constraint->Cast<duckdb::BoundCheckConstraint>();
    const size_t place = rules_.size();
    rules_.push_back({duckdb::make_uniq<duckdb::ExpressionExecutor>(client, *check.expression),
                      place < texts.size() ? texts[place] : check.expression->ToString()});
  }
}

void RowChecks::Check(duckdb::DataChunk& chunk) {
  for (const size_t place : not_null_) {
    if (!duckdb::VectorOperations::HasNull(chunk.data[place], chunk.size())) continue;
    throw duckdb::ConstraintException("NOT NULL constraint failed: %s.%s", def_.name,
                                      def_.columns[place].name);
  }
  for (Rule& rule : rules_) {
    duckdb::Vector result(duckdb::LogicalType::INTEGER);
    rule.executor->ExecuteExpression(chunk, result);
    duckdb::UnifiedVectorFormat format;
    result.ToUnifiedFormat(chunk.size(), format);
    const auto* values = duckdb::UnifiedVectorFormat::GetData<int32_t>(format);
    for (duckdb::idx_t i = 0; i < chunk.size(); ++i) {
      const auto place = format.sel->get_index(i);
      if (!format.validity.RowIsValid(place) || values[place] != 0) continue;
      throw duckdb::ConstraintException(
          "CHECK constraint failed on table %s with expression CHECK(%s)", def_.name, rule.text);
    }
  }
}

}  // namespace duckpond
