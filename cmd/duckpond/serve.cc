// SPDX-License-Identifier: MIT
#include "cmd/duckpond/serve.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "base/env.h"
#include "base/notice.h"
#include "server/access_log.h"
#include "server/auth.h"
#include "server/server.h"
#include "shell/interrupt.h"
#include "shell/pond_commands.h"
#include "store/store_url.h"

namespace duckpond {
namespace {

// A thousand clients at once need a thousand descriptors; most systems give fewer until asked.
// Gives how many connections there may be: those who only connect must leave some for the pond's
// files.
size_t RaiseDescriptorLimit() {
  constexpr size_t kOthersMax = 256;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kOthersMax;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kOthersMax;
  const size_t others = std::min<size_t>(kOthersMax, limit.rlim_cur / 2);
  return limit.rlim_cur - others;
}

Status PreparePond(const CommandLine& line, CostLedger& ledger) {
  if (IsBlankDirectory(line.url)) return line.read_only ? Status::Ok() : CreatePond(line, ledger);
  const Status found = FindPond(line, ledger);
  const auto parsed = ParseStoreUrl(line.url);
  const bool read_only = parsed.ok() && parsed->kind == StoreUrl::Kind::kHttp;
  if (found.code() != StatusCode::kNotFound || read_only) return found;
  return Status::NotFound(found.message() + "; make one with `duckpond create " + line.url + "`");
}

ServerLimits LimitsOf(const CommandLine::Limits& given) {
  ServerLimits limits;
  limits.body_bytes_max = given.body_bytes_max.value_or(limits.body_bytes_max);
  // One body that is allowed always fits.
  limits.bodies_bytes_max =
      std::max(given.bodies_bytes_max.value_or(limits.bodies_bytes_max), limits.body_bytes_max);
  limits.connections_max = given.connections_max.value_or(limits.connections_max);
  limits.queries_running_max = given.queries_running_max.value_or(limits.queries_running_max);
  limits.queries_waiting_max = given.queries_waiting_max.value_or(limits.queries_waiting_max);
  limits.query_ms_max = given.query_ms_max.value_or(limits.query_ms_max);
  return limits;
}

// A token that was given is its giver's secret, and this may end up in a log: only one that was
// made is shown.
void Greet(const CommandLine& line, bool made_token, const std::string& address, Printer& printer) {
  const bool local = line.host == "127.0.0.1" || line.host == "localhost" || line.host == "::1";
  printer.Text(fmt::format("duckpond serves {} at {}\n", line.url, address));
  if (line.no_auth) {
    printer.Text("Nobody is asked for a token (--no-auth).\n");
    printer.Text(fmt::format("  curl -d 'SELECT 42 AS answer' {}/query\n", address));
  } else {
    const std::string shown = made_token ? line.token : "<token>";
    printer.Text(made_token ? fmt::format("token {}\n", line.token)
                            : "The token is the one that was given.\n");
    printer.Text(
        fmt::format("  curl -H 'Authorization: Bearer {}' -d 'SELECT 42 AS answer' {}/query\n",
                    shown, address));
  }
  if (!local)
    printer.Text("Other machines can reach this address; what they send is not encrypted.\n");
}

}  // namespace

ExitCode Serve(CommandLine line, Printer& printer) {
  if (const Status status = SetLogLevel(line.log_level); !status.ok()) {
    printer.Error(status);
    return ExitCode::kUsage;
  }
  SetNoticeSink(LogNotice);
  CostLedger ledger;
  const Status prepared = PreparePond(line, ledger);
  if (line.cost) printer.Costs(ledger.Total());
  if (!prepared.ok()) {
    printer.Error(prepared);
    return ExitCodeOfStore(prepared);
  }
  const size_t connections_max = RaiseDescriptorLimit();
  std::signal(SIGPIPE, SIG_IGN);  // A client that went away is an error code, not the end.

  EngineOptions engine_options = EngineOptionsOf(line);
  engine_options.sandbox = line.sandbox;
  engine_options.memory_bytes_max = line.limits.memory_bytes_max.value_or(0);
  auto engine = Engine::Open(engine_options);
  if (!engine.ok()) {
    printer.Error(engine.error());
    return ExitCode::kStorage;
  }
  const bool make_token = line.token.empty() && !line.no_auth;
  if (make_token) line.token = MakeToken(Env::Process().random);
  ServerOptions options;
  options.host = line.host;
  options.port = line.port;
  options.token = line.token;
  options.limits = LimitsOf(line.limits);
  options.limits.connections_max = std::min(options.limits.connections_max, connections_max);
  auto server = Server::Listen(*engine, options);
  if (!server.ok()) {
    printer.Error(server.error());
    return ExitCode::kUsage;
  }
  const std::string shown_host =
      line.host.find(':') == std::string::npos ? line.host : "[" + line.host + "]";
  Greet(line, make_token, fmt::format("http://{}:{}", shown_host, (*server)->port()), printer);
  // One that came since the pond was looked at; from here on the server asks for them itself.
  if (TakeInterrupt()) return ExitCode::kInterrupted;
  (*server)->Run();
  printer.Text("duckpond has finished what was under way and stops\n");
  return ExitCode::kOk;
}

}  // namespace duckpond
