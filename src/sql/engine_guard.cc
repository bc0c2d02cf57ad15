// SPDX-License-Identifier: MIT
#include "sql/duckdb_api.h"
// The line above comes first: it is the precompiled header.
#include <algorithm>

#include "duckdb/execution/operator/scan/physical_table_scan.hpp"
#include "duckdb/main/prepared_statement_data.hpp"
#include "duckdb/parser/parsed_data/create_info.hpp"
#include "duckdb/parser/statement/alter_statement.hpp"
#include "duckdb/parser/statement/create_statement.hpp"
#include "duckdb/parser/statement/explain_statement.hpp"
#include "duckdb/parser/statement/prepare_statement.hpp"
#include "sql/engine.h"
#include "sql/engine_guard.h"

namespace duckpond {
namespace {

using duckdb::PermissionException;
using duckdb::StatementType;

// What changes the instance rather than a catalog, so that modified_databases does not tell.
bool ChangesInstance(StatementType type) {
  switch (type) {
    case StatementType::ATTACH_STATEMENT:
    case StatementType::DETACH_STATEMENT:
    case StatementType::LOAD_STATEMENT:
    case StatementType::UPDATE_EXTENSIONS_STATEMENT:
    case StatementType::EXPORT_STATEMENT:
    case StatementType::COPY_DATABASE_STATEMENT:
      return true;
    default:
      return false;
  }
}

bool RenamesDatabase(const duckdb::SQLStatement& statement) {
  if (statement.type != StatementType::ALTER_STATEMENT) return false;
  const auto& alter = statement.Cast<duckdb::AlterStatement>();
  return alter.info && alter.info->type == duckdb::AlterType::ALTER_DATABASE;
}

bool IsSecret(const duckdb::SQLStatement& statement) {
  if (statement.type != StatementType::CREATE_STATEMENT) return false;
  const auto& create = statement.Cast<duckdb::CreateStatement>();
  return create.info && create.info->type == duckdb::CatalogType::SECRET_ENTRY;
}

// Sources whose rows do not end with being read.
constexpr std::string_view kRepeatable[] = {"duckpond_scan", "seq_scan", "range", "generate_series",
                                            "set_option"};

bool ReadsOnlyTables(const duckdb::PhysicalOperator& op) {
  if (op.type == duckdb::PhysicalOperatorType::INOUT_FUNCTION) return false;
  if (op.type == duckdb::PhysicalOperatorType::TABLE_SCAN) {
    const std::string& name = op.Cast<duckdb::PhysicalTableScan>().function.name;
    if (std::ranges::find(kRepeatable, name) == std::end(kRepeatable)) return false;
  }
  const auto children = op.GetChildren();
  return std::ranges::all_of(children, [](const auto& child) { return ReadsOnlyTables(child); });
}

}  // namespace

void StatementGuard::CheckKind(const duckdb::SQLStatement& statement) {
  repeatable_ = false;
  if (statement.type == StatementType::EXPLAIN_STATEMENT) {
    CheckKind(*statement.Cast<duckdb::ExplainStatement>().stmt);
    return;
  }
  if (statement.type == StatementType::PREPARE_STATEMENT) {
    CheckKind(*statement.Cast<duckdb::PrepareStatement>().statement);
    return;
  }
  const bool reaches_out =
      ChangesInstance(statement.type) || IsSecret(statement) || RenamesDatabase(statement);
  const std::string kind = duckdb::StatementTypeToString(statement.type);
  if (sandbox_ && reaches_out) {
    throw PermissionException(kind + " is not allowed to SQL that comes over the network");
  }
  if (only_reads_ && (reaches_out || statement.type == StatementType::COPY_STATEMENT)) {
    throw PermissionException("only reads are allowed here, and this is " + kind);
  }
}

duckdb::RebindQueryInfo StatementGuard::OnFinalizePrepare(duckdb::ClientContext&,
                                                          duckdb::PreparedStatementData& prepared,
                                                          duckdb::PreparedStatementMode) {
  repeatable_ = prepared.physical_plan && ReadsOnlyTables(prepared.physical_plan->Root());
  for (const auto& [database, change] : prepared.properties.modified_databases) {
    if (only_reads_) {
      throw PermissionException("only reads are allowed here, and this statement changes \"" +
                                database + "\"");
    }
    // Temporary tables say themselves that they end with the session.
    if (sandbox_ && database != kPondCatalog && database != TEMP_CATALOG) {
      throw PermissionException("\"" + database +
                                "\" is lost when the server stops: write to the pond instead, "
                                "or to a temporary table");
    }
  }
  return duckdb::RebindQueryInfo::DO_NOT_REBIND;
}

}  // namespace duckpond
