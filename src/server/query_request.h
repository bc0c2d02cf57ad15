// SPDX-License-Identifier: MIT
//
// QueryRequest: what a request to /query asks for.
//
// SQL:     the body, else the parameter `query` or `q`.
// Format:  the parameter `default_format`, then the header `X-ClickHouse-Format`, then the header
//          `format`; JSONEachRow if none is there. An unknown one is refused, not ignored.
// Reads:   `consistency`, `freshness` (seconds) and `min_version`: see log/freshness.h.
// Values:  `param_name=value` in the URL is the value of $name.
#pragma once

#include <string>
#include <variant>

#include "server/problem.h"
#include "server/web_message.h"
#include "sql/result_writer.h"

namespace duckpond {

struct QueryRequest {
  std::string sql;
  ResultFormat format = ResultFormat::kJsonEachRow;
  RunOptions run;
  std::string if_none_match;  // Of a GET whose answer may be kept: run.note_answer.
  bool has_token = false;
  bool text_errors = false;
  bool can_stream = true;
};

std::variant<QueryRequest, Problem> ParseQueryRequest(const WebRequest& request);

}  // namespace duckpond
