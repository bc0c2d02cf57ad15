// SPDX-License-Identifier: MIT
//
// RowFunctions: what the table functions of an attached pond answer, named as DuckLake names them
// where it has them.
//
//   log()                  every event that the log still holds: id, event, data
//   snapshots()            one row a version
//   list_files('table')    the table's data files
//   table_info()           one row a table
//   options()              the options that are set
//   set_option(name, v)    sets one, as part of the transaction
//   cost()                 what the connection's statement before this one cost
//   session_cost()         what all of its statements before this one cost
//   pond_cost()            what this process has asked of the pond since it was attached
//
// Threads:   free functions; a row list is a value.
// Cost:      log() and snapshots() read the log's history, the others only what a transaction
// knows. Errors:    DuckDB exceptions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sql/duckdb_api.h"

namespace duckpond {

class PondCatalog;

using FunctionRows = std::vector<std::vector<duckdb::Value>>;

struct RowFunction {
  struct Call {
    duckdb::ClientContext& client;
    PondCatalog& catalog;
    const std::vector<duckdb::Value>& arguments;
  };
  using Columns = std::vector<std::pair<std::string, duckdb::LogicalType>>;

  std::string name;
  std::vector<duckdb::LogicalType> arguments;
  Columns (*columns)(duckdb::ClientContext& client) = nullptr;
  FunctionRows (*rows)(const Call& call) = nullptr;
  enum class Use : unsigned char { kNone, kReads, kChanges };
  Use use = Use::kReads;  // What a statement that calls it does to the pond.
  // Asked when a statement is bound, where a table that is not there is an error that a transaction
  // survives. None: any arguments will do.
  void (*check)(const Call& call) = nullptr;
};

const std::vector<RowFunction>& RowFunctions();

// log() lives in a file of its own.
RowFunction::Columns LogColumns(duckdb::ClientContext& client);
FunctionRows LogRows(const RowFunction::Call& call);

}  // namespace duckpond
