// SPDX-License-Identifier: MIT
//
// engine_pond: where the engine meets the extension: loading it, attaching the pond, and asking
// what a statement has cost.
//
// Errors:  DuckDB exceptions.
#pragma once

#include "base/cost.h"
#include "sql/duckdb_api.h"
#include "sql/engine.h"

namespace duckpond {

// Attaches options.url as kPondCatalog and makes it the default catalog of every connection, so
// that no connection needs a USE, which would ask the store whether the schema is there.
void AttachPond(duckdb::DuckDB& database, const EngineOptions& options);

// What the statement that runs, or ran last, on the connection has cost so far.
Cost StatementCost(duckdb::ClientContext& context);

}  // namespace duckpond
