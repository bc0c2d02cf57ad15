// SPDX-License-Identifier: MIT
//
// LineEditor: reads lines from a terminal with editing and a history that is kept in a file.
//
// Threads:  the main thread.
#pragma once

#include <memory>
#include <string>

namespace duckpond {

class LineEditor {
 public:
  // The history is read from and written to `history_path`, unless that is empty.
  explicit LineEditor(std::string history_path);
  ~LineEditor();

  enum class Got : unsigned char { kLine, kInterrupt, kEnd };
  // Shows the prompt and reads a line, without its end, into `line`. kInterrupt: Ctrl-C was
  // pressed and what was typed is dropped.
  Got Read(const std::string& prompt, std::string& line);

  // Adds a statement to the history.
  void Remember(const std::string& statement);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duckpond
