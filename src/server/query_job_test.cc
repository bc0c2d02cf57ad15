// SPDX-License-Identifier: MIT
#include "server/query_job.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace duckpond {
namespace {

// Records what a job writes; after `blocks_max` blocks its client is gone.
class RecordingSink final : public ResponseSink {
 public:
  explicit RecordingSink(size_t blocks_max = 1000000) : blocks_max_(blocks_max) {}
  void Whole(WebAnswer answer) override {
    whole = std::move(answer);
    ++ends;
  }
  void Start(WebAnswer head) override {
    started = true;
    whole.headers = head.headers;
  }
  bool Write(std::string block) override {
    EXPECT_TRUE(started);
    body += block;
    block_bytes_max = std::max(block_bytes_max, block.size());
    return ++blocks < blocks_max_;
  }
  void Finish(WebFields fields) override {
    trailers = std::move(fields);
    ++ends;
  }
  void Abort(const Problem& why) override {
    aborted = true;
    aborted_with = why;
    ++ends;
  }

  WebAnswer whole;
  std::string body;
  WebFields trailers;
  size_t blocks = 0;
  size_t block_bytes_max = 0;
  Problem aborted_with;
  int ends = 0;
  bool started = false;
  bool aborted = false;

 private:
  const size_t blocks_max_;
};

class QueryJobTest : public testing::Test {
 protected:
  void SetUp() override {
    EngineOptions options;
    options.url = "memory:query_job_test";
    options.sandbox = true;
    engine_ = Engine::Open(options).value();
    limits_.whole_bytes_max = 1000;
  }

  void Run(const std::string& sql, RecordingSink& sink, Context context = {}) {
    QueryRequest request = request_;
    request.sql = sql;
    QueryJob job(*engine_, limits_, request, [] { return TookTooLong(7); });
    job.Run(std::move(context), sink);
    EXPECT_EQ(sink.ends, 1) << "an answer ends once";
  }

  std::shared_ptr<Engine> engine_;
  ServerLimits limits_;
  QueryRequest request_;
};

bool Has(const WebFields& fields, const std::string& name) {
  for (const auto& field : fields) {
    if (field.first == name && !field.second.empty()) return true;
  }
  return false;
}

TEST_F(QueryJobTest, AShortAnswerIsWholeWithItsCost) {
  RecordingSink sink;
  Run("SELECT 41 + 1 AS n", sink);
  EXPECT_EQ(sink.whole.status, 200);
  EXPECT_EQ(sink.whole.body, "{\"n\":42}\n");
  EXPECT_TRUE(Has(sink.whole.headers, "Duckpond-Cost"));
  EXPECT_TRUE(Has(sink.whole.headers, "Server-Timing"));
  EXPECT_FALSE(sink.started);
}

TEST_F(QueryJobTest, ALongAnswerStreamsAndEndsWithItsCost) {
  RecordingSink sink;
  Run("SELECT i FROM range(100000) t(i)", sink);
  EXPECT_TRUE(sink.started);
  EXPECT_FALSE(sink.aborted);
  EXPECT_GT(sink.blocks, 10u);
  EXPECT_TRUE(sink.body.ends_with("{\"i\":99999}\n"));
  EXPECT_TRUE(Has(sink.trailers, "Duckpond-Cost"));
}

TEST_F(QueryJobTest, AFailureBeforeTheFirstByteIsAnError) {
  RecordingSink sink;
  Run("SELECT nope", sink);
  EXPECT_EQ(sink.whole.status, 400);
  EXPECT_NE(sink.whole.body.find("nope"), std::string::npos);
}

TEST_F(QueryJobTest, AFailureAfterTheFirstByteAborts) {
  RecordingSink sink;
  Run("SELECT CASE WHEN i = 1500000 THEN error('late') ELSE i END AS i FROM range(2000000) t(i)",
      sink);
  EXPECT_TRUE(sink.started);
  EXPECT_TRUE(sink.aborted);
  EXPECT_NE(sink.aborted_with.message.find("late"), std::string::npos);
}

TEST_F(QueryJobTest, AFailureBehindACommitSaysThatSomethingStays) {
  const auto says_so = [this](const std::string& sql, Context context = {}) {
    RecordingSink sink;
    Run(sql, sink, std::move(context));
    return sink.whole.body.find("do not send all of it again") != std::string::npos;
  };
  EXPECT_TRUE(says_so("CREATE OR REPLACE TABLE stays (a INTEGER); SELECT nope"));
  EXPECT_TRUE(says_so("INSERT INTO stays VALUES (1); BEGIN"));
  EXPECT_FALSE(says_so("BEGIN; INSERT INTO stays VALUES (1); SELECT nope"));
  EXPECT_FALSE(says_so("SELECT count(*) FROM stays; SELECT nope"));
  EXPECT_FALSE(says_so("INSERT INTO stays VALUES (1), (nope)"));
}

TEST_F(QueryJobTest, OfWideRowsOnlySomeAreInMemory) {
  RecordingSink sink;
  Run("SELECT CASE WHEN i % 100 < 50 THEN 'x' ELSE repeat('x', 10000) END AS a FROM range(2000) "
      "t(i)",
      sink);
  EXPECT_FALSE(sink.aborted);
  EXPECT_EQ(std::count(sink.body.begin(), sink.body.end(), '\n'), 2000);
  // Of the narrow rows before, 50 fit into a block.
  EXPECT_LT(sink.block_bytes_max, 100u * 10000u);
}

TEST_F(QueryJobTest, EveryRowIsWrittenOnceHoweverTheyAreCut) {
  limits_.whole_bytes_max = 1;
  for (const ResultFormat format : {ResultFormat::kJson, ResultFormat::kCsv}) {
    request_.format = format;
    RecordingSink cut;
    Run("SELECT i FROM range(5000) t(i)", cut);
    EXPECT_GT(cut.blocks, 1000u);
    limits_.whole_bytes_max = 1 << 20;
    RecordingSink whole;
    Run("SELECT i FROM range(5000) t(i)", whole);
    EXPECT_EQ(cut.body, whole.whole.body);
    limits_.whole_bytes_max = 1;
  }
}

TEST_F(QueryJobTest, AClientThatIsGoneEndsTheQuery) {
  RecordingSink sink(/*blocks_max=*/3);
  Run("SELECT i FROM range(100000000000) t(i)", sink);
  EXPECT_TRUE(sink.aborted);
  EXPECT_EQ(sink.blocks, 3u);
}

TEST_F(QueryJobTest, ACancelledQueryAnswersWithTheReason) {
  RecordingSink sink;
  CancelSource source;
  source.Cancel();
  Context context;
  context.cancel = source.token();
  Run("SELECT 1", sink, context);
  EXPECT_EQ(sink.whole.status, 408);
}

TEST_F(QueryJobTest, ATransactionLeftOpenIsAnErrorAndUndone) {
  RecordingSink first;
  Run("CREATE TABLE t (a INTEGER); BEGIN; INSERT INTO t VALUES (1)", first);
  EXPECT_EQ(first.whole.status, 400);
  EXPECT_NE(first.whole.body.find("rolled back"), std::string::npos);
  RecordingSink second;
  Run("SELECT count(*) AS n FROM t", second);
  EXPECT_EQ(second.whole.body, "{\"n\":0}\n");
}

TEST_F(QueryJobTest, ATransactionThatCommitsIsAnswered) {
  RecordingSink sink;
  Run("BEGIN; CREATE TABLE u (a INTEGER); INSERT INTO u VALUES (1), (2); COMMIT; "
      "SELECT sum(a) AS s FROM u",
      sink);
  EXPECT_EQ(sink.whole.body, "{\"s\":\"3\"}\n");
}

TEST_F(QueryJobTest, AClientThatCannotStreamGetsAllOrAnError) {
  request_.can_stream = false;
  limits_.unstreamed_bytes_max = 20000;
  RecordingSink small;
  Run("SELECT i FROM range(1000) t(i)", small);
  EXPECT_EQ(small.whole.status, 200);
  EXPECT_TRUE(small.whole.body.ends_with("{\"i\":999}\n"));
  RecordingSink large;
  Run("SELECT i FROM range(100000) t(i)", large);
  EXPECT_EQ(large.whole.status, 400);
}

TEST_F(QueryJobTest, AGetThatWritesIsRefused) {
  request_.run.only_reads = true;
  RecordingSink sink;
  Run("CREATE TABLE never (a INTEGER)", sink);
  EXPECT_EQ(sink.whole.status, 405);
}

TEST_F(QueryJobTest, WhatWouldBeLostAtARestartIsRefused) {
  RecordingSink sink;
  Run("CREATE TABLE memory.lost (a INTEGER)", sink);
  EXPECT_EQ(sink.whole.status, 403);
  EXPECT_NE(sink.whole.body.find("lost when the server stops"), std::string::npos);
}

}  // namespace
}  // namespace duckpond
