// SPDX-License-Identifier: MIT
#include "sql/extension.h"

#include "sql/answer_note.h"
#include "sql/attach.h"
#include "sql/duckdb_api.h"
#include "sql/pond_catalog.h"
#include "sql/pond_file_system.h"
#include "sql/settings.h"
#include "sql/table_scan.h"

namespace duckpond {
namespace {

void Load(duckdb::ExtensionLoader& loader) {
  auto& instance = loader.GetDatabaseInstance();
  auto& config = duckdb::DBConfig::GetConfig(instance);
  if (duckdb::StorageExtension::Find(config, PondCatalog::kType)) return;
  RegisterPondFileSystem(instance);
  RegisterSettings(instance);
  RegisterSecrets(loader);
  RegisterTableScan(loader);
  RegisterAttachRewrite(instance);
  RegisterAnswerNote(instance);
  duckdb::StorageExtension::Register(config, PondCatalog::kType, MakeStorageExtension());
}

}  // namespace

void LoadDuckpond(duckdb::ExtensionLoader& loader) {
  loader.SetDescription("A SQL database that is only files in a bucket: ATTACH 'duckpond:<url>'");
  Load(loader);
}

void LoadDuckpond(duckdb::DatabaseInstance& instance) {
  duckdb::ExtensionLoader loader(instance, PondCatalog::kType);
  LoadDuckpond(loader);
}

}  // namespace duckpond
