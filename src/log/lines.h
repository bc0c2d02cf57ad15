// SPDX-License-Identifier: MIT
//
// Lines: a frame's text, one event a line, its outer shape byte for byte
//   {"id":"<uuid>","event":"<name>","data":{…}}        or        …,"data":{…},"ignorable":true}
// so that `data` is cut out of the line instead of being written anew.
//
// Threads:  functions without state.
// Errors:   kCorrupt – naming the place and the line; kExhausted – a limit of log/limits.h.
// Format:   docs/formats/log.md
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/event.h"
#include "log/frame.h"

namespace duckpond {

void AppendLine(std::string& text, const Event& event);

// The events of one frame. Every line is JSON; what `data` says concerns the Folder alone.
Result<std::vector<Event>> DecodeLines(std::string_view frame, const Place& place);

// Whether `event` may be written: name and data within limits, data one JSON object on one line.
// Errors: kInvalid, kExhausted.
Status CheckEvent(const Event& event);

// Whether `text` is UTF-8: JSON can say nothing else.
bool IsUtf8(std::string_view text);

}  // namespace duckpond
