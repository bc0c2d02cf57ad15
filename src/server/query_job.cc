// SPDX-License-Identifier: MIT
#include "server/query_job.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "server/answer_tag.h"

namespace duckpond {

namespace {

// Some rows of a chunk. A chunk of wide rows would be gigabytes of text if it were written at once.
class RowSlice final : public ResultChunk {
 public:
  RowSlice(const ResultChunk& chunk, size_t first, size_t rows)
      : chunk_(chunk), first_(first), rows_(rows) {
    CHECK(rows > 0 && first <= chunk.rows() && rows <= chunk.rows() - first);
  }
  size_t rows() const override { return rows_; }
  void AppendJson(size_t column, size_t row, std::string& out) const override {
    chunk_.AppendJson(column, first_ + row, out);
  }
  bool AppendText(size_t column, size_t row, std::string& out) const override {
    return chunk_.AppendText(column, first_ + row, out);
  }

 private:
  const ResultChunk& chunk_;
  const size_t first_;
  const size_t rows_;
};

Problem NobodyReads() { return BadRequest("nobody reads the answer", ""); }

}  // namespace

// What was written and not yet sent.
struct QueryJob::Answer {
  const Session& session;
  std::string text = {};
  bool started = false;
  // How many rows to write before looking at the size again.
  size_t slice_rows = 1;
};

QueryJob::QueryJob(Engine& engine, ServerLimits limits, QueryRequest request,
                   std::function<Problem()> why_cancelled)
    : engine_(engine),
      limits_(limits),
      request_(std::move(request)),
      why_cancelled_(std::move(why_cancelled)) {}

void QueryJob::Run(Context context, ResponseSink& sink) {
  auto session = engine_.Connect();
  if (!session.ok()) {
    return Fail(ProblemOfStatement(session.error(), Blame::kInternal, request_.run.only_reads),
                /*started=*/false, sink);
  }
  RunOptions run = request_.run;
  if (AnswerUnchanged(context, **session, run, sink)) return;
  auto result = (*session)->RunAll(std::move(context), request_.sql, run);
  if (!result.ok()) {
    return Fail(ProblemOf(**session, result.error(), (*session)->blame()), /*started=*/false, sink);
  }
  if (!*result) {
    return sink.Whole(
        BadRequest("there is no SQL in this request", "").ToAnswer(request_.text_errors));
  }
  if ((*session)->in_transaction()) {
    const Status open =
        Status::Invalid("the request left its transaction open, so it was rolled back");
    return Fail(ProblemOf(**session, open, Blame::kStatement), /*started=*/false, sink);
  }
  WriteRows(**result, **session, sink);
}

Consistency QueryJob::ReadWith() const {
  return request_.run.reading.consistency.value_or(engine_.consistency());
}

bool QueryJob::AnswerUnchanged(const Context& context, Session& session, RunOptions& run,
                               ResponseSink& sink) const {
  constexpr int kNotModified = 304;
  if (request_.if_none_match.empty()) return false;
  const auto read = session.Look(context, run.reading);
  if (!read.ok()) return false;  // Running it says why.
  // What was looked at is new enough: nobody is asked again.
  run.reading.consistency = Consistency{Consistency::Kind::kCached, {}};
  run.reading.min_version = std::max(run.reading.min_version, read->version);
  if (!HasTag(request_.if_none_match, TagOf(request_, *read))) return false;
  WebAnswer answer;
  answer.status = kNotModified;
  answer.headers = CacheFields(request_, ReadWith(), *read);
  answer.headers.emplace_back("Duckpond-Version", fmt::format("{}", read->version));
  answer.headers.emplace_back("Duckpond-Cost", session.cost().ToJson());
  sink.Whole(std::move(answer));
  return true;
}

WebFields QueryJob::HeadFields(const Session& session) const {
  WebFields fields = {{"Content-Type", std::string(ContentTypeOf(request_.format))}};
  if (const Version version = session.version()) {
    fields.emplace_back("Duckpond-Version", fmt::format("{}", version));
  }
  for (auto& field : CacheFields(request_, ReadWith(), session.repeatable())) {
    fields.push_back(std::move(field));
  }
  return fields;
}

WebFields QueryJob::CostFields(const ResultStatistics& statistics) const {
  constexpr double kUsPerMs = 1e3;
  return {{"Duckpond-Cost", statistics.cost.ToJson()},
          {"Server-Timing",
           fmt::format("query;dur={:.3f}", static_cast<double>(statistics.elapsed_us) / kUsPerMs)}};
}

// Why the request of this session failed.
Problem QueryJob::ProblemOf(const Session& session, const Status& status, Blame blame) const {
  const bool cancelled = status.code() == StatusCode::kCancelled;
  Problem problem =
      cancelled ? why_cancelled_() : ProblemOfStatement(status, blame, request_.run.only_reads);
  return session.has_committed() ? AfterCommits(std::move(problem)) : problem;
}

void QueryJob::Fail(const Problem& problem, bool started, ResponseSink& sink) {
  if (started) return sink.Abort(problem);
  sink.Whole(problem.ToAnswer(request_.text_errors));
}

// Sends what there is as a part of a stream. False once nobody reads.
bool QueryJob::SendBlock(Answer& answer, ResponseSink& sink) {
  if (!answer.started) {
    WebAnswer head;
    head.headers = HeadFields(answer.session);
    head.headers.emplace_back("Trailer", "Duckpond-Cost, Server-Timing");
    answer.started = true;
    sink.Start(std::move(head));
  }
  std::string block;
  block.swap(answer.text);
  answer.text.reserve(block.size());
  return sink.Write(std::move(block));
}

// Writes the rows and sends each block that is full. False if nobody reads, or must not be sent
// any.
bool QueryJob::SendFullBlocks(const ResultChunk& rows, ResultWriter& writer, Answer& answer,
                              ResponseSink& sink) {
  const size_t bytes_max =
      request_.can_stream ? limits_.whole_bytes_max : limits_.unstreamed_bytes_max;
  for (size_t first = 0; first < rows.rows();) {
    CHECK(answer.slice_rows > 0);
    const size_t count = std::min(answer.slice_rows, rows.rows() - first);
    const size_t before = answer.text.size();
    writer.Rows(RowSlice(rows, first, count), answer.text);
    first += count;
    // Twice as many at most: the next rows may be wider.
    const size_t row_bytes = (answer.text.size() - before) / count + 1;
    answer.slice_rows = std::clamp(bytes_max / row_bytes, size_t{1}, 2 * answer.slice_rows);
    if (answer.text.size() < bytes_max) continue;
    if (!request_.can_stream) {
      const Status needs = Status::Exhausted(
          fmt::format("an answer of more than {} bytes needs HTTP/1.1", bytes_max));
      Fail(ProblemOf(answer.session, needs, Blame::kStatement), /*started=*/false, sink);
      return false;
    }
    if (SendBlock(answer, sink)) continue;
    sink.Abort(NobodyReads());
    return false;
  }
  return true;
}

void QueryJob::WriteRows(QueryResult& result, Session& session, ResponseSink& sink) {
  auto writer = MakeResultWriter(request_.format);
  Answer answer{.session = session};
  writer->Begin(result.columns(), answer.text);
  while (true) {
    auto rows = result.Next();
    if (!rows.ok()) {
      return Fail(ProblemOf(session, rows.error(), session.blame()), answer.started, sink);
    }
    if (!*rows) break;
    if (!SendFullBlocks(**rows, *writer, answer, sink)) return;
  }
  const ResultStatistics statistics = result.statistics();
  writer->End(statistics, answer.text);
  if (answer.started) {
    if (!answer.text.empty() && !SendBlock(answer, sink)) return sink.Abort(NobodyReads());
    return sink.Finish(CostFields(statistics));
  }
  WebAnswer whole;
  whole.headers = HeadFields(session);
  for (auto& field : CostFields(statistics)) whole.headers.push_back(std::move(field));
  whole.body = std::move(answer.text);
  sink.Whole(std::move(whole));
}

}  // namespace duckpond
