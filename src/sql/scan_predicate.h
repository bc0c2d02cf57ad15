// SPDX-License-Identifier: MIT
//
// From DuckDB's filters to the lake's Predicate, for leaving out files and row groups. What has no
// such form becomes kTrue: pruning may keep too much, never too little.
//
// Threads:  free functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lake/predicate.h"
#include "sql/duckdb_api.h"

namespace duckpond {

// `value` in key encoding; none for NULL and for types without key order.
std::optional<std::string> KeyOf(const duckdb::Value& value, const Type& type);

// `expression` over the columns of `def`, referred to by their place (BoundReferenceExpression).
// Parameters and other scalars are evaluated now.
Predicate ToPredicate(duckdb::ClientContext& client, const duckdb::Expression& expression,
                      const TableDef& def);

// A filter that was pushed into the scan of `column`; as it is now, if it Changes.
Predicate ToPredicate(const duckdb::TableFilter& filter, const Column& column);

// Whether the filter gets narrower while the query runs, as that of ORDER BY … LIMIT does.
bool Changes(const duckdb::TableFilter& filter);

}  // namespace duckpond
