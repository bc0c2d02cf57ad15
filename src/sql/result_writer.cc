// SPDX-License-Identifier: MIT
#include "sql/result_writer.h"

#include "sql/format_json.h"
#include "sql/format_text.h"

namespace duckpond {

std::unique_ptr<ResultWriter> MakeResultWriter(ResultFormat format) {
  switch (format) {
    case ResultFormat::kJsonEachRow:
      return MakeJsonEachRowWriter();
    case ResultFormat::kJsonCompact:
      return MakeJsonCompactWriter();
    case ResultFormat::kJson:
      return MakeJsonArrayWriter();
    case ResultFormat::kCsv:
      return MakeCsvWriter();
    case ResultFormat::kMarkdown:
      return MakeMarkdownWriter();
    case ResultFormat::kLine:
      break;
  }
  return MakeLineWriter();
}

}  // namespace duckpond
