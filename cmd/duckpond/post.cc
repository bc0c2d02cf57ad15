// SPDX-License-Identifier: MIT
#include "cmd/duckpond/post.h"

#include "server/query_job.h"
#include "shell/interrupt.h"
#include "shell/pond_commands.h"

namespace duckpond {
namespace {

ExitCode ExitCodeOfHttp(int status) {
  switch (status) {
    case 200:
      return ExitCode::kOk;
    case 409:
      return ExitCode::kConflict;
    case 504:
      return ExitCode::kUnknown;
    case 500:
    case 503:
    case 507:
      return ExitCode::kStorage;
    default:
      return ExitCode::kSql;
  }
}

// Writes the answer to standard output, and what went wrong to standard error.
class OutputSink final : public ResponseSink {
 public:
  explicit OutputSink(Printer& printer) : printer_(printer) {}

  void Whole(WebAnswer answer) override {
    code = ExitCodeOfHttp(answer.status);
    KeepCost(answer.headers);
    if (code == ExitCode::kOk) {
      static_cast<void>(Put(answer.body));
    } else {
      printer_.ErrorText(answer.body);
    }
  }
  void Start(WebAnswer) override {}
  bool Write(std::string block) override { return Put(block); }
  void Finish(WebFields trailers) override { KeepCost(trailers); }
  void Abort(const Problem& why) override {
    if (!printer_.written().ok()) return;
    code = ExitCodeOfHttp(why.status);
    printer_.ErrorText(why.ToAnswer(/*as_text=*/false).body);
  }

  ExitCode code = ExitCode::kOk;
  std::string cost;

 private:
  bool Put(const std::string& text) {
    printer_.Text(text);
    if (printer_.written().ok()) return true;
    printer_.Error(printer_.written());
    code = ExitCode::kStorage;
    return false;
  }
  void KeepCost(const WebFields& fields) {
    for (const auto& [name, value] : fields) {
      if (name == "Duckpond-Cost") cost = value;
    }
  }

  Printer& printer_;
};

// The request that a client would have sent. Errors: kInvalid for a target that is none of ours.
Result<WebRequest> RequestOf(const CommandLine& line, const std::string& body) {
  WebRequest request;
  request.method = "POST";
  RETURN_IF_ERROR(ParseTarget(line.post_target, request));
  if (request.path != "/" && request.path != "/query") {
    return Status::Invalid("there is nothing at " + line.post_target + "; write -post /query");
  }
  request.body = body;
  return request;
}

}  // namespace

ExitCode Post(const CommandLine& line, const std::string& body, Printer& printer) {
  const auto request = RequestOf(line, body);
  if (!request.ok()) {
    printer.Error(request.error());
    return ExitCode::kUsage;
  }
  auto engine = Engine::Open(EngineOptionsOf(line));
  if (!engine.ok()) {
    printer.Error(engine.error());
    return ExitCode::kStorage;
  }
  auto query = ParseQueryRequest(*request);
  OutputSink sink(printer);
  if (auto* problem = std::get_if<Problem>(&query)) {
    sink.Whole(problem->ToAnswer(false));
    return sink.code;
  }
  InterruptScope interrupts;
  bool interrupted = false;
  QueryJob job(**engine, ServerLimits{}, std::get<QueryRequest>(std::move(query)), [&interrupted] {
    interrupted = true;
    return BadRequest("interrupted", "");
  });
  job.Run(interrupts.context(), sink);
  if (line.cost && !sink.cost.empty()) printer.ErrorText(sink.cost + "\n");
  return interrupted ? ExitCode::kInterrupted : sink.code;
}

}  // namespace duckpond
