// SPDX-License-Identifier: MIT
//
// The JSON formats: an object a line, ClickHouse's compact form, and an array of objects. They
// differ in what stands around the values; the values come from the chunk.
#pragma once

#include <memory>

#include "sql/result_writer.h"

namespace duckpond {

std::unique_ptr<ResultWriter> MakeJsonEachRowWriter();
std::unique_ptr<ResultWriter> MakeJsonCompactWriter();
std::unique_ptr<ResultWriter> MakeJsonArrayWriter();

}  // namespace duckpond
