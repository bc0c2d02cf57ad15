// SPDX-License-Identifier: MIT
//
// RenderBox: a result as DuckDB's shell shows it: a box of at most so many rows and columns, with
// what was left out counted below.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "sql/result_stream.h"

namespace duckpond {

struct BoxOptions {
  // Columns of the terminal; 0 shows every column whole.
  size_t width_max = 0;
  // DuckDB's shell shows 40.
  size_t rows_max = 40;
};

// Pulls the whole result. Errors: those of QueryResult::Next.
Result<std::string> RenderBox(QueryResult& result, BoxOptions options);

// How many columns of a terminal a text takes: none for a combining accent, two for a Chinese sign.
size_t DisplayWidth(const std::string& text);

}  // namespace duckpond
