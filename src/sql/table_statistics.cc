// SPDX-License-Identifier: MIT
#include "sql/table_statistics.h"

#include <algorithm>
#include <optional>

#include "lake/key.h"
#include "sql/batch_convert.h"
#include "sql/types.h"

namespace duckpond {
namespace {

using duckdb::BaseStatistics;
using duckdb::LogicalTypeId;

// Beyond that many files, or blocks of files, a plan would take longer than it could save.
constexpr size_t kFilesMax = 10'000;

struct Summary {
  std::string min;  // In key encoding.
  std::string max;
  bool any = false;   // Whether there is a value that is not NULL.
  bool exact = true;  // Whether both bounds occur.
  bool nulls = false;
};

// Takes in a file, or a block's files as one; false where it says too little.
bool Add(const DataFile& file, uint32_t field_id, Summary& summary) {
  const auto column = std::ranges::find(file.statistics, field_id, &ColumnStatistics::field_id);
  if (column == file.statistics.end()) return false;
  summary.nulls = summary.nulls || column->nulls > 0;
  if (column->nulls >= file.rows) return true;
  if (!column->min || !column->max) return false;
  if (!summary.any || *column->min < summary.min) summary.min = *column->min;
  if (!summary.any || *column->max > summary.max) summary.max = *column->max;
  summary.any = true;
  summary.exact = summary.exact && column->exact;
  return true;
}

// What all files say together; none where one of them says too little, or rows lie in the log.
std::optional<Summary> Summarize(const Table& table, size_t place) {
  const auto& blocks = table.files.blocks();
  const auto& loose = table.files.loose();
  if (!table.inline_rows.empty() || blocks.size() + loose.size() > kFilesMax) return std::nullopt;
  const uint32_t field_id = table.def->columns[place].field_id;
  Summary summary;
  const bool all = std::ranges::all_of(blocks,
                                       [&](const FileBlockPtr& block) {
                                         return Add(block->summary().all, field_id, summary);
                                       }) &&
                   std::ranges::all_of(loose, [&](const DataFilePtr& file) {
                     return Add(*file, field_id, summary);
                   });
  return all ? std::optional(summary) : std::nullopt;
}

// Types whose order in DuckDB's statistics is surely ours. Not FLOAT and DOUBLE: what a NaN or a
// negative zero does to their bounds is another question in each place that uses them.
bool HasNumericBounds(const duckdb::LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::TINYINT:
    case LogicalTypeId::SMALLINT:
    case LogicalTypeId::INTEGER:
    case LogicalTypeId::BIGINT:
    case LogicalTypeId::HUGEINT:
    case LogicalTypeId::UTINYINT:
    case LogicalTypeId::USMALLINT:
    case LogicalTypeId::UINTEGER:
    case LogicalTypeId::UBIGINT:
    case LogicalTypeId::UHUGEINT:
    case LogicalTypeId::DECIMAL:
    case LogicalTypeId::DATE:
    case LogicalTypeId::TIME:
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_SEC:
    case LogicalTypeId::TIMESTAMP_MS:
    case LogicalTypeId::TIMESTAMP_NS:
    case LogicalTypeId::TIMESTAMP_TZ:
      return true;
    default:
      return false;
  }
}

std::optional<duckdb::Value> ValueOf(const Column& column, const std::string& key) {
  Result<std::string> bytes = DecodeKey(column.type, key);
  if (!bytes.ok()) return std::nullopt;
  ColumnData data = EmptyColumn(column.type);
  data.fixed = *std::move(bytes);
  duckdb::Vector vector(ToDuckDb(column.type), 1);
  ReadRows(data, {0, 1}, vector);
  return vector.GetValue(0);
}

bool SetBounds(const Column& column, const Summary& summary, BaseStatistics& statistics) {
  if (!summary.any || !HasNumericBounds(statistics.GetType())) return false;
  const auto min = ValueOf(column, summary.min);
  const auto max = ValueOf(column, summary.max);
  if (!min || !max) return false;
  duckdb::NumericStats::SetMin(statistics, *min);
  duckdb::NumericStats::SetMax(statistics, *max);
  return true;
}

bool IsUnique(const TableDef& def, const Column& column) {
  return std::ranges::any_of(def.Keys(), [&](size_t key) {
    const auto& field_ids = def.constraints[key].field_ids;
    return field_ids.size() == 1 && field_ids[0] == column.field_id;
  });
}

duckdb::unique_ptr<BaseStatistics> MakeStatistics(const Table& table, size_t place,
                                                  const std::optional<Summary>& summary) {
  const Column& column = table.def->columns[place];
  if (!summary && !column.not_null) return nullptr;
  BaseStatistics statistics = BaseStatistics::CreateUnknown(ToDuckDb(column.type));
  if (column.not_null || (summary && !summary->nulls)) {
    statistics.Set(duckdb::StatsInfo::CANNOT_HAVE_NULL_VALUES);
  }
  if (summary) SetBounds(column, *summary, statistics);
  if (IsUnique(*table.def, column)) statistics.SetDistinctCount(table.rows);
  return statistics.ToUnique();
}

// Tells bounds only where they are values of the table.
class WholeTable final : public duckdb::PartitionRowGroup {
 public:
  explicit WholeTable(TablePtr table) : table_(std::move(table)) {}

  duckdb::unique_ptr<BaseStatistics> GetColumnStatistics(
      const duckdb::StorageIndex& index) override {
    const size_t place = index.GetPrimaryIndex();
    if (index.HasChildren() || place >= table_->def->columns.size()) return nullptr;
    const auto summary = Summarize(*table_, place);
    if (!summary || !summary->any || !summary->exact) return nullptr;
    return MakeStatistics(*table_, place, summary);
  }
  bool MinMaxIsExact(const BaseStatistics&, const duckdb::StorageIndex&) override { return true; }

 private:
  const TablePtr table_;
};

}  // namespace

duckdb::unique_ptr<BaseStatistics> StatisticsOf(const Table& table, size_t place) {
  return MakeStatistics(table, place, Summarize(table, place));
}

duckdb::PartitionStatistics PartitionOf(const TablePtr& table) {
  duckdb::PartitionStatistics partition;
  partition.row_start = 0;
  partition.count = table->rows;
  partition.count_type = duckdb::CountType::COUNT_EXACT;
  partition.partition_row_group = duckdb::make_shared_ptr<WholeTable>(table);
  return partition;
}

}  // namespace duckpond
