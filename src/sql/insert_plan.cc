// SPDX-License-Identifier: MIT
//
// How PondCatalog plans INSERT and CREATE TABLE AS: rows are sorted by the table's first key, so
// that files and row groups cover narrow ranges of it, and duplicates lie side by side.
#include "sql/entries.h"
#include "sql/errors.h"
#include "sql/insert.h"
#include "sql/key_order.h"
#include "sql/pond_catalog.h"
#include "sql/table_info.h"

namespace duckpond {
namespace {

duckdb::PhysicalOperator& SortByKey(duckdb::ClientContext& client,
                                    duckdb::PhysicalPlanGenerator& planner, const TableDef& def,
                                    duckdb::PhysicalOperator& rows) {
  if (def.Keys().empty()) return rows;
  auto orders = KeyOrders(client, def, rows.types);
  duckdb::vector<duckdb::idx_t> all;
  for (duckdb::idx_t i = 0; i < rows.types.size(); ++i) all.push_back(i);
  auto& sorted = planner.Make<duckdb::PhysicalOrder>(rows.types, std::move(orders), std::move(all),
                                                     rows.estimated_cardinality);
  sorted.children.push_back(rows);
  return sorted;
}

}  // namespace

duckdb::PhysicalOperator& PondCatalog::PlanInsert(
    duckdb::ClientContext& client, duckdb::PhysicalPlanGenerator& planner,
    duckdb::LogicalInsert& op, duckdb::optional_ptr<duckdb::PhysicalOperator> plan) {
  if (op.on_conflict_info.action_type != duckdb::OnConflictAction::THROW) {
    ThrowNotSupported("ON CONFLICT into \"" + op.table.name + "\"");
  }
  duckdb::reference<duckdb::PhysicalOperator> rows = *plan;
  if (!op.column_index_map.empty()) rows = planner.ResolveDefaultsProjection(op, rows.get());
  const auto def = op.table.Cast<PondTableEntry>().def();
  if (!op.return_chunk) rows = SortByKey(client, planner, *def, rows.get());
  PondInsert::Target target{*this, def, nullptr, std::move(op.bound_constraints), op.return_chunk};
  auto& insert = planner.Make<PondInsert>(op.types, std::move(target));
  insert.children.push_back(rows.get());
  return insert;
}

duckdb::PhysicalOperator& PondCatalog::PlanCreateTableAs(duckdb::ClientContext& client,
                                                         duckdb::PhysicalPlanGenerator& planner,
                                                         duckdb::LogicalCreateTable& op,
                                                         duckdb::PhysicalOperator& plan) {
  // DuckDB does not ask SupportsCreateTable on this way.
  const auto refused = SupportsCreateTable(*op.info);
  if (refused.HasError()) refused.Throw();
  const TableDef def = ValueOrThrow(ToTableDef(op.info->Base(), op.schema.name));
  auto& rows = SortByKey(client, planner, def, plan);
  PondInsert::Target target{*this, nullptr, std::move(op.info), {}, false};
  auto& insert = planner.Make<PondInsert>(op.types, std::move(target));
  insert.children.push_back(rows);
  return insert;
}

}  // namespace duckpond
