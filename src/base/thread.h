// SPDX-License-Identifier: MIT
//
// Thread: a named thread of our own for work that cannot be a task, such as the loop of a library
// that waits by itself. Everything else runs on an Executor.
//
// Signals:   all that can be blocked are blocked in it, so that they reach the program's own
//            threads, and so that a write to a closed socket cannot end the process (SIGPIPE).
// Lifetime:  the destructor waits for the end of `run`, which must have been asked to end before.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace duckpond {

class Thread {
 public:
  // Starts at once. Of `name`, the first 15 bytes are shown by debuggers and `top`.
  Thread(std::string name, std::function<void()> run);
  ~Thread();
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

 private:
  std::thread thread_;
};

}  // namespace duckpond
