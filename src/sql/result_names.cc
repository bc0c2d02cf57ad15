// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>

#include "sql/result_writer.h"

namespace duckpond {
namespace {

struct Named {
  std::string_view name;
  ResultFormat format;
};
// ClickHouse's names, which DuckDB's httpserver took over.
constexpr Named kNamed[] = {
    {"JSONEachRow", ResultFormat::kJsonEachRow},
    {"JSONCompact", ResultFormat::kJsonCompact},
    {"JSON", ResultFormat::kJson},
    {"CSV", ResultFormat::kCsv},
    {"Markdown", ResultFormat::kMarkdown},
    {"Vertical", ResultFormat::kLine},
};

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

}  // namespace

std::optional<ResultFormat> ParseResultFormat(std::string_view name) {
  if (SameIgnoringCase(name, "NDJSON")) return ResultFormat::kJsonEachRow;
  for (const Named& known : kNamed) {
    if (SameIgnoringCase(known.name, name)) return known.format;
  }
  return std::nullopt;
}

std::string ResultFormatNames() {
  std::string names;
  for (const Named& known : kNamed) {
    if (!names.empty()) names += ", ";
    names += known.name;
  }
  return names;
}

std::string_view ContentTypeOf(ResultFormat format) {
  switch (format) {
    case ResultFormat::kJsonEachRow:
      return "application/x-ndjson";
    case ResultFormat::kJsonCompact:
    case ResultFormat::kJson:
      return "application/json";
    case ResultFormat::kCsv:
      return "text/csv; charset=utf-8";
    case ResultFormat::kMarkdown:
      return "text/markdown; charset=utf-8";
    case ResultFormat::kLine:
      break;
  }
  return "text/plain; charset=utf-8";
}

}  // namespace duckpond
