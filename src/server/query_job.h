// SPDX-License-Identifier: MIT
//
// QueryJob: runs the statements of one request and writes the answer into a ResponseSink: whole
// when it is short, with what it cost in the header; else as a stream, with the cost in the
// trailer. A GET that names the tag of the answer (answer_tag.h) is told 304 without running it.
//
// Invariants:  a stream that was begun is either finished, after the statement was, or aborted:
//              nothing that failed looks like an answer. No more than a block, and one row, of
//              the answer's text is in memory.
// Threads:     Run blocks its thread until the answer is written; the sink's methods are called
//              from there only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/limits.h"
#include "server/query_request.h"
#include "sql/engine.h"

namespace duckpond {

class ResponseSink {
 public:
  virtual ~ResponseSink() = default;
  // The whole answer. Nothing else is called after it.
  virtual void Whole(WebAnswer answer) = 0;
  // The head of a stream, without a body; then Write, any number of times, and Finish or Abort.
  virtual void Start(WebAnswer head) = 0;
  // Gives the next part of the body; waits while the client is slow. False once it is gone.
  virtual bool Write(std::string block) = 0;
  virtual void Finish(WebFields trailers) = 0;
  // Ends a stream in the middle; `why` is for those who can still say it.
  virtual void Abort(const Problem& why) = 0;
};

class QueryJob {
 public:
  // `why_cancelled` says what to answer once the context is cancelled.
  QueryJob(Engine& engine, ServerLimits limits, QueryRequest request,
           std::function<Problem()> why_cancelled);

  void Run(Context context, ResponseSink& sink);

 private:
  struct Answer;
  // Whether the client has the answer already, and was told so. `run` becomes what is left to do.
  bool AnswerUnchanged(const Context& context, Session& session, RunOptions& run,
                       ResponseSink& sink) const;
  Consistency ReadWith() const;
  void WriteRows(QueryResult& result, Session& session, ResponseSink& sink);
  bool SendBlock(Answer& answer, ResponseSink& sink);
  bool SendFullBlocks(const ResultChunk& rows, ResultWriter& writer, Answer& answer,
                      ResponseSink& sink);
  Problem ProblemOf(const Session& session, const Status& status, Blame blame) const;
  void Fail(const Problem& problem, bool started, ResponseSink& sink);
  // Known before the first row: what the answer is, and of which version of the pond.
  WebFields HeadFields(const Session& session) const;
  WebFields CostFields(const ResultStatistics& statistics) const;

  Engine& engine_;
  const ServerLimits limits_;
  const QueryRequest request_;
  const std::function<Problem()> why_cancelled_;
};

}  // namespace duckpond
