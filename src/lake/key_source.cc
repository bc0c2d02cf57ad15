// SPDX-License-Identifier: MIT
#include "lake/key_source.h"

#include <algorithm>

#include "base/check.h"
#include "lake/key.h"

namespace duckpond {

Result<SortedKeys> KeysOf(const TableDef& def, size_t constraint, const ColumnBatch& batch) {
  CHECK(constraint < def.constraints.size());
  std::vector<const ColumnData*> columns;
  for (const uint32_t field_id : def.constraints[constraint].field_ids) {
    columns.push_back(batch.Find(field_id));
    if (columns.back() == nullptr) {
      return Status::Corrupt("rows of table \"" + def.name + "\" lack column " +
                             std::to_string(field_id) + " of a key");
    }
  }
  SortedKeys sorted;
  // A key with a NULL in it is equal to none, so it cannot be there twice.
  sorted.keys.reserve(batch.rows);
  for (uint64_t row = 0; row < batch.rows; ++row) {
    auto key = RowKey(columns, row);
    if (key) {
      sorted.keys.push_back(*std::move(key));
    } else {
      sorted.any_null = true;
    }
  }
  std::ranges::sort(sorted.keys);
  return sorted;
}

const std::string* FirstTwin(const std::vector<std::string>& sorted) {
  DCHECK(std::ranges::is_sorted(sorted));
  const auto twin = std::ranges::adjacent_find(sorted);
  return twin == sorted.end() ? nullptr : &*twin;
}

KeySourcePtr FileSource(DataFilePtr file) {
  CHECK(file != nullptr);
  auto source = std::make_shared<KeySource>();
  source->id = file->id;
  source->file = std::move(file);
  return source;
}

Result<KeySourcePtr> RowsSource(const TableDef& def, const Uuid& id, const ColumnBatch& batch) {
  auto source = std::make_shared<KeySource>();
  source->id = id;
  for (const size_t constraint : def.Keys()) {
    ASSIGN_OR_RETURN(SortedKeys sorted, KeysOf(def, constraint, batch));
    source->keys.push_back(std::move(sorted.keys));
  }
  return KeySourcePtr(std::move(source));
}

std::optional<KeyExtent> ExtentOf(const KeySource& source, size_t place, uint32_t constraint) {
  if (source.file == nullptr) {
    CHECK(place < source.keys.size());
    const std::vector<std::string>& keys = source.keys[place];
    if (keys.empty()) return std::nullopt;
    return KeyExtent{&keys.front(), &keys.back(), nullptr, {}, &keys};
  }
  // A key of which the file has no summary has a NULL in each of its rows.
  for (const KeySummary& summary : source.file->keys) {
    if (summary.constraint != constraint) continue;
    return KeyExtent{&summary.min, &summary.max, summary.hashes.empty() ? nullptr : &summary.hashes,
                     summary.hash_list, nullptr};
  }
  return std::nullopt;
}

}  // namespace duckpond
