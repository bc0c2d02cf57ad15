// SPDX-License-Identifier: MIT
#include "sql/scan_units.h"

#include <algorithm>

namespace duckpond {
namespace {

void AddFile(const Table& table, const DataFilePtr& file, const Predicate& predicate,
             ScanUnits& plan) {
  if (!MayMatch(predicate, *table.def, *file)) {
    plan.groups_skipped += file->row_groups.size();
    return;
  }
  plan.files.push_back(file);
  uint64_t first_row = 0;
  for (size_t i = 0; i < file->row_groups.size(); ++i) {
    const RowGroup& group = file->row_groups[i];
    if (MayMatch(predicate, *table.def, group)) {
      plan.units.push_back(
          {ScanUnit::Kind::kRowGroup, plan.files.size() - 1, i, first_row, group.rows});
    } else {
      ++plan.groups_skipped;
    }
    first_row += group.rows;
  }
}

}  // namespace

ScanUnits PlanScan(const Table& table, const Predicate& predicate, const ReadFiles& read) {
  ScanUnits plan;
  const auto wanted = [&](const FileBlock& block) {
    if (MayMatch(predicate, *table.def, block.summary().all)) return true;
    plan.groups_skipped += block.summary().row_groups;
    return false;
  };
  const std::vector<DataFilePtr> files =
      table.files.blocks().empty() ? table.files.loose() : read(wanted);
  auto file = files.begin();
  auto rows = table.inline_rows.begin();
  while (file != files.end() || rows != table.inline_rows.end()) {
    const bool take_file = rows == table.inline_rows.end() ||
                           (file != files.end() && (*file)->first_row_id <= (*rows)->first_row_id);
    if (take_file) {
      AddFile(table, *file++, predicate, plan);
      continue;
    }
    plan.inline_rows.push_back(*rows++);
    plan.units.push_back({ScanUnit::Kind::kInline, plan.inline_rows.size() - 1, 0, 0,
                          plan.inline_rows.back()->rows});
  }
  return plan;
}

void KeepFiles(const std::vector<bool>& keep, ScanUnits& plan) {
  plan.groups_skipped += std::erase_if(plan.units, [&](const ScanUnit& unit) {
    return unit.kind == ScanUnit::Kind::kRowGroup && !keep[unit.file];
  });
}

void Reorder(const TableDef& def, const ScanOrder& order, ScanUnits& plan) {
  const std::vector<size_t> keys = def.Keys();
  const bool by_key = !keys.empty() && def.constraints[keys[0]].field_ids.front() == order.field_id;
  // What is nearest to the wished end in a unit; empty, and so first or last, where nobody knows.
  const auto bound = [&](const ScanUnit& unit) -> std::string_view {
    if (unit.kind != ScanUnit::Kind::kRowGroup) return {};
    const DataFile& file = *plan.files[unit.file];
    const RowGroup& group = file.row_groups[unit.group];
    if (by_key && !group.key_max.empty()) return order.descending ? group.key_max : group.key_min;
    const auto column =
        std::ranges::find(file.statistics, order.field_id, &ColumnStatistics::field_id);
    if (column == file.statistics.end()) return {};
    const auto& of_file = order.descending ? column->max : column->min;
    return of_file ? std::string_view(*of_file) : std::string_view();
  };
  std::ranges::stable_sort(plan.units, [&](const ScanUnit& a, const ScanUnit& b) {
    const bool inline_a = a.kind == ScanUnit::Kind::kInline;
    const bool inline_b = b.kind == ScanUnit::Kind::kInline;
    if (inline_a != inline_b) return inline_a;  // They cost nothing.
    return order.descending ? bound(a) > bound(b) : bound(a) < bound(b);
  });
}

}  // namespace duckpond
