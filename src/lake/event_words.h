// SPDX-License-Identifier: MIT
//
// Words inside of events, which writer and reader share.
//
// Hazard:  a word's place in its list is its value; logs have the words. New ones go to the end.
//
// Format:  docs/formats/events.md
#pragma once

#include <array>
#include <string_view>

namespace duckpond {

// In the order of Constraint::Kind.
inline constexpr std::array<std::string_view, 4> kConstraintWords = {"primary_key", "unique",
                                                                     "check", "foreign_key"};
// In the order of lake_event::SetComment::On.
inline constexpr std::array<std::string_view, 4> kCommentWords = {"schema", "table", "view",
                                                                  "column"};
// add_file's format, where it does not say another one.
inline constexpr std::string_view kDefaultFormat = "parquet";
// add_file's row_ids, where the file has the column kRowIdColumn.
inline constexpr std::string_view kRowIdsInColumn = "column";

}  // namespace duckpond
