// SPDX-License-Identifier: MIT
//
// CatalogFunctions: the table functions of an attached pond, such as FROM pond.snapshots().
//
// Threads:   all methods may be called concurrently.
// Lifetime:  owned by the PondCatalog, whose entries they are.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "sql/duckdb_api.h"

namespace duckpond {

class PondCatalog;

class CatalogFunctions {
 public:
  CatalogFunctions(PondCatalog& catalog, duckdb::SchemaCatalogEntry& schema);
  ~CatalogFunctions();

  // Null for a name that is none of them.
  duckdb::optional_ptr<duckdb::CatalogEntry> Find(const std::string& name);
  void Scan(const std::function<void(duckdb::CatalogEntry&)>& callback);

 private:
  std::map<std::string, std::unique_ptr<duckdb::TableFunctionCatalogEntry>> entries_;
};

}  // namespace duckpond
