// SPDX-License-Identifier: MIT
#include "sql/key_order.h"

#include "duckdb/common/sorting/sort.hpp"
#include "duckdb/parallel/thread_context.hpp"
#include "duckdb/planner/expression_binder.hpp"

namespace duckpond {
namespace {

// Values of these types that are equal may have different bytes, and DuckDB sorts bytes: its ORDER
// BY sorts what a function makes of them. Texts are compared as they are, whatever the collation
// that a connection has chosen for its own queries.
bool IsNormalized(const duckdb::LogicalType& type) {
  return type.id() == duckdb::LogicalTypeId::TIME_TZ ||
         type.id() == duckdb::LogicalTypeId::INTERVAL;
}

void ThrowIfInterrupted(duckdb::ClientContext& client) {
  if (client.interrupted) throw duckdb::InterruptException();
}

}  // namespace

duckdb::vector<duckdb::BoundOrderByNode> KeyOrders(
    duckdb::ClientContext& client, const TableDef& def,
    const duckdb::vector<duckdb::LogicalType>& types) {
  duckdb::vector<duckdb::BoundOrderByNode> orders;
  for (const uint32_t field_id : def.constraints[def.Keys()[0]].field_ids) {
    for (size_t i = 0; i < def.columns.size(); ++i) {
      if (def.columns[i].field_id != field_id) continue;
      duckdb::unique_ptr<duckdb::Expression> value =
          duckdb::make_uniq<duckdb::BoundReferenceExpression>(types[i], i);
      if (IsNormalized(types[i])) {
        duckdb::ExpressionBinder::PushCollation(client, value, types[i]);
      }
      orders.emplace_back(duckdb::OrderType::ASCENDING, duckdb::OrderByNullType::NULLS_LAST,
                          std::move(value));
    }
  }
  return orders;
}

duckdb::unique_ptr<duckdb::ColumnDataCollection> SortedByKey(duckdb::ClientContext& client,
                                                             const TableDef& def,
                                                             duckdb::ColumnDataCollection& rows) {
  const auto& types = rows.Types();
  duckdb::vector<duckdb::idx_t> all;
  for (duckdb::idx_t i = 0; i < types.size(); ++i) all.push_back(i);
  duckdb::Sort sort(client, KeyOrders(client, def, types), types, std::move(all));
  duckdb::ThreadContext thread(client);
  duckdb::ExecutionContext context(client, thread, nullptr);
  duckdb::InterruptState interrupt;

  const auto sorted = sort.GetGlobalSinkState(client);
  const auto sorting = sort.GetLocalSinkState(context);
  for (auto& chunk : rows.Chunks()) {
    ThrowIfInterrupted(client);
    duckdb::OperatorSinkInput input{*sorted, *sorting, interrupt};
    sort.Sink(context, chunk, input);
  }
  duckdb::OperatorSinkCombineInput combine{*sorted, *sorting, interrupt};
  sort.Combine(context, combine);
  duckdb::OperatorSinkFinalizeInput finalize{*sorted, interrupt};
  sort.Finalize(client, finalize);

  const auto merged = sort.GetGlobalSourceState(client, *sorted);
  const auto merging = sort.GetLocalSourceState(context, *merged);
  auto result = duckdb::make_uniq<duckdb::ColumnDataCollection>(client, types);
  duckdb::DataChunk chunk;
  chunk.Initialize(duckdb::Allocator::Get(client), types);
  for (;;) {
    ThrowIfInterrupted(client);
    chunk.Reset();
    duckdb::OperatorSourceInput input{*merged, *merging, interrupt};
    sort.GetData(context, chunk, input);
    if (chunk.size() == 0) break;
    result->Append(chunk);
  }
  return result;
}

}  // namespace duckpond
