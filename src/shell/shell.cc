// SPDX-License-Identifier: MIT
#include "shell/shell.h"

#include <fstream>

#include "shell/dot_command.h"
#include "shell/interrupt.h"
#include "shell/line_editor.h"
#include "shell/statement_end.h"

namespace duckpond {
namespace {

// .read may stand in a file that is read.
constexpr int kReadDepthMax = 20;

ExitCode RunLines(SqlRunner& runner, std::istream& in, int depth);
ExitCode RunFileAt(SqlRunner& runner, const std::string& path, int depth);

// Puts lines together to statements and runs them.
class Reader {
 public:
  Reader(SqlRunner& runner, int depth) : runner_(runner), depth_(depth) {}

  // Whether a statement is half typed.
  bool open() const { return !pending_.empty(); }
  bool quit() const { return quit_; }
  void Drop() { pending_ = {}; }
  // What was run last.
  const std::string& last() const { return last_; }

  ExitCode Take(const std::string& line) {
    last_.clear();
    if (!open() && line.starts_with('.')) {
      Drop();
      last_ = line;
      const DotOutcome outcome = RunDotCommand(line, runner_, [this](const std::string& path) {
        return RunFileAt(runner_, path, depth_ + 1);
      });
      quit_ = outcome.quit;
      return outcome.code;
    }
    pending_.Add(line);
    return pending_.complete() ? Run() : ExitCode::kOk;
  }

  // The last statement of a script needs no semicolon.
  ExitCode Run() {
    if (!open()) return ExitCode::kOk;
    const std::string sql = pending_.Take();
    last_ = sql.substr(0, sql.find_last_not_of(" \t\r\n") + 1);
    return runner_.Run(sql, PrintWhich::kEach);
  }

 private:
  SqlRunner& runner_;
  const int depth_;
  StatementText pending_;
  std::string last_;
  bool quit_ = false;
};

ExitCode RunLines(SqlRunner& runner, std::istream& in, int depth) {
  Reader reader(runner, depth);
  for (std::string line; !reader.quit() && std::getline(in, line);) {
    if (const ExitCode code = reader.Take(line); code != ExitCode::kOk) return code;
  }
  if (reader.quit()) return ExitCode::kOk;
  // What was read until then may be half a statement.
  if (TakeInterrupt()) return ExitCode::kInterrupted;
  if (in.bad()) {
    runner.printer().Error(Status::Invalid("the script could not be read to its end"));
    return ExitCode::kUsage;
  }
  return reader.Run();
}

ExitCode RunFileAt(SqlRunner& runner, const std::string& path, int depth) {
  std::ifstream in(path);
  // A directory can be opened, and not read.
  if (!in || (in.peek() == std::ifstream::traits_type::eof() && in.bad())) {
    runner.printer().Error(Status::NotFound("cannot read the file " + path));
    return ExitCode::kUsage;
  }
  if (depth > kReadDepthMax) {
    runner.printer().Error(Status::Exhausted(path + " is read by files that read each other, " +
                                             std::to_string(depth) + " deep"));
    return ExitCode::kUsage;
  }
  return RunLines(runner, in, depth);
}

}  // namespace

ExitCode RunInteractive(SqlRunner& runner, const std::string& greeting,
                        const std::string& history_path) {
  runner.printer().Text(greeting);
  LineEditor editor(history_path);
  Reader reader(runner, 0);
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

ExitCode RunScript(SqlRunner& runner, std::istream& in) { return RunLines(runner, in, 0); }

ExitCode RunFile(SqlRunner& runner, const std::string& path) { return RunFileAt(runner, path, 0); }

}  // namespace duckpond
