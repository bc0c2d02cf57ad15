// SPDX-License-Identifier: MIT
#include "shell/dot_command.h"

#include <sstream>
#include <vector>

namespace duckpond {
namespace {

constexpr std::string_view kHelp =
    ".help              this list\n"
    ".mode [MODE]       show or set how results look: box, csv, json, jsonlines, markdown, line\n"
    ".quit, .exit       leave\n"
    ".read FILE         run a file of SQL and dot commands\n"
    ".schema [TABLE]    the statements that would make the tables\n"
    ".tables [PATTERN]  the tables and views, or those LIKE a pattern\n"
    ".timer on|off      say how long each statement took\n"
    "Everything else is SQL, up to a semicolon.\n";

std::string SqlText(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted.push_back('\'');
    quoted.push_back(c);
  }
  return quoted + "'";
}

std::vector<std::string> Words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

DotOutcome Wrong(SqlRunner& runner, const std::string& message) {
  runner.printer().Error(Status::Invalid(message));
  return {ExitCode::kUsage, false};
}

DotOutcome Tables(const std::vector<std::string>& words, SqlRunner& runner) {
  const std::string pattern = SqlText(words.size() > 1 ? words[1] : "%");
  return {runner.Run("SELECT schema_name AS schema, table_name AS name, 'table' AS kind "
                     "FROM duckdb_tables() WHERE database_name = current_database() AND NOT "
                     "internal AND table_name LIKE " +
                         pattern +
                         " UNION ALL SELECT schema_name, view_name, 'view' FROM duckdb_views() "
                         "WHERE database_name = current_database() AND NOT internal AND "
                         "view_name LIKE " +
                         pattern + " ORDER BY ALL",
                     PrintWhich::kEach),
          false};
}

DotOutcome Schema(const std::vector<std::string>& words, SqlRunner& runner) {
  const std::string name = words.size() > 1 ? SqlText(words[1]) : "";
  const auto only = [&name](const std::string& column) {
    return name.empty() ? "" : " AND " + column + " = " + name;
  };
  // A statement is to be copied, not to be looked at through a box or quotes.
  const ExitCode code = runner.RunForText(
      "SELECT sql FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal" +
      only("table_name") +
      " UNION ALL SELECT sql FROM duckdb_views() WHERE database_name = current_database() AND "
      "NOT internal" +
      only("view_name"));
  return {code, false};
}

DotOutcome Mode(const std::vector<std::string>& words, SqlRunner& runner) {
  if (words.size() < 2) {
    runner.printer().Text("The modes are " + OutputModeNames() + ".\n");
    return {};
  }
  const auto mode = ParseOutputMode(words[1]);
  if (!mode) {
    return Wrong(runner,
                 "the mode \"" + words[1] + "\" is not known; there are " + OutputModeNames());
  }
  runner.printer().mode = *mode;
  return {};
}

DotOutcome Timer(const std::vector<std::string>& words, SqlRunner& runner) {
  if (words.size() != 2 || (words[1] != "on" && words[1] != "off")) {
    return Wrong(runner, "write .timer on or .timer off");
  }
  runner.printer().timer = words[1] == "on";
  return {};
}

}  // namespace

DotOutcome RunDotCommand(const std::string& line, SqlRunner& runner,
                         const std::function<ExitCode(const std::string& path)>& read) {
  const std::vector<std::string> words = Words(line);
  const std::string& command = words[0];
  if (command == ".tables") return Tables(words, runner);
  if (command == ".schema") return Schema(words, runner);
  if (command == ".mode") return Mode(words, runner);
  if (command == ".timer") return Timer(words, runner);
  if (command == ".quit" || command == ".exit") return {ExitCode::kOk, true};
  if (command == ".help") {
    runner.printer().Text(kHelp);
    return {};
  }
  if (command == ".read") {
    if (words.size() != 2) return Wrong(runner, "write .read and the name of a file");
    return {read(words[1]), false};
  }
  return Wrong(runner, command + " is not known; see .help");
}

}  // namespace duckpond
