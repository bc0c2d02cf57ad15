// SPDX-License-Identifier: MIT
//
// Notice: tells those who run the program what went wrong and was mended. Whoever asked has the
// right answer; a Status is for what failed.
//
// Threads:   Notice may be called from any thread, and its sink too, one call at a time.
// Lifetime:  the sink is kept until the process ends.
#pragma once

#include <functional>
#include <string>

namespace duckpond {

// Where notices go; nowhere until a program says so. A sink gives no notices of its own.
using NoticeSink = std::function<void(const std::string& text)>;
void SetNoticeSink(NoticeSink sink);

// One sentence that names what was wrong, and where. Said once, however often it comes in a row.
void Notice(const std::string& text);

}  // namespace duckpond
