// SPDX-License-Identifier: MIT
#include "sql/key_tracker.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "lake/key.h"
#include "sql/batch_convert.h"
#include "sql/errors.h"

namespace duckpond {

KeyTracker::KeyTracker(duckdb::ClientContext& client, std::shared_ptr<const TableDef> def)
    : client_(client), def_(std::move(def)) {
  for (const size_t constraint : def_->Keys()) {
    Key key;
    key.constraint = static_cast<uint32_t>(constraint);
    key.primary = def_->constraints[constraint].kind == Constraint::Kind::kPrimaryKey;
    for (const uint32_t field_id : def_->constraints[constraint].field_ids) {
      for (size_t i = 0; i < def_->columns.size(); ++i) {
        if (def_->columns[i].field_id == field_id) key.columns.push_back(i);
      }
    }
    keys_.push_back(std::move(key));
  }
}

void KeyTracker::Add(duckdb::DataChunk& chunk) {
  for (size_t i = 0; i < keys_.size(); ++i) AddKey(keys_[i], chunk, i == 0);
}

void KeyTracker::AddKey(Key& key, duckdb::DataChunk& chunk, bool is_first) {
  std::vector<ColumnData> columns;
  for (const size_t place : key.columns) {
    columns.push_back(EmptyColumn(def_->columns[place].type));
    AppendVector(chunk.data[place], chunk.size(), columns.back(), 0);
  }
  if (!is_first && !key.seen) key.seen.emplace(client_);
  std::vector<const ColumnData*> pointers;
  for (const ColumnData& column : columns) pointers.push_back(&column);
  for (duckdb::idx_t row = 0; row < chunk.size(); ++row) {
    auto encoded = RowKey(pointers, row);
    if (!encoded) {
      if (is_first) group_has_null_ = true;
      continue;
    }
    if (!is_first) {
      if (!key.seen->Insert(Xxh3_128(*encoded))) ThrowDuplicate(key, chunk, row);
    } else {
      if (*encoded == key.previous) ThrowDuplicate(key, chunk, row);
      if (*encoded < key.previous) ThrowStatus(Status::Internal("rows came unsorted"));
      key.previous = *encoded;
      if (!group_any_) group_.min = *encoded;
      group_.max = *encoded;
      group_any_ = true;
    }
    Note(key, *std::move(encoded));
  }
}

void KeyTracker::Note(Key& key, std::string encoded) {
  key.hashes.push_back(Xxh3_64(encoded));
  if (!key.any || encoded > key.max) key.max = encoded;
  if (!key.any || encoded < key.min) key.min = std::move(encoded);
  key.any = true;
}

void KeyTracker::ThrowDuplicate(const Key& key, duckdb::DataChunk& chunk, duckdb::idx_t row) const {
  std::string text;
  for (const size_t place : key.columns) {
    if (!text.empty()) text += ", ";
    text += def_->columns[place].name + ": " + chunk.GetValue(place, row).ToString();
  }
  throw duckdb::ConstraintException("Duplicate key \"%s\" violates %s constraint of table \"%s\"",
                                    text, key.primary ? "primary key" : "unique", def_->name);
}

KeyTracker::Bounds KeyTracker::TakeGroup() {
  Bounds bounds = group_any_ && !group_has_null_ ? std::move(group_) : Bounds{};
  group_ = {};
  group_any_ = false;
  group_has_null_ = false;
  return bounds;
}

std::vector<KeyTracker::FileKeys> KeyTracker::TakeFile() {
  std::vector<FileKeys> files;
  for (Key& key : keys_) {
    key.seen.reset();
    if (!key.any) continue;
    FileKeys& file = files.emplace_back();
    file.summary.constraint = key.constraint;
    file.summary.min = std::exchange(key.min, {});
    file.summary.max = std::exchange(key.max, {});
    auto& hashes = key.hashes.size() > kKeyHashesMax ? file.hashes : file.summary.hashes;
    hashes = std::exchange(key.hashes, {});
    std::ranges::sort(hashes);
    key.any = false;
  }
  return files;
}

}  // namespace duckpond
