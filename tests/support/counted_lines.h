// SPDX-License-Identifier: MIT
//
// CountedLines: the lines of a part of a base that is in memory, and how often they were read.
#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "log/folder.h"

namespace duckpond {

class CountedLines final : public UnreadLines {
 public:
  CountedLines(std::string name, std::vector<Event> lines)
      : events(std::move(lines)), name_(std::move(name)) {}

  std::string_view name() const override { return name_; }
  Task<Result<std::vector<Event>>> Read(Context) const override {
    ++reads;
    return Give(events);
  }

  std::vector<Event> events;
  mutable std::atomic<int> reads = 0;

 private:
  static Task<Result<std::vector<Event>>> Give(std::vector<Event> events) { co_return events; }

  const std::string name_;
};

}  // namespace duckpond
