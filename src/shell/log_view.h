// SPDX-License-Identifier: MIT
//
// LogView: the log for people: a line an event, with the version and the time of its commit, what
// happened, to which table, and how much. And for programs: the events as they are, a line of JSON
// each, without what follows from the chain.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/event.h"

namespace duckpond {

// A moment in UTC, to the second.
std::string TimeText(int64_t time_us);

// `text` as a terminal may have it. Names come from whoever writes to the bucket: nothing in them
// may move the reader's cursor. As UTF-8, U+0080 to U+009F are two bytes, the first of which is C2;
// terminals obey these too.
std::string Visible(std::string_view text);

class LogView {
 public:
  // Commits are handed over in order, so that tables are known by their names.
  std::string Text(const CommitRecord& commit);
  static std::string Json(const CommitRecord& commit);

  static std::string Header();

 private:
  std::string Detail(const Event& event);
  std::map<std::string, std::string, std::less<>> names_;  // Of tables, by id.
};

}  // namespace duckpond
