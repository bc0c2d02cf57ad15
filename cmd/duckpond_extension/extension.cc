// SPDX-License-Identifier: MIT
//
// duckpond.duckdb_extension: the entry by which DuckDB loads duckpond.
#include "sql/extension.h"
#include "duckdb.hpp"
#include "duckdb/main/extension/extension_loader.hpp"

extern "C" {

DUCKDB_CPP_EXTENSION_ENTRY(duckpond, loader) { duckpond::LoadDuckpond(loader); }
}
