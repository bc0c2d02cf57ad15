// SPDX-License-Identifier: MIT
//
// LogView: the log for people: a line an event, with the version and the time of its commit, what
// happened, to which table, and how much. And for programs: the events as they are, a line of JSON
// each, without what follows from the chain.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/event.h"

namespace duckpond {

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
