// SPDX-License-Identifier: MIT
//
// ChildProcess: a program that a test starts, talks to and kills.
//
// Lifetime:  the destructor kills it and waits for it; it dies with the thread that started it,
// too.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace duckpond {

class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> command;          // The program's path and its arguments.
    std::map<std::string, std::string> added;  // Environment variables besides our own.
    std::string stderr_path;                   // Empty: our own.
  };
  static Result<ChildProcess> Start(const Options& options);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  // The next line of its standard output, without the end; empty when it has closed that.
  std::optional<std::string> ReadLine();
  // Whether it still runs.
  bool Runs();
  // Waits for its end; its exit code, or 128 plus the signal that ended it.
  int Wait();
  // kill -9.
  void Kill();

 private:
  ChildProcess(pid_t pid, int output) : pid_(pid), output_(output) {}
  pid_t pid_ = -1;
  int output_ = -1;
  std::optional<int> exit_code_;
  std::string read_;  // Of its output, not yet given out.
};

}  // namespace duckpond
