// SPDX-License-Identifier: MIT
#include "sql/row_filter.h"

#include "duckdb/planner/filter/conjunction_filter.hpp"

namespace duckpond {

using duckdb::TableFilterType;

struct RowFilter::Rule {
  Rule(duckdb::ClientContext& client, ScanColumns::Output output,
       duckdb::unique_ptr<duckdb::Expression> of_column)
      : column(output), expression(std::move(of_column)), executor(client, *expression) {}

  ScanColumns::Output column;
  duckdb::unique_ptr<duckdb::Expression> expression;
  duckdb::ExpressionExecutor executor;
};

RowFilter::RowFilter(duckdb::ClientContext& client, const ScanColumns& columns)
    : columns_(columns) {
  for (const ScanColumns::OwnFilter& own : columns.own_filters()) Add(client, own, *own.filter);
}

RowFilter::~RowFilter() = default;

void RowFilter::Add(duckdb::ClientContext& client, const ScanColumns::OwnFilter& own,
                    const duckdb::TableFilter& filter) {
  switch (filter.filter_type) {
    case TableFilterType::CONJUNCTION_AND:
      for (const auto& child : filter.Cast<duckdb::ConjunctionAndFilter>().child_filters) {
        Add(client, own, *child);
      }
      return;
    case TableFilterType::OPTIONAL_FILTER:
    case TableFilterType::DYNAMIC_FILTER:
    case TableFilterType::BLOOM_FILTER:
      // Whoever made it looks at each row again.
      return;
    default:
      break;
  }
  const duckdb::BoundReferenceExpression column(own.type, duckdb::idx_t{0});
  rules_.push_back(std::make_unique<Rule>(client, own.column, filter.ToExpression(column)));
}

void RowFilter::Apply(duckdb::DataChunk& rows, const ScanColumns::Origin& origin) {
  for (const auto& rule : rules_) {
    const duckdb::idx_t count = rows.size();
    if (count == 0) return;
    duckdb::DataChunk column;
    column.InitializeEmpty({columns_.TypeOf(rule->column)});
    column.SetCardinality(count);
    columns_.Fill(rule->column, rows, origin, column.data[0]);
    duckdb::SelectionVector passing(STANDARD_VECTOR_SIZE);
    const duckdb::idx_t left = rule->executor.SelectExpression(column, passing);
    if (left == count) continue;
    if (rows.ColumnCount() == 0) {
      rows.SetCardinality(left);
    } else {
      rows.Slice(passing, left);
    }
  }
}

}  // namespace duckpond
