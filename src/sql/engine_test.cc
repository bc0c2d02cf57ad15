// SPDX-License-Identifier: MIT
#include "sql/engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/env.h"
#include "log/event_log.h"
#include "sql/format_box.h"
#include "store/store_url.h"

namespace duckpond {
namespace {

std::string FreshUrl() {
  static std::atomic<int> next = 0;
  return "memory:engine_test_" + std::to_string(next++);
}

std::shared_ptr<Engine> Open(bool sandbox = false, const std::string& url = FreshUrl(),
                             const std::string& latency = "") {
  EngineOptions options;
  options.url = url;
  options.sandbox = sandbox;
  options.latency_profile = latency;
  auto engine = Engine::Open(options);
  EXPECT_TRUE(engine.ok()) << engine.status().ToString();
  return *engine;
}

// The first column of the last result, as text, a comma between rows; or the error.
std::string Ask(Session& session, const std::string& sql, const RunOptions& options = {},
                Context context = {}) {
  auto result = session.RunAll(std::move(context), sql, options);
  if (!result.ok()) return result.error().ToString();
  std::string answer;
  while (*result) {
    auto rows = (*result)->Next();
    if (!rows.ok()) return rows.error().ToString();
    if (!*rows) break;
    for (size_t row = 0; row < (*rows)->rows(); ++row) {
      if (!answer.empty()) answer.push_back(',');
      (*rows)->AppendText(0, row, answer);
    }
  }
  return answer;
}

bool Refused(const std::string& answer) {
  return answer.find("Permission Error") != std::string::npos;
}

TEST(Engine, ThePondIsTheDefaultCatalogOfEveryConnection) {
  auto engine = Open();
  auto one = engine->Connect().value();
  auto two = engine->Connect().value();
  EXPECT_EQ(Ask(*one, "SELECT current_database()"), "pond");
  EXPECT_EQ(Ask(*one, "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2); FROM t"), "1,2");
  EXPECT_EQ(Ask(*two, "SELECT count(*) FROM pond.main.t"), "2");
}

TEST(Engine, RunAllGivesTheLastResultAndStopsAtTheFirstFailure) {
  auto engine = Open();
  auto session = engine->Connect().value();
  EXPECT_EQ(Ask(*session, "SELECT 1; SELECT 2;"), "2");
  EXPECT_EQ(Ask(*session, " -- nothing\n ;"), "");
  EXPECT_NE(Ask(*session, "CREATE TABLE t (a INTEGER); SELECT nope; DROP TABLE t").find("nope"),
            std::string::npos);
  EXPECT_EQ(Ask(*session, "SELECT count(*) FROM t"), "0");
}

TEST(Engine, ErrorsTellWhoseFaultTheyAre) {
  auto engine = Open();
  auto session = engine->Connect().value();
  auto result = session->RunAll({}, "SELEC 1", {});
  EXPECT_EQ(result.error().code(), StatusCode::kInvalid);
  EXPECT_EQ(session->blame(), Blame::kStatement);
  result = session->RunAll({}, "FROM read_csv('/nowhere/at/all.csv')", {});
  EXPECT_EQ(result.error().code(), StatusCode::kUnavailable);
  EXPECT_EQ(session->blame(), Blame::kStore);
}

TEST(Engine, AFailureInTheMiddleOfAStreamIsAnErrorNotAnEnd) {
  auto engine = Open();
  auto session = engine->Connect().value();
  auto result = session
                    ->RunAll({},
                             "SELECT CASE WHEN i = 1500000 THEN error('late') ELSE i END "
                             "FROM range(2000000) t(i)",
                             {})
                    .value();
  size_t chunks = 0;
  Status status;
  while (true) {
    auto rows = result->Next();
    status = rows.status();
    if (!rows.ok() || !*rows) break;
    ++chunks;
  }
  EXPECT_GT(chunks, 0u);
  EXPECT_NE(status.message().find("late"), std::string::npos);
}

TEST(Engine, OnlyReadsRefusesEveryKindOfChange) {
  auto engine = Open();
  auto session = engine->Connect().value();
  ASSERT_EQ(Ask(*session, "CREATE TABLE t (a INTEGER); PREPARE p AS INSERT INTO t VALUES (1)"), "");
  RunOptions reads;
  reads.only_reads = true;
  for (const char* sql :
       {"INSERT INTO t VALUES (1)", "CREATE TABLE u (a INTEGER)", "CREATE TABLE u AS SELECT 1",
        "DROP TABLE t", "EXECUTE p", "CREATE SCHEMA s", "CREATE VIEW v AS SELECT 1",
        "COPY t TO '/tmp/never.csv'", "ATTACH ':memory:' AS other", "DETACH pond",
        "EXPLAIN ANALYZE INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1) RETURNING a",
        "CALL pond.set_option('inline_bytes', 0)", "FROM pond.set_option('inline_bytes', 0)",
        "COMMENT ON TABLE t IS 'x'", "PREPARE c AS COPY t TO '/tmp/never.csv'"}) {
    EXPECT_TRUE(Refused(Ask(*session, sql, reads))) << sql;
    EXPECT_EQ(session->blame(), Blame::kPolicy) << sql;
  }
  EXPECT_EQ(Ask(*session, "SELECT count(*) FROM t", reads), "0");
  EXPECT_EQ(Ask(*session, "EXPLAIN SELECT 1", reads).find("Permission"), std::string::npos);
}

TEST(Engine, TheSandboxKeepsSqlInsideThePond) {
  auto engine = Open(/*sandbox=*/true);
  auto session = engine->Connect().value();
  for (const char* sql :
       {"CREATE TABLE memory.t (a INTEGER)", "CREATE VIEW memory.v AS SELECT 1",
        "ATTACH ':memory:' AS other", "ATTACH '/tmp/x.duckdb' AS other", "DETACH pond",
        "INSTALL httpfs", "LOAD httpfs", "FROM read_text('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/never.csv'", "EXPORT DATABASE '/tmp/never'",
        "CREATE SECRET s (TYPE http)", "ALTER DATABASE pond SET ALIAS TO other"}) {
    EXPECT_TRUE(Refused(Ask(*session, sql))) << sql << "\n" << Ask(*session, sql);
  }
  for (const char* sql : {"SET memory_limit = '1TB'", "SET enable_external_access = true",
                          "SET lock_configuration = false", "SET threads = 100"}) {
    EXPECT_NE(Ask(*session, sql).find("rror"), std::string::npos) << sql;
  }
  EXPECT_EQ(Ask(*session, "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (4); FROM t"), "4");
  EXPECT_EQ(Ask(*session, "CREATE TEMP TABLE x AS SELECT 5 AS a; FROM x"), "5");
  EXPECT_EQ(Ask(*session, "SET TimeZone = 'UTC'; SELECT 6"), "6");
}

TEST(Engine, TheSandboxHasNoFunctionsThatChangeTheInstance) {
  auto engine = Open(/*sandbox=*/true);
  auto session = engine->Connect().value();
  ASSERT_EQ(Ask(*session, "CREATE TABLE t (a INTEGER)"), "");
  for (const char* sql :
       {"CALL enable_logging()",
        "CALL enable_logging(storage = 'file', storage_path = '/tmp/never')",
        "CALL main.enable_logging()", "CALL system.main.enable_logging()", "CALL disable_logging()",
        "FROM duckdb_logs()", "FROM duckdb_logs", "CALL truncate_duckdb_logs()",
        "CALL enable_profiling(format = 'json', save_location = '/tmp/never.json')",
        "CALL enable_peg_parser()", "SELECT write_log('x')",
        "PRAGMA add_parquet_key('k', '0123456789112345')", "PRAGMA disable_checkpoint_on_shutdown",
        "PRAGMA force_checkpoint", "CALL force_checkpoint()"}) {
    EXPECT_NE(Ask(*session, sql).find("Catalog Error"), std::string::npos) << sql << "\n"
                                                                           << Ask(*session, sql);
    EXPECT_EQ(Ask(*engine->Connect().value(), "SELECT 1"), "1") << sql;
  }
  auto open = Open();
  EXPECT_EQ(
      Ask(*open->Connect().value(), "CALL enable_logging(); CALL disable_logging(); SELECT 1"),
      "1");
}

TEST(Engine, ACancelledContextEndsARunningStatement) {
  auto engine = Open();
  auto session = engine->Connect().value();
  CancelSource source;
  Context context;
  context.cancel = source.token();
  auto result = session->RunAll(context, "SELECT i FROM range(100000000000) t(i)", {});
  ASSERT_TRUE(result.ok());
  ASSERT_TRUE((*result)->Next().ok());
  std::thread other([&source] { source.Cancel(); });
  Status status;
  while (status.ok()) status = (*result)->Next().status();
  other.join();
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_EQ(Ask(*session, "SELECT 1"), "1") << "the connection goes on after a cancelled statement";
}

TEST(Engine, AContextCancelledBeforeRunsNothing) {
  auto engine = Open();
  auto session = engine->Connect().value();
  CancelSource source;
  source.Cancel();
  Context context;
  context.cancel = source.token();
  auto result = session->RunAll(context, "SELECT sum(i) FROM range(100000000000) t(i)", {});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), StatusCode::kCancelled);
}

TEST(Engine, ParametersAreBoundByNameAndTakeTheTypeTheyMeet) {
  auto engine = Open();
  auto session = engine->Connect().value();
  RunOptions options;
  options.parameters = {{"x", "41"}, {"who", "O'Brien"}};
  EXPECT_EQ(Ask(*session, "SELECT $x::INTEGER + 1", options), "42");
  EXPECT_EQ(Ask(*session, "SELECT count(*) FROM range(100) t(i) WHERE i = $x", options), "1");
  EXPECT_EQ(Ask(*session, "SELECT 'Mr ' || $who", options), "Mr O'Brien");
}

TEST(Engine, AStatementThatLosesARaceIsRunAgain) {
  // Of a store that is far away, so that all look at the same version.
  auto engine = Open(false, FreshUrl(), "s3");
  auto session = engine->Connect().value();
  ASSERT_EQ(Ask(*session, "CREATE TABLE t (a INTEGER PRIMARY KEY)"), "");
  for (int round = 0; round < 3; ++round) {
    const std::string sql = "INSERT INTO t VALUES (" + std::to_string(round) + ") RETURNING a";
    std::atomic<int> inserted = 0;
    std::atomic<int> duplicate = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        auto own = engine->Connect().value();
        const std::string answer = Ask(*own, sql);
        inserted += answer == std::to_string(round);
        duplicate += answer.find("Duplicate key") != std::string::npos &&
                     answer.find("Conflict") == std::string::npos;
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(inserted, 1);
    EXPECT_EQ(duplicate, 7);
  }
}

TEST(Engine, WhatAnInsertReturnsIsShownOnceItIsCommitted) {
  auto engine = Open();
  auto session = engine->Connect().value();
  auto other = engine->Connect().value();
  Ask(*session, "CREATE TABLE t (a INTEGER)");
  Ask(*session, "PREPARE p AS INSERT INTO t FROM range($1::BIGINT) RETURNING a");
  RunOptions options;
  options.parameters = {{"1", "10000"}};
  int rows = 0;
  for (const char* sql : {"INSERT INTO t FROM range(10000) RETURNING a", "EXECUTE p(10000)",
                          "WITH r AS (FROM range(10000)) INSERT INTO t FROM r RETURNING a",
                          "INSERT INTO t FROM range($1::BIGINT) RETURNING a"}) {
    auto result = session->RunAll({}, sql, options);
    ASSERT_TRUE(result.ok()) << result.error().ToString();
    rows += 10000;
    EXPECT_EQ(Ask(*other, "SELECT count(*) FROM t"), std::to_string(rows)) << sql;
  }
}

TEST(Engine, ATransactionThatLosesARaceIsNotRunAgain) {
  auto engine = Open();
  auto one = engine->Connect().value();
  auto two = engine->Connect().value();
  ASSERT_EQ(Ask(*one, "CREATE TABLE t (a INTEGER PRIMARY KEY); BEGIN; INSERT INTO t VALUES (1)"),
            "1");
  ASSERT_EQ(Ask(*two, "INSERT INTO t VALUES (1)"), "1");
  auto result = one->RunAll({}, "COMMIT", {});
  EXPECT_EQ(result.status().code(), StatusCode::kConflict);
  EXPECT_EQ(Ask(*one, "FROM t"), "1");
}

// An event that this program does not know and may not ignore, as a newer one would write it.
class NewerChange final : public Change {
 public:
  Task<Result<std::vector<Event>>> Rebase(Context, Snapshot) override { return Make(); }
  static Task<Result<std::vector<Event>>> Make() {
    std::vector<Event> events;
    events.push_back({Env::Process().uuids.Next(), "grow_wings", R"({"count":2})", false});
    co_return events;
  }
};
class NewerFolder final : public Folder {
 public:
  StatePtr Empty() const override { return std::make_shared<FoldedState>(); }
  Result<StatePtr> Fold(StatePtr before, std::span<const Event>) const override { return before; }
  Result<std::vector<StateRun>> Unfold(const FoldedState&) const override {
    return std::vector<StateRun>();
  }
  bool Knows(std::string_view) const override { return true; }
};

TEST(Engine, ThePondOfANewerProgramShowsItsLogAndIsNotChanged) {
  const std::string url = FreshUrl();
  auto engine = Open(false, url);
  auto session = engine->Connect().value();
  ASSERT_EQ(Ask(*session, "CREATE TABLE t AS SELECT 1 AS a"), "1");
  Env& env = Env::Process();
  const NewerFolder folder;
  const auto newer = EventLog::Open(env, OpenStore(env, url, {}).value(), folder, {}, "newer");
  CommitOptions options;
  options.transaction = env.uuids.Next();
  ASSERT_TRUE(
      Block(env.executor, newer->Commit(Context{}, std::make_shared<NewerChange>(), options)).ok());
  for (const char* sql : {"FROM t", "INSERT INTO t VALUES (2)", "CREATE TABLE u (a INTEGER)"}) {
    const auto result = session->RunAll({}, sql, {});
    EXPECT_EQ(result.status().code(), StatusCode::kUnsupported) << sql;
    EXPECT_NE(result.status().message().find("grow_wings"), std::string::npos) << sql;
    EXPECT_EQ(session->blame(), Blame::kStore) << sql;
  }
  EXPECT_EQ(Ask(*session, "SELECT data.other FROM pond.log() WHERE event = 'other'"),
            R"({"event":"grow_wings","data":{"count":2}})");
  EXPECT_EQ(Ask(*session, "SELECT count(*) FROM pond.log() WHERE event = 'create_table'"), "1");
  EXPECT_EQ(Ask(*session, "SELECT max(snapshot_id) FROM pond.snapshots()"), "2");
  EXPECT_EQ(Ask(*session, "FROM t AT (VERSION => 1)"), "1");
  EXPECT_EQ(Block(env.executor, newer->Settle(Context{})), Status::Ok());
}

TEST(Engine, AnOpenTransactionIsKnown) {
  auto engine = Open();
  auto session = engine->Connect().value();
  EXPECT_FALSE(session->in_transaction());
  Ask(*session, "BEGIN");
  EXPECT_TRUE(session->in_transaction());
  Ask(*session, "ROLLBACK");
  EXPECT_FALSE(session->in_transaction());
}

TEST(Engine, KindsTellRowsFromChangesFromNothing) {
  auto engine = Open();
  auto session = engine->Connect().value();
  EXPECT_EQ(session->RunAll({}, "CREATE TABLE t (a INTEGER)", {}).value()->kind(),
            ResultKind::kNothing);
  EXPECT_EQ(session->RunAll({}, "INSERT INTO t VALUES (1)", {}).value()->kind(),
            ResultKind::kChanged);
  EXPECT_EQ(session->RunAll({}, "FROM t", {}).value()->kind(), ResultKind::kRows);
}

TEST(Engine, SessionsRunSideBySide) {
  auto engine = Open();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&engine, &right, i] {
      auto session = engine->Connect().value();
      for (int j = 0; j < 20; ++j) {
        const std::string n = std::to_string(i * 100 + j);
        right += Ask(*session, "SELECT " + n + " FROM range(3) LIMIT 1") == n;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 160);
}

TEST(FormatBox, CountsTheRowsItLeavesOut) {
  auto engine = Open();
  auto session = engine->Connect().value();
  auto result = session->RunAll({}, "SELECT i AS n FROM range(1000) t(i)", {}).value();
  BoxOptions options;
  options.rows_max = 10;
  const std::string box = RenderBox(*result, options).value();
  EXPECT_NE(box.find("1000 rows"), std::string::npos) << box;
  EXPECT_NE(box.find("999"), std::string::npos) << box;
  EXPECT_EQ(box.find(" 500 "), std::string::npos) << box;
}

}  // namespace
}  // namespace duckpond
