// SPDX-License-Identifier: MIT
#include "shell/shell.h"

#include <fstream>
#include <string_view>

#include "shell/dot_command.h"
#include "shell/line_editor.h"
#include "shell/statement_end.h"

namespace duckpond {
namespace {

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// Puts lines together to statements and runs them.
class Reader {
 public:
  explicit Reader(SqlRunner& runner) : runner_(runner) {}

  // Whether a statement is half typed.
  bool open() const { return !IsBlank(pending_); }
  bool quit() const { return quit_; }
  void Drop() { pending_.clear(); }
  // What was run last.
  const std::string& last() const { return last_; }

  ExitCode Take(const std::string& line) {
    last_.clear();
    if (!open() && line.starts_with('.')) {
      pending_.clear();
      last_ = line;
      const DotOutcome outcome = RunDotCommand(
          line, runner_, [this](const std::string& path) { return RunFile(runner_, path); });
      quit_ = outcome.quit;
      return outcome.code;
    }
    pending_ += line + "\n";
    return IsComplete(pending_) ? Run() : ExitCode::kOk;
  }

  // The last statement of a script needs no semicolon.
  ExitCode Run() {
    if (!open()) return ExitCode::kOk;
    std::string sql;
    sql.swap(pending_);
    last_ = sql.substr(0, sql.find_last_not_of(" \t\r\n") + 1);
    return runner_.Run(sql, PrintWhich::kEach);
  }

 private:
  SqlRunner& runner_;
  std::string pending_;
  std::string last_;
  bool quit_ = false;
};

}  // namespace

ExitCode RunInteractive(SqlRunner& runner, const std::string& greeting,
                        const std::string& history_path) {
  runner.printer().Text(greeting);
  LineEditor editor(history_path);
  Reader reader(runner);
  std::string line;
  while (!reader.quit()) {
    const auto got = editor.Read(reader.open() ? "     ...> " : "duckpond> ", line);
    if (got == LineEditor::Got::kEnd) {
      runner.printer().Text("\n");
      break;
    }
    if (got == LineEditor::Got::kInterrupt) {
      reader.Drop();
      runner.printer().Text("\n");
      continue;
    }
    // The failure was printed; at a terminal that is all there is to do about it.
    static_cast<void>(reader.Take(line));
    if (!reader.last().empty()) editor.Remember(reader.last());
  }
  return ExitCode::kOk;
}

ExitCode RunScript(SqlRunner& runner, std::istream& in) {
  Reader reader(runner);
  for (std::string line; !reader.quit() && std::getline(in, line);) {
    if (const ExitCode code = reader.Take(line); code != ExitCode::kOk) return code;
  }
  return reader.quit() ? ExitCode::kOk : reader.Run();
}

ExitCode RunFile(SqlRunner& runner, const std::string& path) {
  std::ifstream in(path);
  if (!in) {
    runner.printer().Error(Status::NotFound("cannot read the file " + path));
    return ExitCode::kUsage;
  }
  return RunScript(runner, in);
}

}  // namespace duckpond
