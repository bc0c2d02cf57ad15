// SPDX-License-Identifier: MIT
#include "lake/file_list.h"

#include <fmt/format.h>

#include <iterator>
#include <list>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "lake/def_rules.h"
#include "lake/event_kinds.h"
#include "lake/events.h"
#include "lake/limits.h"

namespace duckpond {
namespace {

// Of statistics and keys, as bytes and about as JSON: kPartSummaryBytesMax has to hold it all.
constexpr size_t kBoundsBytesMax = 1400;
constexpr size_t kColumnBytes = 24;

size_t JsonBytes(const std::string& bytes) { return bytes.size() * 4 / 3 + 8; }

const ColumnStatistics* Find(const DataFile& file, uint32_t field_id) {
  const auto found = std::ranges::find(file.statistics, field_id, &ColumnStatistics::field_id);
  return found == file.statistics.end() ? nullptr : &*found;
}

const KeySummary* FindKey(const DataFile& file, uint32_t constraint) {
  const auto found = std::ranges::find(file.keys, constraint, &KeySummary::constraint);
  return found == file.keys.end() ? nullptr : &*found;
}

// What holds for a column in all of `files`; nothing if one of them says nothing of it.
std::optional<ColumnStatistics> Merge(const std::vector<DataFilePtr>& files, uint32_t field_id) {
  ColumnStatistics all{field_id, 0, std::nullopt, std::nullopt, true};
  bool min_known = true;
  bool max_known = true;
  for (const DataFilePtr& file : files) {
    const ColumnStatistics* column = Find(*file, field_id);
    if (column == nullptr) return std::nullopt;
    all.nulls += column->nulls;
    // There are no values for a bound to be wrong about.
    if (column->nulls >= file->rows) continue;
    min_known = min_known && column->min;
    max_known = max_known && column->max;
    if (min_known && (!all.min || *column->min < *all.min)) all.min = column->min;
    if (max_known && (!all.max || *column->max > *all.max)) all.max = column->max;
    all.exact = all.exact && column->exact;
  }
  if (!min_known) all.min.reset();
  if (!max_known) all.max.reset();
  all.exact = all.exact && all.min && all.max;
  return all;
}

std::optional<KeySummary> MergeKey(const std::vector<DataFilePtr>& files, uint32_t constraint) {
  std::optional<KeySummary> all;
  for (const DataFilePtr& file : files) {
    const KeySummary* key = FindKey(*file, constraint);
    if (key == nullptr) return std::nullopt;
    if (!all) {
      all = KeySummary{constraint, key->min, key->max, {}};
      continue;
    }
    all->min = std::min(all->min, key->min);
    all->max = std::max(all->max, key->max);
  }
  return all;
}

void AddBounds(const std::vector<DataFilePtr>& files, DataFile& all) {
  CHECK(!files.empty());
  size_t left = kBoundsBytesMax;
  const auto fits = [&left](size_t bytes) {
    if (bytes > left) return false;
    left -= bytes;
    return true;
  };
  for (const KeySummary& key : files[0]->keys) {
    auto merged = MergeKey(files, key.constraint);
    if (!merged || !fits(kColumnBytes + JsonBytes(merged->min) + JsonBytes(merged->max))) continue;
    all.keys.push_back(*std::move(merged));
  }
  for (const ColumnStatistics& column : files[0]->statistics) {
    auto merged = Merge(files, column.field_id);
    if (!merged || !fits(kColumnBytes + JsonBytes(merged->min.value_or("")) +
                         JsonBytes(merged->max.value_or("")))) {
      continue;
    }
    all.statistics.push_back(*std::move(merged));
  }
}

bool Keeps(const DataFile& file, const FilesSummary& summary) {
  const DataFile& all = summary.all;
  if (file.first_row_id < all.first_row_id || file.first_row_id >= summary.next_row_id)
    return false;
  const bool rows_fit =
      file.row_id_column ? all.row_id_column : file.rows <= summary.next_row_id - file.first_row_id;
  return rows_fit && !file.id.is_nil() && file.id <= summary.greatest_id;
}

bool Keep(const std::vector<DataFilePtr>& files, const ColumnStatistics& all) {
  const auto found = Merge(files, all.field_id);
  return found && found->nulls == all.nulls && found->exact >= all.exact &&
         (!all.min || (found->min && *found->min >= *all.min)) &&
         (!all.max || (found->max && *found->max <= *all.max)) &&
         (!all.exact || (found->min == all.min && found->max == all.max));
}

bool Keep(const std::vector<DataFilePtr>& files, const KeySummary& all) {
  const auto found = MergeKey(files, all.constraint);
  return found && found->min >= all.min && found->max <= all.max;
}

// What of the summary is not so, or an empty text.
std::string Broken(const std::vector<DataFilePtr>& files, const FilesSummary& summary) {
  uint64_t bytes = 0;
  uint64_t rows = 0;
  uint64_t row_groups = 0;
  for (const DataFilePtr& file : files) {
    if (!Keeps(*file, summary)) return "file " + file->id.ToString();
    bytes += file->bytes;
    rows += file->rows;
    row_groups += file->row_groups.size();
  }
  const DataFile& all = summary.all;
  if (files.size() != summary.files || bytes != all.bytes || rows != all.rows ||
      row_groups != summary.row_groups) {
    return fmt::format("{} files, {} bytes, {} rows, {} row groups", files.size(), bytes, rows,
                       row_groups);
  }
  const auto keep = [&files](const auto& known) { return Keep(files, known); };
  if (!std::ranges::all_of(all.statistics, keep)) return "statistics";
  return std::ranges::all_of(all.keys, keep) ? "" : "keys";
}

// KeptBlocks: the files of the blocks that were read last, so that the next one who asks has them.
//
// Threads:  all methods may be called concurrently.
class KeptBlocks {
 public:
  static KeptBlocks& OfProcess() {
    static auto* kept = new KeptBlocks();
    return *kept;
  }

  // The least recently used ones go. `text_bytes` is about their size, asked for the first time.
  void Keep(const FileBlock::Files& files, uint64_t text_bytes) {
    std::vector<FileBlock::Files> gone;  // Freed without the lock.
    std::lock_guard lock(mutex_);
    if (const auto found = places_.find(files.get()); found != places_.end()) {
      order_.splice(order_.end(), order_, found->second);
      return;
    }
    if (text_bytes == 0) return;  // Forgotten, and still held by somebody.
    order_.push_back({files, text_bytes});
    places_[files.get()] = std::prev(order_.end());
    bytes_ += text_bytes;
    while (bytes_ > kBlockBytesInMemoryMax && order_.size() > 1) {
      CHECK(order_.size() == places_.size() && bytes_ >= order_.front().bytes);
      bytes_ -= order_.front().bytes;
      places_.erase(order_.front().files.get());
      gone.push_back(std::move(order_.front().files));
      order_.pop_front();
    }
  }

 private:
  struct Kept {
    FileBlock::Files files;
    uint64_t bytes = 0;
  };
  std::mutex mutex_;
  std::list<Kept> order_;  // Guarded by mutex_. Used last comes last.
  std::unordered_map<const void*, std::list<Kept>::iterator> places_;  // Guarded by mutex_.
  uint64_t bytes_ = 0;                                                 // Guarded by mutex_.
};

}  // namespace

FilesSummary Summarize(const Uuid& table, const std::vector<DataFilePtr>& files) {
  CHECK(!files.empty());
  FilesSummary summary;
  summary.table = table;
  summary.files = files.size();
  DataFile& all = summary.all;
  all.first_row_id = files[0]->first_row_id;
  for (const DataFilePtr& file : files) {
    summary.row_groups += file->row_groups.size();
    summary.greatest_id = std::max(summary.greatest_id, file->id);
    // Which ids the rows of a rewritten file have, only the file knows.
    const uint64_t end = file->first_row_id + (file->row_id_column ? 1 : file->rows);
    summary.next_row_id = std::max(summary.next_row_id, end);
    all.first_row_id = std::min(all.first_row_id, file->first_row_id);
    all.row_id_column = all.row_id_column || file->row_id_column;
    all.bytes += file->bytes;
    all.rows += file->rows;
  }
  AddBounds(files, all);
  DCHECK(Broken(files, summary).empty());  // What readers hold it against.
  return summary;
}

FileBlock::FileBlock(std::shared_ptr<const TableDef> def, FilesSummary summary,
                     UnreadLinesPtr lines)
    : def_(std::move(def)), summary_(std::move(summary)), lines_(std::move(lines)) {
  CHECK(def_ != nullptr && lines_ != nullptr && summary_.files > 0);
}

// Several that ask at the same time share the request (store/sharing_store.h), and each decodes it.
Task<Result<FileBlock::Files>> FileBlock::Read(FileBlockPtr block, Context context) {
  {
    std::lock_guard lock(block->mutex_);
    if (Files files = block->files_.lock()) {
      KeptBlocks::OfProcess().Keep(files, 0);
      co_return files;
    }
  }
  auto lines = co_await block->lines_->Read(std::move(context));
  if (!lines.ok()) co_return lines.error().Prefixed("table \"" + block->def_->name + "\"");
  auto decoded = block->Decode(*lines);
  if (!decoded.ok()) co_return decoded.error().Prefixed("table \"" + block->def_->name + "\"");
  uint64_t bytes = 0;
  for (const Event& line : *lines) bytes += line.data.size();
  const auto files = std::make_shared<const std::vector<DataFilePtr>>(*std::move(decoded));
  KeptBlocks::OfProcess().Keep(files, bytes);
  std::lock_guard lock(block->mutex_);
  block->files_ = files;
  co_return files;
}

Result<std::vector<DataFilePtr>> FileBlock::Decode(const std::vector<Event>& events) const {
  std::vector<DataFilePtr> files;
  files.reserve(events.size());
  EventDecoder decoder;
  for (const Event& event : events) {
    ASSIGN_OR_RETURN(LakeEvent decoded, decoder.Decode(event));
    auto* add = std::get_if<lake_event::AddFile>(&decoded);
    std::string wrong = "it is no file of this table";
    if (add != nullptr && add->table == summary_.table) wrong = WrongFile(*def_, *add->file);
    if (wrong.empty() && !files.empty() && files.back()->first_row_id > add->file->first_row_id) {
      wrong = "it is not in order";
    }
    if (!wrong.empty()) {
      return Status::Corrupt(fmt::format("event {}: {}", event.id.ToString(), wrong));
    }
    files.push_back(std::move(add->file));
  }
  CHECK(files.size() == events.size());
  if (const std::string broken = Broken(files, summary_); !broken.empty()) {
    return Status::Corrupt("a part of its files has other ones than its summary says: " + broken);
  }
  return files;
}

void FileList::Add(DataFilePtr file) {
  CHECK(file != nullptr);
  ++size_;
  bytes_ += file->bytes;
  InsertByRowId(loose_, std::move(file));
}

void FileList::Add(FileBlockPtr block) {
  CHECK(block != nullptr);
  size_ += block->summary().files;
  bytes_ += block->summary().all.bytes;
  blocks_.Mutable().push_back(std::move(block));
}

Task<Result<std::vector<DataFilePtr>>> FileList::All(Context context) const {
  return Collect(std::move(context), blocks_.items(), loose_);
}

Task<Result<std::vector<DataFilePtr>>> FileList::Some(Context context, const Wanted& wanted) const {
  std::vector<FileBlockPtr> blocks;
  std::ranges::copy_if(blocks_, std::back_inserter(blocks),
                       [&](const FileBlockPtr& block) { return wanted(*block); });
  return Collect(std::move(context), std::move(blocks), loose_);
}

Task<Result<FileList>> FileList::Unpacked(Context context, const Wanted& wanted) const {
  std::vector<FileBlockPtr> unpack;
  FileList list = *this;
  std::erase_if(list.blocks_.Mutable(), [&](const FileBlockPtr& block) {
    if (wanted(*block)) unpack.push_back(block);
    return !unpack.empty() && unpack.back() == block;
  });
  return Unpack(std::move(context), std::move(list), std::move(unpack));
}

Task<Result<FileList>> FileList::Unpack(Context context, FileList list,
                                        std::vector<FileBlockPtr> blocks) {
  CO_ASSIGN_OR_RETURN(std::vector<DataFilePtr> files,
                      co_await Collect(std::move(context), std::move(blocks), list.loose_));
  list.loose_ = SharedList<DataFilePtr>(std::move(files));
  // No file was lost on the way, nor doubled.
  uint64_t count = list.loose_.size();
  for (const FileBlockPtr& block : list.blocks_) count += block->summary().files;
  CHECK(count == list.size_);
  co_return list;
}

Task<Result<std::vector<DataFilePtr>>> FileList::Collect(Context context,
                                                         std::vector<FileBlockPtr> blocks,
                                                         SharedList<DataFilePtr> loose) {
  std::vector<DataFilePtr> files;
  for (size_t next = 0; next < blocks.size();) {
    std::vector<Task<Result<FileBlock::Files>>> reads;
    for (; next < blocks.size() && reads.size() < kBlockReadsInFlightMax; ++next) {
      reads.push_back(FileBlock::Read(blocks[next], context));
    }
    const auto some = co_await WhenAll(std::move(reads));
    for (const auto& more : some) {
      if (!more.ok()) co_return more.error();
      files.insert(files.end(), (*more)->begin(), (*more)->end());
    }
  }
  if (!blocks.empty()) {
    // The fold did not look into the blocks.
    std::unordered_set<Uuid> ids;
    for (const DataFilePtr& file : loose) ids.insert(file->id);
    for (const DataFilePtr& file : files) {
      if (ids.insert(file->id).second) continue;
      co_return Status::Corrupt(fmt::format("table \"{}\" has file {} twice", blocks[0]->def().name,
                                            file->id.ToString()));
    }
  }
  files.insert(files.end(), loose.begin(), loose.end());
  const auto row_id = [](const DataFilePtr& file) { return file->first_row_id; };
  if (!std::ranges::is_sorted(files, {}, row_id)) std::ranges::stable_sort(files, {}, row_id);
  co_return files;
}

}  // namespace duckpond
