// SPDX-License-Identifier: MIT
#include "sql/duckdb_api.h"
// The line above comes first: it is the precompiled header.
#include "duckdb/main/database_manager.hpp"
#include "sql/connection_state.h"
#include "sql/engine_pond.h"
#include "sql/extension.h"

namespace duckpond {
namespace {

std::string AttachSql(const EngineOptions& options) {
  std::string more;
  if (options.read_only) more += ", READ_ONLY";
  using Kind = Consistency::Kind;
  if (options.consistency.kind != Kind::kLatest) {
    more += options.consistency.kind == Kind::kCached ? ", CONSISTENCY cached"
                                                      : ", CONSISTENCY bounded";
  }
  if (options.consistency.age_us) {
    constexpr double kUsPerSecond = 1e6;
    more += ", FRESHNESS " +
            std::to_string(static_cast<double>(*options.consistency.age_us) / kUsPerSecond);
  }
  if (!options.cdn.empty()) more += ", CDN " + duckdb::KeywordHelper::WriteQuoted(options.cdn);
  if (!options.latency_profile.empty()) {
    more += ", LATENCY " + duckdb::KeywordHelper::WriteQuoted(options.latency_profile);
  }
  if (!more.empty()) more = " (" + more.substr(2) + ")";
  return "ATTACH " + duckdb::KeywordHelper::WriteQuoted("duckpond:" + options.url) + " AS " +
         kPondCatalog + more;
}

}  // namespace

void AttachPond(duckdb::DuckDB& database, const EngineOptions& options) {
  LoadDuckpond(*database.instance);
  if (!options.cache_folder.empty()) {
    duckdb::DBConfig::GetConfig(*database.instance)
        .SetOptionByName("duckpond_cache_dir", duckdb::Value(options.cache_folder));
  }
  duckdb::Connection connection(database);
  auto attached = connection.Query(AttachSql(options));
  if (attached->HasError()) attached->ThrowError();
  duckdb::ClientContext& context = *connection.context;
  context.RunFunctionInTransaction([&context] {
    duckdb::DatabaseManager::Get(context).SetDefaultDatabase(context, kPondCatalog);
  });
}

Cost StatementCost(duckdb::ClientContext& context) { return StatementLedger(context)->Total(); }

}  // namespace duckpond
