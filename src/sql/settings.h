// SPDX-License-Identifier: MIT
//
// The settings that duckpond adds to DuckDB:
//
//   duckpond_consistency    'latest', 'bounded' or 'cached'; '': as the pond was attached
//   duckpond_freshness      the age in seconds that belongs to it; '': none is said
//   duckpond_cache_memory   what stores that are far away may keep in memory: '32MB'
//   duckpond_cache_dir      and where on disk; '': nowhere. First $DUCKPOND_CACHE_DIR
//   duckpond_cache_disk     and how much there: '1GB'
//
// The first two may differ between connections; the others are of the whole instance, and read by
// ATTACH.
//
// Threads:  any.
// Errors:   DuckDB exceptions, of SET.
#pragma once

#include <optional>

#include "log/freshness.h"
#include "sql/duckdb_api.h"
#include "store/process_caches.h"

namespace duckpond {

void RegisterSettings(duckdb::DatabaseInstance& instance);

// What the connection has set; nothing if neither is set.
std::optional<Consistency> ConsistencyOf(const duckdb::ClientContext& client);

CacheOptions CacheOptionsOf(const duckdb::ClientContext& client);

// A freshness as ATTACH and SET take it. Throws for NULL and for what is no number.
double SecondsOf(const duckdb::Value& value);

}  // namespace duckpond
