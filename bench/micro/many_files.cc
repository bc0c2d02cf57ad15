// SPDX-License-Identifier: MIT
//
// many_files DIRECTORY TABLE FIRST COUNT PER_COMMIT: adds COUNT files to a table of a pond, each as
// the table's newest one says of itself, but with keys of its own: rows × FIRST and on. The objects
// do not exist: for measuring what a reader has to know before it reads rows.
//
// REQUIRES: the table's first column is a BIGINT and its primary key.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/check.h"
#include "base/env.h"
#include "lake/key.h"
#include "lake/pond.h"
#include "store/store_url.h"

namespace duckpond {
namespace {

template <class T>
T Wait(Task<Result<T>> task) {
  auto value = Block(Env::Process().executor, std::move(task));
  if (value.ok()) return *std::move(value);
  fmt::print(stderr, "{}\n", value.error().ToString());
  std::exit(1);
}

std::string KeyOf(const Table& table, uint64_t number) {
  std::string bytes(reinterpret_cast<const char*>(&number), sizeof(number));
  std::string key;
  AppendKey(table.def->columns[0].type, bytes, key);
  return key;
}

// Offsets, sizes and bounds differ from footer to footer, names and types do not.
std::string FooterLike(const std::string& footer, Random& random) {
  std::string other = footer;
  for (size_t i = 0; i < other.size(); i += 8) other[i] = static_cast<char>(random.Next());
  return other;
}

DataFile FileLike(const Table& table, const DataFile& like, uint64_t number, Random& random) {
  DataFile file = like;
  file.id = Env::Process().uuids.Next();
  file.path = fmt::format("data/{}/{}.parquet", table.def->id.ToString(), file.id.ToString());
  file.checksum = random.Next();
  file.row_id_column = false;
  const uint64_t first = number * like.rows;
  const std::string min = KeyOf(table, first);
  const std::string max = KeyOf(table, first + like.rows - 1);
  file.keys[0].min = min;
  file.keys[0].max = max;
  for (uint64_t& hash : file.keys[0].hashes) hash = random.Next();
  std::ranges::sort(file.keys[0].hashes);
  for (ColumnStatistics& column : file.statistics) {
    if (column.field_id != table.def->columns[0].field_id) continue;
    column.min = min;
    column.max = max;
  }
  uint64_t row = first;
  for (RowGroup& group : file.row_groups) {
    group.key_min = KeyOf(table, row);
    row += group.rows;
    group.key_max = KeyOf(table, row - 1);
  }
  file.footer = FooterLike(like.footer, random);
  return file;
}

void AddFiles(const std::string& folder, const std::string& name, uint64_t first, uint64_t count,
              uint64_t per_commit) {
  Env& env = Env::Process();
  auto store = OpenStore(env, folder, {});
  CHECK(store.ok());
  const auto pond = Pond::Open(env, *store, {}, "many_files");
  SeededRandom random(first + 1);
  for (uint64_t done = 0; done < count; done += per_commit) {
    auto transaction = pond->Begin(Wait(pond->Latest(Context{})));
    const TablePtr table = transaction->view()->FindTable("main", name);
    CHECK(table != nullptr);
    const auto newest = [&table](const FileBlock& block) {
      return block.summary().next_row_id == table->next_row_id;
    };
    const auto files = Wait(table->files.Some(Context{}, newest));
    CHECK(!files.empty());
    const DataFile& like = *files.back();
    for (uint64_t i = done; i < std::min(count, done + per_commit); ++i) {
      const Status added =
          transaction->AddFile(table->def->id, FileLike(*table, like, first + i, random));
      CHECK(added.ok());
    }
    CommitOptions options;
    options.transaction = env.uuids.Next();
    Wait(transaction->Commit(Context{}, options));
  }
  CHECK(Block(env.executor, pond->log().Settle(Context{})).ok());
}

}  // namespace
}  // namespace duckpond

int main(int count, char** arguments) {
  if (count != 6) return 2;
  const auto number = [arguments](int at) { return std::strtoull(arguments[at], nullptr, 10); };
  duckpond::AddFiles(arguments[1], arguments[2], number(3), number(4), number(5));
}
