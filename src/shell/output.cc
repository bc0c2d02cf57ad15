// SPDX-License-Identifier: MIT
#include "shell/output.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sql/format_box.h"
#include "sql/result_writer.h"

namespace duckpond {
namespace {

struct Named {
  std::string_view name;
  OutputMode mode;
};
constexpr Named kModes[] = {
    {"box", OutputMode::kBox},           {"csv", OutputMode::kCsv},
    {"json", OutputMode::kJson},         {"jsonlines", OutputMode::kJsonLines},
    {"markdown", OutputMode::kMarkdown}, {"line", OutputMode::kLine},
};

ResultFormat FormatOf(OutputMode mode) {
  switch (mode) {
    case OutputMode::kCsv:
      return ResultFormat::kCsv;
    case OutputMode::kJsonLines:
      return ResultFormat::kJsonEachRow;
    case OutputMode::kMarkdown:
      return ResultFormat::kMarkdown;
    case OutputMode::kLine:
      return ResultFormat::kLine;
    default:
      return ResultFormat::kJson;
  }
}

// The terminal's width. A box is for eyes wherever it goes: what must be whole has other modes.
size_t WidthOf(std::FILE* out) {
  constexpr size_t kElsewhere = 120;
  winsize size{};
  const bool terminal = isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0;
  return terminal && size.ws_col > 0 ? size.ws_col : kElsewhere;
}

// Writes all of it, past stdio, which drops what it holds when Ctrl-C interrupts a write that waits
// for its reader. Gives the errno of what went wrong, or 0.
int WriteAll(std::FILE* file, std::string_view text) {
  if (std::fflush(file) != 0) return errno;
  while (!text.empty()) {
    const ssize_t written = write(fileno(file), text.data(), text.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

}  // namespace

std::optional<OutputMode> ParseOutputMode(std::string_view name) {
  if (name == "duckbox") return OutputMode::kBox;
  for (const Named& known : kModes) {
    if (known.name == name) return known.mode;
  }
  return std::nullopt;
}

std::string OutputModeNames() {
  std::string names;
  for (const Named& known : kModes) names += (names.empty() ? "" : ", ") + std::string(known.name);
  return names;
}

Status Printer::Print(QueryResult& result) {
  if (result.kind() != ResultKind::kRows) {
    ASSIGN_OR_RETURN(const ResultChunk* rows, result.Next());
    while (rows) {
      ASSIGN_OR_RETURN(rows, result.Next());
    }
  } else {
    RETURN_IF_ERROR(PrintRows(result));
  }
  if (timer) {
    constexpr double kUsPerSecond = 1e6;
    const double seconds = static_cast<double>(result.statistics().elapsed_us) / kUsPerSecond;
    Text(fmt::format("Run Time (s): real {:.3f}\n", seconds));
  }
  return Status::Ok();
}

Status Printer::PrintRows(QueryResult& result) {
  if (mode == OutputMode::kBox) {
    BoxOptions options;
    options.width_max = WidthOf(out_);
    ASSIGN_OR_RETURN(const std::string box, RenderBox(result, options));
    Text(box);
    return Status::Ok();
  }
  auto writer = MakeResultWriter(FormatOf(mode));
  std::string text;
  writer->Begin(result.columns(), text);
  while (true) {
    ASSIGN_OR_RETURN(const ResultChunk* rows, result.Next());
    if (!rows) break;
    writer->Rows(*rows, text);
    Text(text);
    RETURN_IF_ERROR(written_);
    text.clear();
  }
  writer->End(result.statistics(), text);
  Text(text);
  return Status::Ok();
}

void Printer::Text(std::string_view text) {
  if (!written_.ok()) return;
  const int error = WriteAll(out_, text);
  if (error == 0) return;
  written_ = Status::Exhausted(std::string("cannot write the output: ") + std::strerror(error));
}

void Printer::Error(const Status& status) {
  const bool colour = isatty(fileno(errors_)) != 0;
  const std::string line = (colour ? "\033[1;31m" : "") + std::string("Error") +
                           (colour ? "\033[0m" : "") + ": " + status.message() + "\n";
  ErrorText(line);
}

void Printer::ErrorText(std::string_view text) { static_cast<void>(WriteAll(errors_, text)); }
void Printer::Costs(const Cost& cost) { ErrorText(cost.ToJson() + "\n"); }

}  // namespace duckpond
