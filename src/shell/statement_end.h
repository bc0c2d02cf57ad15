// SPDX-License-Identifier: MIT
//
// IsComplete: whether what was typed so far ends a statement: a ';' outside quotes and comments,
// with nothing but white space and comments after it.
#pragma once

#include <string_view>

namespace duckpond {

bool IsComplete(std::string_view sql);

}  // namespace duckpond
