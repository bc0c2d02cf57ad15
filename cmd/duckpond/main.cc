// SPDX-License-Identifier: MIT
//
// duckpond: the command line, the shell and the server in one program. Here they are joined.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "base/notice.h"
#include "cmd/duckpond/post.h"
#include "cmd/duckpond/serve.h"
#include "shell/command_line.h"
#include "shell/pond_commands.h"
#include "shell/shell.h"
#include "shell/sql_runner.h"

namespace duckpond {
namespace {

std::optional<std::string> Variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (!value) return std::nullopt;
  return value;
}

std::string HistoryPath() {
  if (auto path = Variable("DUCKPOND_HISTORY")) return *path;
  const auto home = Variable("HOME");
  return home ? *home + "/.duckpond_history" : "";
}

ExitCode RunGiven(const CommandLine& line, SqlRunner& runner) {
  if (!line.init_file.empty()) {
    const ExitCode code = RunFile(runner, line.init_file);
    if (code != ExitCode::kOk) return code;
  }
  if (!line.file.empty()) return RunFile(runner, line.file);
  for (size_t i = 0; i < line.sql.size(); ++i) {
    const ExitCode code = runner.Run(line.sql[i], PrintWhich::kLast);
    if (code != ExitCode::kOk) return code;
  }
  if (!line.sql.empty()) return ExitCode::kOk;
  if (isatty(STDIN_FILENO) != 0) {
    const std::string greeting =
        fmt::format("duckpond, {}. SQL ends with a semicolon; .help for more.\n", line.url);
    return RunInteractive(runner, greeting, HistoryPath());
  }
  return RunScript(runner, std::cin);
}

ExitCode RunSql(const CommandLine& line, Printer& printer) {
  auto engine = Engine::Open(EngineOptionsOf(line));
  if (!engine.ok()) {
    printer.Error(engine.error());
    return ExitCode::kStorage;
  }
  auto session = (*engine)->Connect();
  if (!session.ok()) {
    printer.Error(session.error());
    return ExitCode::kStorage;
  }
  SqlRunner runner(*std::move(session), printer);
  const ExitCode code = RunGiven(line, runner);
  if (line.cost) printer.Costs(runner.cost());
  return code;
}

ExitCode Create(const CommandLine& line, Printer& printer) {
  CostLedger ledger;
  const Status status = CreatePond(line, ledger);
  if (status.ok()) {
    printer.Text(fmt::format("A new pond at {}\n", line.url));
  } else {
    printer.Error(status);
  }
  if (line.cost) printer.Costs(ledger.Total());
  return ExitCodeOfStore(status);
}

ExitCode CreateTable(const CommandLine& line, Printer& printer) {
  const Result<bool> made = CreateStore(line);
  if (made.ok()) {
    printer.Text(fmt::format("{} for {}\n", *made ? "A new table" : "There is a table", line.url));
  } else {
    printer.Error(made.error());
  }
  return ExitCodeOfStore(made.status());
}

// Of the commands that read the log and print what they found.
ExitCode PrintLog(const CommandLine& line, Printer& printer) {
  CostLedger ledger;
  const auto text = [&] {
    if (line.command == CommandLine::Command::kLogShow) return ShowLog(line, ledger);
    if (line.command == CommandLine::Command::kCost) return EstimateCost(line, ledger);
    return VerifyLog(line, ledger);
  }();
  if (text.ok()) {
    printer.Text(*text);
  } else {
    printer.Error(text.error());
  }
  if (line.cost) printer.Costs(ledger.Total());
  return ExitCodeOfStore(text.status());
}

ExitCode Recover(const CommandLine& line, Printer& printer) {
  CostLedger ledger;
  const auto report = RecoverLog(line, ledger);
  if (report.ok()) printer.Text(report->text);
  const Status status = report.ok() ? report->outcome : report.error();
  if (!status.ok()) printer.Error(status);
  if (line.cost) printer.Costs(ledger.Total());
  return ExitCodeOfStore(status);
}

ExitCode RunCommand(CommandLine line, Printer& printer) {
  using Command = CommandLine::Command;
  printer.mode = line.mode;
  switch (line.command) {
    case Command::kSay:
      printer.Text(line.text);
      return ExitCode::kOk;
    case Command::kCreate:
      return Create(line, printer);
    case Command::kStoreCreate:
      return CreateTable(line, printer);
    case Command::kCost:
    case Command::kLogVerify:
    case Command::kLogShow:
      return PrintLog(line, printer);
    case Command::kLogRecover:
      return Recover(line, printer);
    case Command::kServe:
      return Serve(std::move(line), printer);
    case Command::kPost: {
      const std::string body{std::istreambuf_iterator<char>(std::cin), {}};
      return Post(line, body, printer);
    }
    case Command::kShell:
      break;
  }
  return RunSql(line, printer);
}

// An answer that did not arrive is not ok, whatever the pond says.
ExitCode Run(CommandLine line, Printer& printer) {
  const ExitCode code = RunCommand(std::move(line), printer);
  if (code != ExitCode::kOk || printer.written().ok()) return code;
  printer.Error(printer.written());
  return ExitCode::kStorage;
}

}  // namespace
}  // namespace duckpond

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // A file that may not grow is an error, as a full disk is.
  duckpond::Printer printer(stdout, stderr);
  // Not by the printer: a task may have something to say when that is gone.
  duckpond::SetNoticeSink([](const std::string& text) { fmt::print(stderr, "Note: {}\n", text); });
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  auto line = duckpond::ParseCommandLine(arguments, duckpond::Variable);
  if (!line.ok()) {
    printer.Error(line.error());
    return static_cast<int>(duckpond::ExitCode::kUsage);
  }
  return static_cast<int>(duckpond::Run(*std::move(line), printer));
}
