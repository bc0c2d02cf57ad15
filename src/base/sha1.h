// SPDX-License-Identifier: MIT
//
// SHA-1, which protects nothing any more: only for names that others have chosen by it.
//
// Threads:  a pure function.
#pragma once

#include <string>
#include <string_view>

namespace duckpond {

std::string Sha1(std::string_view bytes);  // 20 bytes, raw.

}  // namespace duckpond
