// SPDX-License-Identifier: MIT
#include "shell/long_options.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace duckpond {
namespace {

constexpr std::string_view kFlags[] = {"box",     "csv",        "json",  "jsonlines",    "markdown",
                                       "line",    "cost",       "help",  "version",      "readonly",
                                       "no-auth", "no-sandbox", "apply", "from-segments"};
constexpr std::string_view kWithValue[] = {"init",
                                           "cache-dir",
                                           "consistency",
                                           "freshness",
                                           "cdn",
                                           "latency",
                                           "post",
                                           "port",
                                           "token",
                                           "listen",
                                           "log-level",
                                           "body-bytes-max",
                                           "queries-max",
                                           "waiting-max",
                                           "query-ms-max",
                                           "bodies-bytes-max",
                                           "connections-max",
                                           "memory-bytes-max"};

template <class List>
bool Holds(const List& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

}  // namespace

std::vector<std::string> RewriteLongOptions(const std::vector<std::string>& arguments) {
  std::vector<std::string> rewritten;
  bool is_value = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--" && !is_value) {
      rewritten.insert(rewritten.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i),
                       arguments.end());
      break;
    }
    if (is_value || argument.size() < 2 || argument[0] != '-') {
      rewritten.push_back(argument);
      is_value = false;
      continue;
    }
    const size_t dashes = argument[1] == '-' ? 2 : 1;
    const size_t equals = std::min(argument.find('='), argument.size());
    const std::string_view name =
        std::string_view(argument).substr(dashes, std::max(equals, dashes) - dashes);
    const bool takes_value = Holds(kWithValue, name);
    const bool known = takes_value || Holds(kFlags, name);
    rewritten.push_back(known && dashes == 1 ? "-" + argument : argument);
    const bool value_inside = equals < argument.size();
    is_value = !value_inside && (takes_value || argument == "-c" || argument == "-f");
  }
  return rewritten;
}

}  // namespace duckpond
