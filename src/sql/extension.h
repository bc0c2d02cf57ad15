// SPDX-License-Identifier: MIT
//
// LoadDuckpond: teaches a DuckDB instance to attach ponds: ATTACH 'duckpond:<url>' AS pond. The
// loadable extension and the program both call it, so that they behave the same.
//
// Threads:   as DuckDB loads extensions: one at a time per instance.
// Lifetime:  what is registered lives as long as the instance.
// Errors:    DuckDB exceptions; they leave through DuckDB's own entry point.
#pragma once

namespace duckdb {
class DatabaseInstance;
class ExtensionLoader;
}  // namespace duckdb

namespace duckpond {

void LoadDuckpond(duckdb::ExtensionLoader& loader);
// Does nothing for an instance that has it already.
void LoadDuckpond(duckdb::DatabaseInstance& instance);

}  // namespace duckpond
