// SPDX-License-Identifier: MIT
//
// ResultWriter: turns a result into one of the text formats, chunk by chunk, so that an answer of
// any size is written in constant memory.
//
// Example:
//   auto writer = MakeResultWriter(ResultFormat::kJsonEachRow);
//   writer->Begin(result.columns(), out);
//   while (rows) writer->Rows(*rows, out);
//   writer->End(result.statistics(), out);
// Threads:   one at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/result_chunk.h"
#include "sql/result_stream.h"

namespace duckpond {

enum class ResultFormat : unsigned char {
  kJsonEachRow,  // An object a line.
  kJsonCompact,  // {"meta":[…],"data":[[…]],"rows":n,"statistics":{…}}
  kJson,         // An array of objects, as DuckDB's -json prints it.
  kCsv,          // RFC 4180 with a header line; NULL is the empty field, an empty string is "".
  kMarkdown,
  kLine,  // "column = value", a blank line between rows.
};

class ResultWriter {
 public:
  virtual ~ResultWriter() = default;
  // Each appends to `out`. Begin comes first, End last, once each.
  virtual void Begin(const std::vector<ResultColumn>& columns, std::string& out) = 0;
  virtual void Rows(const ResultChunk& chunk, std::string& out) = 0;
  virtual void End(const ResultStatistics& statistics, std::string& out) = 0;
};

std::unique_ptr<ResultWriter> MakeResultWriter(ResultFormat format);

// The format of a name as /query takes it ("JSONEachRow", any case), if known.
std::optional<ResultFormat> ParseResultFormat(std::string_view name);
// All names that ParseResultFormat knows, for messages.
std::string ResultFormatNames();
// The media type of an answer in this format.
std::string_view ContentTypeOf(ResultFormat format);

}  // namespace duckpond
