// SPDX-License-Identifier: MIT
//
// StatementText: the lines of a statement as they are typed, and whether they end one: a ';'
// outside quotes and comments, with nothing but white space and comments after it.
//
// Threads:  one at a time.
// Cost:     each byte is looked at once, but for a quote or comment that is still open: that is
//           looked at again with each line.
#pragma once

#include <string>
#include <string_view>

namespace duckpond {

class StatementText {
 public:
  // A whole line, without its end.
  void Add(std::string_view line);

  bool complete() const { return complete_ && !open_; }
  // White space and comments only: there is nothing to run.
  bool empty() const { return !begun_ && !open_; }

  // Gives what was added, and starts over.
  std::string Take();

 private:
  std::string text_;
  size_t at_ = 0;  // Everything before is understood; a quote or a comment may be open here.
  bool open_ = false;
  bool complete_ = false;
  bool begun_ = false;
};

}  // namespace duckpond
