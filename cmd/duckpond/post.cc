// SPDX-License-Identifier: MIT
#include "cmd/duckpond/post.h"

#include <cstdio>

#include "server/query_job.h"
#include "shell/interrupt.h"

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

// Writes the answer to standard output.
class OutputSink final : public ResponseSink {
 public:
  void Whole(WebAnswer answer) override {
    code = ExitCodeOfHttp(answer.status);
    Put(code == ExitCode::kOk ? stdout : stderr, answer.body);
    KeepCost(answer.headers);
  }
  void Start(WebAnswer) override {}
  bool Write(std::string block) override { return Put(stdout, block); }
  void Finish(WebFields trailers) override { KeepCost(trailers); }
  void Abort() override { code = ExitCode::kSql; }

  ExitCode code = ExitCode::kOk;
  std::string cost;

 private:
  static bool Put(std::FILE* to, const std::string& text) {
    return std::fwrite(text.data(), 1, text.size(), to) == text.size() && std::fflush(to) == 0;
  }
  void KeepCost(const WebFields& fields) {
    for (const auto& [name, value] : fields) {
      if (name == "Duckpond-Cost") cost = value;
    }
  }
};

}  // namespace

ExitCode Post(const CommandLine& line, const std::string& body, Printer& printer) {
  EngineOptions options;
  options.url = line.url;
  options.read_only = line.read_only;
  options.latency_profile = line.latency_profile;
  auto engine = Engine::Open(options);
  if (!engine.ok()) {
    printer.Error(engine.error());
    return ExitCode::kStorage;
  }
  WebRequest request;
  request.method = "POST";
  if (const Status status = ParseTarget(line.post_target, request); !status.ok()) {
    printer.Error(status);
    return ExitCode::kUsage;
  }
  request.body = body;
  auto query = ParseQueryRequest(request);
  OutputSink sink;
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
  if (line.cost && !sink.cost.empty()) std::fprintf(stderr, "%s\n", sink.cost.c_str());
  return interrupted ? ExitCode::kInterrupted : sink.code;
}

}  // namespace duckpond
