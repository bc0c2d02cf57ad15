// SPDX-License-Identifier: MIT
//
// The text formats that can be written row by row: CSV, Markdown, and a line a value.
#pragma once

#include <memory>

#include "sql/result_writer.h"

namespace duckpond {

std::unique_ptr<ResultWriter> MakeCsvWriter();
std::unique_ptr<ResultWriter> MakeMarkdownWriter();
std::unique_ptr<ResultWriter> MakeLineWriter();

}  // namespace duckpond
