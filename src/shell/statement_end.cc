// SPDX-License-Identifier: MIT
#include "shell/statement_end.h"

#include <algorithm>
#include <cctype>

namespace duckpond {
namespace {

constexpr size_t kNone = std::string_view::npos;

// The place behind `end`, searched from `from`; kNone if it does not come.
size_t Behind(std::string_view sql, std::string_view end, size_t from) {
  const size_t found = from > sql.size() ? kNone : sql.find(end, from);
  return found == kNone ? kNone : found + end.size();
}

// The tag of a dollar quote ("$$", "$tag$") that starts at `from`; empty if none does.
std::string_view DollarTag(std::string_view sql, size_t from) {
  size_t at = from + 1;
  const auto is_name = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  if (at < sql.size() && std::isdigit(static_cast<unsigned char>(sql[at]))) return {};
  while (at < sql.size() && is_name(static_cast<unsigned char>(sql[at]))) ++at;
  if (at >= sql.size() || sql[at] != '$') return {};
  return sql.substr(from, at + 1 - from);
}

// Where what opens at `at` closes: `at` itself if nothing opens there.
size_t Skip(std::string_view sql, size_t at) {
  const char c = sql[at];
  if (c == '\'' || c == '"') return Behind(sql, sql.substr(at, 1), at + 1);
  if (sql.substr(at, 2) == "--") {
    const size_t end = Behind(sql, "\n", at);
    return end == kNone ? sql.size() : end;
  }
  if (sql.substr(at, 2) == "/*") return Behind(sql, "*/", at + 2);
  if (c == '$') {
    const std::string_view tag = DollarTag(sql, at);
    if (!tag.empty()) return Behind(sql, tag, at + tag.size());
  }
  return at;
}

}  // namespace

bool IsComplete(std::string_view sql) {
  bool complete = false;
  for (size_t at = 0; at < sql.size();) {
    const size_t next = Skip(sql, at);
    if (next == kNone) return false;
    if (next > at) {
      const bool comment = sql[at] == '-' || sql[at] == '/';
      complete = complete && comment;
      at = next;
      continue;
    }
    if (sql[at] == ';') {
      complete = true;
    } else if (!std::isspace(static_cast<unsigned char>(sql[at]))) {
      complete = false;
    }
    ++at;
  }
  return complete;
}

}  // namespace duckpond
