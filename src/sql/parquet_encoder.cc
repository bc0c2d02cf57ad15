// SPDX-License-Identifier: MIT
#include "sql/parquet_encoder.h"

#include <utility>

#include "duckdb/catalog/catalog_entry/copy_function_catalog_entry.hpp"
#include "duckdb/parser/parsed_data/copy_info.hpp"
#include "sql/parquet_field_ids.h"
#include "sql/parquet_types.h"
#include "sql/types.h"

namespace duckpond {
namespace {

using duckdb::Value;

duckdb::CopyFunction ParquetFunction(duckdb::ClientContext& client) {
  auto& system = duckdb::Catalog::GetSystemCatalog(client);
  return system.GetEntry<duckdb::CopyFunctionCatalogEntry>(client, DEFAULT_SCHEMA, "parquet")
      .function;
}

duckdb::CopyInfo OptionsFor(const TableDef& def) {
  duckdb::CopyInfo info;
  info.is_from = false;
  info.format = "parquet";
  info.options["compression"] = {Value("zstd")};
  // Key bounds do better, and DuckDB 1.5.5 reads those of BLOBs wrongly.
  info.options["write_bloom_filter"] = {Value::BOOLEAN(false)};
  info.options["field_ids"] = {FieldIds(def)};
  return info;
}

}  // namespace

ParquetEncoder::ParquetEncoder(duckdb::ClientContext& client, const TableDef& def)
    : client_(client),
      path_(client, buffer_, def.name + ".parquet"),
      function_(ParquetFunction(client)) {
  duckdb::vector<std::string> names;
  duckdb::vector<duckdb::LogicalType> stored;
  for (const Column& column : def.columns) {
    names.push_back(column.name);
    types_.push_back(ToDuckDb(column.type));
    stored.push_back(StoredType(types_.back()));
  }
  stored_.Initialize(duckdb::Allocator::DefaultAllocator(), stored);
  const duckdb::CopyInfo info = OptionsFor(def);
  duckdb::CopyFunctionBindInput input(info, function_.function_info);
  bind_ = function_.copy_to_bind(client, input, names, stored);
  global_ = function_.copy_to_initialize_global(client, *bind_, path_.text());
  group_ = NewGroup();
}

ParquetEncoder::~ParquetEncoder() = default;

duckdb::unique_ptr<duckdb::ColumnDataCollection> ParquetEncoder::NewGroup() const {
  return duckdb::make_uniq<duckdb::ColumnDataCollection>(client_, stored_.GetTypes());
}

void ParquetEncoder::Append(duckdb::DataChunk& chunk) {
  stored_.Reset();
  stored_.SetCardinality(chunk.size());
  for (size_t i = 0; i < types_.size(); ++i) {
    if (IsBent(types_[i])) {
      Store(chunk.data[i], stored_.data[i], chunk.size());
    } else {
      stored_.data[i].Reference(chunk.data[i]);
    }
  }
  group_->Append(stored_);
}

void ParquetEncoder::EndGroup() {
  // As DuckDB's batch copy does it: a batch is a row group, whatever its size.
  auto rows = std::exchange(group_, NewGroup());
  const auto batch = function_.prepare_batch(client_, *bind_, *global_, std::move(rows));
  function_.flush_batch(client_, *bind_, *global_, *batch);
}

std::shared_ptr<FileBuffer> ParquetEncoder::Finish() {
  function_.copy_to_finalize(client_, *bind_, *global_);
  return buffer_;
}

}  // namespace duckpond
