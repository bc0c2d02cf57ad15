// SPDX-License-Identifier: MIT
//
// What an answer to a GET says to caches between: an ETag of the version that was read and of all
// that the client has asked, and for how long the answer may be shown without asking again.
//
// Only answers that hang on the pond's version alone have a tag (sql/answer_note.h). It is weak:
// the order of rows that nobody ordered, and the last digits of a sum, may differ.
//
// Threads:  pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/query_request.h"
#include "sql/read_version.h"

namespace duckpond {

// W/"…"
std::string TagOf(const QueryRequest& request, const ReadVersion& read);

// Whether If-None-Match names the tag.
bool HasTag(std::string_view if_none_match, std::string_view tag);

// The headers of an answer to a GET; `consistency` is what it was read with, no `read` means that
// the answer must not be kept.
WebFields CacheFields(const QueryRequest& request, const Consistency& consistency,
                      const std::optional<ReadVersion>& read);

}  // namespace duckpond
