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

// Behind the quote that closes E'…', where a backslash takes the next character's meaning.
size_t BehindEscaped(std::string_view sql, size_t from) {
  for (size_t at = from; at < sql.size(); ++at) {
    if (sql[at] == '\\') {
      ++at;
    } else if (sql[at] == '\'') {
      return at + 1;
    }
  }
  return kNone;
}

// Behind the end of a comment that may have others in it.
size_t BehindComment(std::string_view sql, size_t from) {
  int open = 0;
  for (size_t at = from; at + 1 < sql.size(); ++at) {
    const std::string_view pair = sql.substr(at, 2);
    if (pair == "/*") ++open;
    if (pair == "*/") --open;
    if (pair != "/*" && pair != "*/") continue;
    ++at;
    if (open == 0) return at + 1;
  }
  return kNone;
}

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Whether the quote at `at` belongs to E'…'.
bool IsEscaped(std::string_view sql, size_t at) {
  if (sql[at] != '\'' || at == 0 || (sql[at - 1] != 'e' && sql[at - 1] != 'E')) return false;
  return at == 1 || !IsWord(sql[at - 2]);
}

// Where what opens at `at` closes: `at` itself if nothing opens there.
size_t Skip(std::string_view sql, size_t at) {
  const char c = sql[at];
  if (IsEscaped(sql, at)) return BehindEscaped(sql, at + 1);
  if (c == '\'' || c == '"') return Behind(sql, sql.substr(at, 1), at + 1);
  if (sql.substr(at, 2) == "--") return Behind(sql, "\n", at);
  if (sql.substr(at, 2) == "/*") return BehindComment(sql, at);
  // In a word, as in a$b$, it opens nothing.
  if (c == '$' && (at == 0 || !IsWord(sql[at - 1]))) {
    const std::string_view tag = DollarTag(sql, at);
    if (!tag.empty()) return Behind(sql, tag, at + tag.size());
  }
  return at;
}

}  // namespace

void StatementText::Add(std::string_view line) {
  text_ += line;
  text_ += '\n';
  const std::string_view sql = text_;
  while (at_ < sql.size()) {
    const size_t next = Skip(sql, at_);
    const bool comment = sql.substr(at_, 2) == "--" || sql.substr(at_, 2) == "/*";
    open_ = next == kNone;
    if (open_) return;
    if (next > at_) {
      if (!comment) complete_ = false;
      begun_ = begun_ || !comment;
      at_ = next;
      continue;
    }
    if (std::isspace(static_cast<unsigned char>(sql[at_])) == 0) {
      complete_ = sql[at_] == ';';
      begun_ = true;
    }
    ++at_;
  }
}

std::string StatementText::Take() {
  std::string text;
  text.swap(text_);
  *this = {};
  return text;
}

}  // namespace duckpond
