// SPDX-License-Identifier: MIT
//
// LakeFixture: ponds on one memory store, each as a process of its own would have it, behind faults
// of its own, in virtual time.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lake/pond.h"
#include "store/faulty_store.h"
#include "store/memory_store.h"
#include "tests/sim/sim_env.h"
#include "tests/support/fake_data_engine.h"
#include "tests/support/test_rows.h"

namespace duckpond {

// id BIGINT, name VARCHAR; with a primary key on `id` unless said otherwise.
inline TableDef MakeTable(std::string name, bool with_key = true) {
  TableDef def;
  def.schema = "main";
  def.name = std::move(name);
  Column id;
  id.name = "id";
  id.type = ScalarType(TypeId::kBigint);
  id.field_id = 1;
  Column text;
  text.name = "name";
  text.type = ScalarType(TypeId::kVarchar);
  text.field_id = 2;
  def.columns = {id, text};
  def.next_field_id = 3;
  if (with_key) {
    Constraint key;
    key.kind = Constraint::Kind::kPrimaryKey;
    key.field_ids = {1};
    def.constraints.push_back(key);
  }
  return def;
}

class LakeFixture : public ::testing::Test {
 protected:
  // What still runs behind the last answer owns memory until it ends.
  void TearDown() override { EXPECT_TRUE(executor_.RunUntilIdle(1'000'000)); }

  // A pond with what only this process has of it.
  struct Process {
    std::shared_ptr<FaultyObjectStore> store;
    std::shared_ptr<Pond> pond;
    std::shared_ptr<FakeDataEngine> engine;
  };
  Process OpenProcess(FaultOptions faults = {}, PondOptions options = {}) {
    static std::atomic<int> next{0};
    Process process;
    process.store = std::make_shared<FaultyObjectStore>(memory_, std::move(faults));
    process.pond =
        Pond::Open(env_, process.store, std::move(options), "lake" + std::to_string(next++));
    process.engine = std::make_shared<FakeDataEngine>(env_, process.store);
    process.pond->SetEngine(process.engine);
    return process;
  }

  template <class T>
  T Await(Task<T> task) {
    return Block(env_.executor, std::move(task));
  }

  std::unique_ptr<Transaction> Begin(Pond& pond) {
    auto latest = Await(pond.Latest(Context{}));
    if (latest.ok()) return pond.Begin(*std::move(latest));
    EXPECT_EQ(latest.error().code(), StatusCode::kNotFound) << latest.error().ToString();
    return pond.Begin(pond.Nothing());
  }
  std::unique_ptr<Transaction> Begin() { return Begin(*here_.pond); }

  Status Commit(Transaction& transaction) {
    return Await(transaction.Commit(Context{}, CommitOptions{})).status();
  }

  Status CreateTable(const TableDef& def) {
    auto transaction = Begin();
    if (Status status = transaction->CreateTable(def); !status.ok()) return status;
    return Commit(*transaction);
  }

  TablePtr Find(Transaction& transaction, const std::string& table) {
    return transaction.view()->FindTable("main", table);
  }

  // One statement: rows that stay in the log.
  Status Insert(Transaction& transaction, const std::string& table, const TestRows& rows) {
    const TablePtr found = Find(transaction, table);
    if (found == nullptr) return Status::NotFound(table);
    const Status status = transaction.AddRows(found->def->id, MakeBatch(rows));
    if (!status.ok()) return status;
    return Await(transaction.CheckKeys(Context{}));
  }
  // One statement: rows that go into a file.
  Status InsertFile(const Process& process, Transaction& transaction, const std::string& table,
                    const TestRows& rows) {
    const TablePtr found = Find(transaction, table);
    if (found == nullptr) return Status::NotFound(table);
    std::vector<ColumnBatch> batches;
    batches.push_back(MakeBatch(rows));
    auto file = Await(process.engine->WriteFile(Context{}, found, std::move(batches)));
    if (!file.ok()) return file.error();
    const Status status = transaction.AddFile(found->def->id, *std::move(file));
    if (!status.ok()) return status;
    return Await(transaction.CheckKeys(Context{}));
  }
  Status InsertNow(Pond& pond, const std::string& table, const TestRows& rows) {
    auto transaction = Begin(pond);
    if (Status status = Insert(*transaction, table, rows); !status.ok()) return status;
    return Commit(*transaction);
  }
  Status InsertFileNow(const Process& process, const std::string& table, const TestRows& rows) {
    auto transaction = Begin(*process.pond);
    if (Status status = InsertFile(process, *transaction, table, rows); !status.ok()) return status;
    return Commit(*transaction);
  }

  // All rows of a table with their row ids, in the order of those.
  struct Found {
    uint64_t row_id = 0;
    TestRow row;
    bool operator==(const Found&) const = default;
  };
  std::vector<Found> Scan(const Catalog& catalog, const std::string& name) {
    const TablePtr table = catalog.FindTable("main", name);
    EXPECT_NE(table, nullptr) << name;
    std::vector<Found> rows;
    const auto files = Await(table->files.All(Context{}));
    EXPECT_TRUE(files.ok()) << files.status().ToString();
    for (const DataFilePtr& file : files.ok() ? *files : std::vector<DataFilePtr>()) {
      auto content = Await(FakeDataEngine::ReadFile(memory_, Context{}, file->path));
      EXPECT_TRUE(content.ok()) << content.status().ToString();
      if (!content.ok()) continue;
      EXPECT_EQ(content->size(), file->rows);
      for (size_t i = 0; i < content->size(); ++i) {
        const auto& one = (*content)[i];
        EXPECT_EQ(one.row_id.has_value(), file->row_id_column);
        rows.push_back(
            {one.row_id ? static_cast<uint64_t>(*one.row_id) : file->first_row_id + i, one.row});
      }
    }
    for (const InlineRowsPtr& some : table->inline_rows) {
      auto batch = ColumnBatch::Decode(some->encoded, table->def->FieldTypes());
      EXPECT_TRUE(batch.ok()) << batch.status().ToString();
      if (!batch.ok()) continue;
      const TestRows values = RowsOf(*batch);
      for (size_t i = 0; i < values.size(); ++i) {
        rows.push_back({some->first_row_id + i, values[i]});
      }
    }
    EXPECT_EQ(rows.size(), table->rows);
    std::ranges::sort(rows, {}, &Found::row_id);
    return rows;
  }
  std::vector<Found> ScanLatest(const std::string& name) {
    const auto other = OpenProcess();
    const auto latest = Await(other.pond->Latest(Context{}));
    EXPECT_TRUE(latest.ok()) << latest.status().ToString();
    return latest.ok() ? Scan(*latest->catalog, name) : std::vector<Found>();
  }

  // Objects in the store below "data/".
  size_t DataObjects() {
    const auto reply = Await(memory_->List(Context{}, "data/", std::nullopt));
    EXPECT_TRUE(reply.ok());
    return reply.ok() ? reply->objects.size() : 0;
  }

  SimExecutor executor_{1};
  SimEnv sim_{executor_, 2, 0};
  Env& env_ = sim_.env;
  std::shared_ptr<MemoryObjectStore> memory_ = std::make_shared<MemoryObjectStore>();
  Process here_ = OpenProcess();
};

}  // namespace duckpond
