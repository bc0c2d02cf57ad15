// SPDX-License-Identifier: MIT
//
// The kinds of event that a lake writes, and the shape of each one's data: the one place that says
// so. The log's readers see these names and fields; lake/events.h has them as structures.
//
// Format:  docs/formats/events.md
#pragma once

#include <span>
#include <string_view>

namespace duckpond {

struct EventField {
  std::string_view name;
  std::string_view
      sql_type;  // As DuckDB would read it from the JSON. A field may be missing: NULL.
};

struct EventKind {
  std::string_view name;
  std::span<const EventField> fields;
};

// In the order in which a UNION of them has its members.
std::span<const EventKind> EventKinds();

namespace event_name {
inline constexpr std::string_view kCreateSchema = "create_schema";
inline constexpr std::string_view kDropSchema = "drop_schema";
inline constexpr std::string_view kCreateTable = "create_table";
inline constexpr std::string_view kDropTable = "drop_table";
inline constexpr std::string_view kCreateView = "create_view";
inline constexpr std::string_view kDropView = "drop_view";
inline constexpr std::string_view kSetComment = "set_comment";
inline constexpr std::string_view kSetOption = "set_option";
inline constexpr std::string_view kAddFile = "add_file";
inline constexpr std::string_view kAddRows = "add_rows";
inline constexpr std::string_view kFlushRows = "flush_rows";
}  // namespace event_name

}  // namespace duckpond
