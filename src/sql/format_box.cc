// SPDX-License-Identifier: MIT
#include "sql/duckdb_api.h"
// The line above comes first: it is the precompiled header.
#include "duckdb/common/box_renderer.hpp"
#include "sql/engine_state.h"
#include "sql/errors.h"
#include "sql/format_box.h"
#include "utf8proc_wrapper.hpp"

namespace duckpond {

Result<std::string> RenderBox(QueryResult& result, BoxOptions options) {
  duckdb::ClientContext& context = *result.state().session->connection.context;
  duckdb::ColumnDataCollection rows(context, result.state().rows->types);
  const duckdb::vector<std::string> names = result.state().rows->names;
  while (true) {
    ASSIGN_OR_RETURN(const ResultChunk* chunk, result.Next());
    if (!chunk) break;
    RETURN_IF_ERROR(
        CatchToStatus([&] { rows.Append(static_cast<const DuckdbChunk*>(chunk)->data()); }));
  }
  std::string text;
  // A plan is a drawing already.
  const bool is_plan = names == duckdb::vector<std::string>{"explain_key", "explain_value"};
  RETURN_IF_ERROR(CatchToStatus([&] {
    if (is_plan) {
      for (const auto& row : rows.Rows()) text += row.GetValue(1).ToString() + "\n";
      return;
    }
    duckdb::BoxRendererConfig config;
    constexpr size_t kWhole = 1 << 20;
    config.max_width = options.width_max > 0 ? options.width_max : kWhole;
    config.max_rows = options.rows_max;
    config.large_number_rendering = duckdb::LargeNumberRendering::FOOTER;
    text = duckdb::BoxRenderer(config).ToString(context, names, rows);
  }));
  return text;
}

size_t DisplayWidth(const std::string& text) { return duckdb::Utf8Proc::RenderWidth(text); }

}  // namespace duckpond
