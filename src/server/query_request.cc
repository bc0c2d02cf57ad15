// SPDX-License-Identifier: MIT
#include "server/query_request.h"

#include <simdjson.h>

#include <charconv>
#include <optional>

namespace duckpond {
namespace {

bool IsUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::string_view SqlOf(const WebRequest& request) {
  if (!request.body.empty()) return request.body;
  if (const auto query = request.parameter("query")) return *query;
  return request.parameter("q").value_or("");
}

std::string_view FormatOf(const WebRequest& request) {
  if (const auto name = request.parameter("default_format")) return *name;
  if (const auto name = request.header("X-ClickHouse-Format")) return *name;
  return request.header("format").value_or("JSONEachRow");
}

std::optional<double> NumberOf(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::variant<ReadingOptions, Problem> ReadingOf(const WebRequest& request) {
  ReadingOptions reading;
  const auto word = request.parameter("consistency");
  if (word && !IsUtf8(*word)) return BadRequest("the consistency is not UTF-8", "");
  std::optional<double> seconds;
  if (const auto text = request.parameter("freshness")) {
    seconds = NumberOf(*text);
    if (!seconds) return BadRequest("the freshness is no number of seconds", "As in freshness=5.");
  }
  if (word || seconds) {
    auto consistency = Consistency::Of(word, seconds);
    if (!consistency.ok()) return BadRequest(consistency.error().message(), "");
    reading.consistency = *consistency;
  }
  const auto version = request.parameter("min_version");
  if (!version) return reading;
  const char* const end = version->data() + version->size();
  const auto parsed = std::from_chars(version->data(), end, reading.min_version);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return BadRequest("min_version is no version",
                      "It is the Duckpond-Version of an earlier answer.");
  }
  return reading;
}

}  // namespace

std::variant<QueryRequest, Problem> ParseQueryRequest(const WebRequest& request) {
  QueryRequest query;
  query.sql = SqlOf(request);
  // DuckDB's parser reads up to one, and would run what stands before it.
  if (query.sql.find('\0') != std::string::npos) {
    return BadRequest("the SQL has a zero byte in it", "Write it as chr(0).");
  }
  if (!IsUtf8(query.sql)) return BadRequest("the SQL is not UTF-8", "Encode it as UTF-8.");
  if (query.sql.find_first_not_of(" \t\r\n;") == std::string::npos) {
    return BadRequest("there is no SQL in this request",
                      "Send it as the body of a POST, or as the parameter q of a GET.");
  }
  const std::string_view name = FormatOf(request);
  const auto format = ParseResultFormat(name);
  if (!format) {
    return BadRequest("the format " + std::string(IsUtf8(name) ? name : "") + " is not known",
                      "The formats are " + ResultFormatNames() + ".");
  }
  query.format = *format;
  query.run.only_reads = request.method == "GET";
  // A cache knows the URL, and no body.
  query.run.note_answer = query.run.only_reads && request.body.empty();
  if (query.run.note_answer) query.if_none_match = request.header("If-None-Match").value_or("");
  query.has_token = request.header("Authorization") || request.header("X-API-Key");
  query.run.count_rows = query.format == ResultFormat::kJsonCompact;
  auto reading = ReadingOf(request);
  if (auto* problem = std::get_if<Problem>(&reading)) return std::move(*problem);
  query.run.reading = std::get<ReadingOptions>(std::move(reading));
  constexpr std::string_view kParameter = "param_";
  for (const auto& [key, value] : request.parameters) {
    if (!key.starts_with(kParameter)) continue;
    if (!IsUtf8(key)) return BadRequest("the name of a parameter is not UTF-8", "");
    if (!IsUtf8(value)) return BadRequest("the value of " + key + " is not UTF-8", "");
    query.run.parameters.emplace_back(key.substr(kParameter.size()), value);
  }
  query.text_errors = WantsText(request);
  query.can_stream = request.is_http11;
  return query;
}

}  // namespace duckpond
