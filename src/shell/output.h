// SPDX-License-Identifier: MIT
//
// Printer: results, failures and costs on the terminal or into a pipe.
//
// Threads:  one at a time.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "base/cost.h"
#include "base/status.h"
#include "sql/result_stream.h"

namespace duckpond {

// DuckDB's names: -box, -csv, -json, -jsonlines, -markdown, -line.
enum class OutputMode : unsigned char { kBox, kCsv, kJson, kJsonLines, kMarkdown, kLine };

std::optional<OutputMode> ParseOutputMode(std::string_view name);
// "box, csv, …" for messages.
std::string OutputModeNames();

class Printer {
 public:
  // Borrows both. Colours are used where a stream is a terminal.
  Printer(std::FILE* out, std::FILE* errors) : out_(out), errors_(errors) {}

  OutputMode mode = OutputMode::kBox;
  bool timer = false;

  // Prints the rows of a result; nothing for a statement that has none to show.
  // Errors: those of QueryResult::Next, and of written(); what was printed before stands.
  Status Print(QueryResult& result);

  void Text(std::string_view text);
  // Whether all that was printed so far has arrived. Errors: kExhausted – the disk is full, or
  // something else is wrong with where it goes.
  const Status& written() const { return written_; }
  void Error(const Status& status);
  // The same for what is a whole text already. What cannot be written there is dropped.
  void ErrorText(std::string_view text);
  // One line of JSON, on the error stream.
  void Costs(const Cost& cost);

 private:
  Status PrintRows(QueryResult& result);
  std::FILE* out_;
  std::FILE* errors_;
  Status written_;
};

}  // namespace duckpond
