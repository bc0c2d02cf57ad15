// SPDX-License-Identifier: MIT
#include "shell/command_line.h"

#include <CLI/CLI.hpp>
#include <charconv>

#include "shell/long_options.h"
#include "store/process_caches.h"

namespace duckpond {
namespace {

constexpr const char* kVersionText = "duckpond 0.1.0 (DuckDB 1.5.5)\n";
constexpr const char* kFooter =
    "\nA pond is ./dir, /dir, s3://bucket/prefix, dynamodb://table/prefix, https://host/path\n"
    "(read-only) or memory:. Without one: DUCKPOND_URL, else s3://$S3_BUCKET, else ./pond.\n\n"
    "  duckpond serve ./pond                      SQL over HTTP\n"
    "  duckpond ./pond                            a shell\n"
    "  duckpond ./pond -c \"SELECT 42\" -json       one answer\n"
    "  echo 'select now()' | duckpond -post /query\n\n"
    "Exit codes: 0 ok, 1 SQL, 2 usage, 3 storage, 75 conflict: run it again, 76 unknown: look\n"
    "first, 130 interrupted.";

// Output modes that have a flag; of several flags, that of the mode which stands last here counts.
constexpr const char* kModes[] = {"box", "csv", "json", "jsonlines", "markdown", "line"};

// What the option parser fills in, before it is made sense of.
struct Parsed {
  std::string url;
  std::vector<std::string> sql;
  std::string positional_sql;
  std::string listen;
  std::string consistency;
  std::string freshness;
  std::string cache_dir;
  int port = -1;
  bool version = false;
  bool no_sandbox = false;
  bool modes[std::size(kModes)] = {};
};

void AddOptions(CLI::App& app, Parsed& parsed, CommandLine& line) {
  app.add_option("pond", parsed.url, "Where the pond is");
  app.add_option("sql", parsed.positional_sql, "SQL to run, as -c");
  app.add_option("-c", parsed.sql, "Run SQL and print the last result")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("-f", line.file, "Run a file of SQL and dot commands");
  app.add_option("--init", line.init_file, "Run a file before anything else");
  app.add_option("--post", line.post_target, "Answer SQL on standard input as the server would");
  for (size_t i = 0; i < std::size(kModes); ++i) {
    app.add_flag(std::string("--") + kModes[i], parsed.modes[i],
                 std::string("Print results as ") + kModes[i]);
  }
  app.add_flag("--readonly", line.read_only, "Refuse to change the pond");
  app.add_flag("--cost", line.cost, "Print what it cost, as JSON on standard error");
  app.add_option("--consistency", parsed.consistency,
                 "How new answers are: latest (default), bounded, cached");
  app.add_option("--freshness", parsed.freshness, "How old they may be, in seconds");
  app.add_option("--cache-dir", parsed.cache_dir, "Where to keep what was read; none for nowhere");
  app.add_option("--cdn", line.cdn, "Read through this CDN, https://host/path, what may be old");
  app.add_option("--latency", line.latency_profile, "Imitate the latency of a store: s3, r2, …");
  constexpr int kPortMax = 65535;
  app.add_option("--port", parsed.port, "Serve on this port (of serve; old duckpond's)")
      ->check(CLI::Range(0, kPortMax));
  app.add_option("--log-level", line.log_level, "debug, info, warn, error");
  app.add_flag("--version", parsed.version, "Print the version");
}

// With bounds: a server without a thread would take queries and never answer, and a time that
// overflows would be over at once.
void AddLimits(CLI::App& serve, CommandLine::Limits& limits) {
  constexpr uint64_t kGiga = uint64_t{1} << 30;
  constexpr uint64_t kMega = uint64_t{1} << 20;
  constexpr uint64_t kMany = 1'000'000;
  constexpr int kThreadsMax = 1024;
  constexpr int64_t kDayMs = 86'400'000;
  const auto bytes = CLI::Range(uint64_t{1}, kGiga * kMega);
  serve.add_option("--body-bytes-max", limits.body_bytes_max, "Largest request body")
      ->check(CLI::Range(uint64_t{1}, kGiga));
  serve.add_option("--bodies-bytes-max", limits.bodies_bytes_max, "All request bodies at once")
      ->check(bytes);
  serve.add_option("--connections-max", limits.connections_max, "Connections at once")
      ->check(CLI::Range(uint64_t{1}, kMany));
  serve.add_option("--queries-max", limits.queries_running_max, "Queries that run at once")
      ->check(CLI::Range(1, kThreadsMax));
  serve.add_option("--waiting-max", limits.queries_waiting_max, "Queries that wait")
      ->check(CLI::Range(uint64_t{0}, kMany));
  serve.add_option("--query-ms-max", limits.query_ms_max, "Longest a query may take")
      ->check(CLI::Range(int64_t{1}, kDayMs));
  serve.add_option("--memory-bytes-max", limits.memory_bytes_max, "Memory of all queries")
      ->check(CLI::Range(16 * kMega, kGiga * kMega));
}

void AddCommands(CLI::App& app, Parsed& parsed, CommandLine& line) {
  using Command = CommandLine::Command;
  const auto add = [&](CLI::App& parent, const char* name, const char* help, Command command) {
    CLI::App* sub = parent.add_subcommand(name, help);
    sub->fallthrough();
    sub->add_option("pond", parsed.url, "Where the pond is");
    sub->final_callback([&line, command] { line.command = command; });
    return sub;
  };
  add(app, "create", "Make a pond", Command::kCreate);
  CLI::App* serve = add(app, "serve", "Answer SQL over HTTP", Command::kServe);
  serve->add_option("--listen", parsed.listen, "Address to listen on (127.0.0.1:8081)");
  CLI::Option* token = serve->add_option("--token", line.token, "What clients must send");
  serve->add_flag("--no-auth", line.no_auth, "Let everybody in")->excludes(token);
  serve->add_flag("--no-sandbox", parsed.no_sandbox, "Let SQL reach this machine's files");
  AddLimits(*serve, line.limits);
  add(app, "cost", "Estimate what the pond costs a month", Command::kCost);
  CLI::App* log = app.add_subcommand("log", "Look at the pond's log");
  log->fallthrough();
  log->require_subcommand(1);
  add(*log, "show", "Print the log as a table", Command::kLogShow);
  add(*log, "verify", "Read and check all of it", Command::kLogVerify);
  CLI::App* recover = add(*log, "recover", "Bring it back, if it was lost", Command::kLogRecover);
  recover->add_flag("--apply", line.apply, "Do it; else say what would be done");
  recover->add_flag("--from-segments", line.from_segments, "Look at the history in log/ too");
  CLI::App* store = app.add_subcommand("store", "Make what ponds can lie in");
  store->fallthrough();
  store->require_subcommand(1);
  add(*store, "create", "Make the table of dynamodb://table, billed on demand",
      Command::kStoreCreate);
  app.add_subcommand("help", "Print this")->final_callback([&line] {
    line.command = Command::kSay;
  });
}

// What begins like a path or has a scheme is no SQL: somebody mistyped a command before it.
bool LooksLikeAPond(std::string_view text) {
  for (const std::string_view start : {"./", "../", "/", "~/"}) {
    if (text.starts_with(start)) return true;
  }
  return text.find("://") != std::string_view::npos && text.find(' ') == std::string_view::npos;
}

std::string FirstOf(const VariableLookup& variable, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto value = variable(name); value && !value->empty()) return *value;
  }
  return "";
}

std::string DefaultUrl(const VariableLookup& variable) {
  if (auto url = FirstOf(variable, {"DUCKPOND_URL"}); !url.empty()) return url;
  if (auto bucket = FirstOf(variable, {"S3_BUCKET"}); !bucket.empty()) return "s3://" + bucket;
  return "./pond";
}

Result<Consistency> ConsistencyOf(const Parsed& parsed, const VariableLookup& variable) {
  const std::string word =
      parsed.consistency.empty() ? FirstOf(variable, {"DUCKPOND_CONSISTENCY"}) : parsed.consistency;
  const std::string age =
      parsed.freshness.empty() ? FirstOf(variable, {"DUCKPOND_FRESHNESS"}) : parsed.freshness;
  std::optional<double> seconds;
  if (!age.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(age.data(), age.data() + age.size(), number);
    if (error != std::errc() || end != age.data() + age.size()) {
      return Status::Invalid("the freshness \"" + age + "\" is no number of seconds");
    }
    seconds = number;
  }
  return Consistency::Of(word.empty() ? std::nullopt : std::optional<std::string_view>(word),
                         seconds);
}

std::string CacheDirOf(const Parsed& parsed, const VariableLookup& variable) {
  std::string named = parsed.cache_dir;
  if (named.empty()) named = FirstOf(variable, {"DUCKPOND_CACHE_DIR"});
  if (named.empty()) {
    return DefaultCacheFolder([&variable](std::string_view name) {
      auto value = variable(std::string(name));
      return value && value->empty() ? std::nullopt : value;
    });
  }
  return named == "none" ? "" : named;
}

std::string DefaultCdn(const VariableLookup& variable, const std::string& url) {
  if (auto cdn = FirstOf(variable, {"DUCKPOND_CDN"}); !cdn.empty()) return cdn;
  const std::string bucket = FirstOf(variable, {"S3_BUCKET"});
  return url == "s3://" + bucket ? FirstOf(variable, {"S3_PUBLIC_URL_PREFIX"}) : "";
}

Status Settle(const Parsed& parsed, const VariableLookup& variable, CommandLine& line) {
  line.url = parsed.url.empty() ? DefaultUrl(variable) : parsed.url;
  if (line.cdn.empty()) line.cdn = DefaultCdn(variable, line.url);
  line.sql = parsed.sql;
  ASSIGN_OR_RETURN(line.consistency, ConsistencyOf(parsed, variable));
  line.cache_dir = CacheDirOf(parsed, variable);
  if (LooksLikeAPond(parsed.positional_sql)) {
    return Status::Invalid("\"" + parsed.url + "\" is no command, and \"" + parsed.positional_sql +
                           "\" no SQL; see duckpond --help");
  }
  if (!parsed.positional_sql.empty()) line.sql.push_back(parsed.positional_sql);
  for (size_t i = 0; i < std::size(parsed.modes); ++i) {
    if (parsed.modes[i]) line.mode = ParseOutputMode(kModes[i]).value();
  }
  line.sandbox = !parsed.no_sandbox;
  const bool shell = line.command == CommandLine::Command::kShell;
  if (shell && !line.post_target.empty()) line.command = CommandLine::Command::kPost;
  // Old duckpond served when it was given a port.
  if (shell && line.post_target.empty() && parsed.port >= 0) {
    line.command = CommandLine::Command::kServe;
  }
  const bool given = !line.sql.empty() || !line.file.empty() || !line.init_file.empty();
  if (line.command != CommandLine::Command::kShell && given) {
    return Status::Invalid("-c, -f, -init and SQL as an argument run SQL; this command does not");
  }
  if (!line.sql.empty() && !line.file.empty()) {
    return Status::Invalid("-c and -f exclude each other; a file may be read by -init");
  }
  // What follows is the server's: a variable that is wrong for it is not in others' way.
  if (line.command != CommandLine::Command::kServe) return Status::Ok();
  if (line.token.empty() && !line.no_auth) {
    line.token = FirstOf(variable, {"DUCKPOND_TOKEN", "BEARER_TOKEN"});
  }
  std::string listen = parsed.listen;
  if (listen.empty() && parsed.port >= 0) listen = std::to_string(parsed.port);
  if (listen.empty()) listen = FirstOf(variable, {"DUCKPOND_LISTEN"});
  return listen.empty() ? Status::Ok() : ParseListen(listen, line);
}

}  // namespace

Status ParseListen(const std::string& text, CommandLine& line) {
  const size_t colon = text.rfind(':');
  const bool only_port = colon == std::string::npos;
  const std::string port = only_port ? text : text.substr(colon + 1);
  std::string host = only_port ? "" : text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), line.port);
  if (error != std::errc() || end != port.data() + port.size() || port.empty()) {
    return Status::Invalid("the address \"" + text + "\" is not HOST:PORT");
  }
  if (!host.empty()) line.host = host;
  return Status::Ok();
}

Result<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments,
                                     const VariableLookup& variable) {
  CommandLine line;
  Parsed parsed;
  if (auto level = FirstOf(variable, {"DUCKPOND_LOG_LEVEL", "LOG_LEVEL"}); !level.empty()) {
    line.log_level = level;
  }
  CLI::App app("duckpond: a SQL database that is only files in a bucket", "duckpond");
  app.footer(kFooter);
  AddOptions(app, parsed, line);
  AddCommands(app, parsed, line);
  std::vector<std::string> rewritten = RewriteLongOptions(arguments);
  std::reverse(rewritten.begin(), rewritten.end());  // As CLI11 wants them.
  try {
    app.parse(rewritten);
  } catch (const CLI::CallForHelp&) {
    line.command = CommandLine::Command::kSay;
    line.text = app.help();
    return line;
  } catch (const CLI::ParseError& error) {
    return Status::Invalid(std::string(error.what()) + "; see duckpond --help");
  }
  if (line.command == CommandLine::Command::kSay) {
    line.text = app.get_formatter()->make_help(&app, "duckpond", CLI::AppFormatMode::Normal);
    return line;
  }
  if (parsed.version) {
    line.command = CommandLine::Command::kSay;
    line.text = kVersionText;
    return line;
  }
  RETURN_IF_ERROR(Settle(parsed, variable, line));
  return line;
}

}  // namespace duckpond
