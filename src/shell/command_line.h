// SPDX-License-Identifier: MIT
//
// CommandLine: what the program was asked to do, from its arguments, the environment and defaults,
// in this order. DuckDB's and old duckpond's single-dash long options ("-json", "-port") are known;
// a subcommand wins over a pond of the same name ("./serve" is the pond).
//
// Variables:  DUCKPOND_URL, else S3_BUCKET (old duckpond's), name the pond; DUCKPOND_CDN, else, of
//             old duckpond's bucket, S3_PUBLIC_URL_PREFIX its CDN; DUCKPOND_TOKEN, else
//             BEARER_TOKEN, is the server's token; DUCKPOND_LISTEN is its address;
//             DUCKPOND_LOG_LEVEL, else LOG_LEVEL; DUCKPOND_CONSISTENCY, DUCKPOND_FRESHNESS;
//             DUCKPOND_CACHE_DIR, else duckpond in XDG_CACHE_HOME or ~/.cache. The stores read
//             their own.
// Errors:     kInvalid – the command line is wrong; the message says how.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/freshness.h"
#include "shell/output.h"

namespace duckpond {

// The value of an environment variable, if it is set.
using VariableLookup = std::function<std::optional<std::string>(const std::string& name)>;

struct CommandLine {
  enum class Command : unsigned char {
    kShell,  // SQL: from -c or -f, a pipe, or a person.
    kPost,   // What the server would answer to a body on standard input.
    kServe,
    kCreate,
    kStoreCreate,
    kLogShow,
    kLogVerify,
    kCost,
    kLogRecover,
    kSay,  // Print `text` and be done: help, version.
  };
  Command command = Command::kShell;
  std::string text;

  std::string url;
  std::string cdn;  // The pond's second door; empty for none.
  std::string latency_profile;
  bool read_only = false;
  Consistency consistency;  // Of --consistency and --freshness.
  std::string cache_dir;    // Empty: nothing is kept on disk.
  bool cost = false;
  OutputMode mode = OutputMode::kBox;

  bool apply = false;          // Of log recover: else it only says what it would do.
  bool from_segments = false;  // Of log recover.

  std::vector<std::string> sql;  // Of -c and the second argument.
  std::string file;              // Of -f.
  std::string init_file;         // Of -init: run before anything else.
  std::string post_target;       // "/query?default_format=CSV"

  std::string host = "127.0.0.1";
  uint16_t port = 8081;
  std::string token;  // Empty: one is made.
  bool no_auth = false;
  bool sandbox = true;
  std::string log_level = "info";
  // Limits of the server; what is not given stays as server/limits.h has it.
  struct Limits {
    std::optional<uint64_t> body_bytes_max;
    std::optional<uint64_t> bodies_bytes_max;
    std::optional<uint64_t> connections_max;
    std::optional<int> queries_running_max;
    std::optional<uint64_t> queries_waiting_max;
    std::optional<int64_t> query_ms_max;
    std::optional<uint64_t> memory_bytes_max;
  } limits;
};

Result<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments,
                                     const VariableLookup& variable);

// "host:port", ":port", "port" or "[v6]:port".
Status ParseListen(const std::string& text, CommandLine& line);

}  // namespace duckpond
