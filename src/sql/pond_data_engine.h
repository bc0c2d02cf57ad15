// SPDX-License-Identifier: MIT
//
// The lake's DataEngine, made of DuckDB: reads the keys of data files and writes rows into new
// ones, for commits and flushes.
//
// Threads:   work runs on threads of its own, at most kEngineThreads and kThreadsOfOnePond of them
//            for one pond, so that neither the executor nor a statement's threads wait for it.
// Lifetime:  shared with the pond, which it does not keep alive; DuckDB's instance is looked up for
//            each call, and an engine whose instance is gone answers kUnavailable.
// Errors:    what DuckDB throws becomes a Status.
#pragma once

#include <memory>

#include "lake/data_engine.h"
#include "lake/pond.h"
#include "sql/duckdb_api.h"

namespace duckpond {

std::shared_ptr<DataEngine> MakeDataEngine(duckdb::DatabaseInstance& instance,
                                           const std::shared_ptr<Pond>& pond);

}  // namespace duckpond
