// SPDX-License-Identifier: MIT
#include "lake/event_kinds.h"

namespace duckpond {
namespace {

constexpr EventField kCreateSchema[] = {{"name", "VARCHAR"}, {"comment", "VARCHAR"}};
constexpr EventField kDropSchema[] = {{"schema", "UUID"}, {"name", "VARCHAR"}};
constexpr EventField kCreateTable[] = {
    {"schema", "VARCHAR"},
    {"name", "VARCHAR"},
    {"columns",
     "STRUCT(id UINTEGER, nested UINTEGER[], \"name\" VARCHAR, \"type\" VARCHAR, "
     "not_null BOOLEAN, \"default\" VARCHAR, \"comment\" VARCHAR)[]"},
    {"constraints",
     "STRUCT(kind VARCHAR, \"columns\" UINTEGER[], sql VARCHAR, \"references\" "
     "STRUCT(\"schema\" VARCHAR, \"table\" VARCHAR, \"columns\" VARCHAR[]))[]"},
    {"next_field_id", "UINTEGER"},
    {"comment", "VARCHAR"},
    {"tags", "MAP(VARCHAR, VARCHAR)"},
    {"next_row_id", "UBIGINT"},
};
constexpr EventField kDropTable[] = {{"table", "UUID"}, {"schema", "VARCHAR"}, {"name", "VARCHAR"}};
constexpr EventField kCreateView[] = {
    {"schema", "VARCHAR"},
    {"name", "VARCHAR"},
    {"sql", "VARCHAR"},
    {"comment", "VARCHAR"},
    {"column_comments", "MAP(VARCHAR, VARCHAR)"},
};
constexpr EventField kDropView[] = {{"view", "UUID"}, {"schema", "VARCHAR"}, {"name", "VARCHAR"}};
constexpr EventField kSetComment[] = {
    {"on", "VARCHAR"},         {"schema", "VARCHAR"}, {"name", "VARCHAR"},    {"id", "UUID"},
    {"column_id", "UINTEGER"}, {"column", "VARCHAR"}, {"comment", "VARCHAR"},
};
constexpr EventField kSetOption[] = {{"name", "VARCHAR"}, {"value", "VARCHAR"}};
constexpr EventField kAddFile[] = {
    {"table", "UUID"},
    {"path", "VARCHAR"},
    {"format", "VARCHAR"},
    {"bytes", "UBIGINT"},
    {"footer_bytes", "UBIGINT"},
    {"checksum_bytes", "UBIGINT"},
    {"checksum", "VARCHAR"},
    {"rows", "UBIGINT"},
    {"first_row_id", "UBIGINT"},
    {"row_ids", "VARCHAR"},
    {"statistics",
     "STRUCT(id UINTEGER[], nulls UBIGINT[], \"min\" VARCHAR[], \"max\" VARCHAR[], "
     "exact BOOLEAN[])"},
    {"keys",
     "STRUCT(\"constraint\" UINTEGER, \"min\" VARCHAR, \"max\" VARCHAR, hashes VARCHAR, "
     "hash_offset UBIGINT, hash_count UBIGINT)[]"},
    {"row_groups",
     "STRUCT(\"offset\" UBIGINT[], bytes UBIGINT[], \"rows\" UBIGINT[], key_min VARCHAR[], "
     "key_max VARCHAR[])"},
    {"footer", "VARCHAR"},
};
constexpr EventField kAddRows[] = {
    {"table", "UUID"}, {"rows", "UBIGINT"}, {"first_row_id", "UBIGINT"}, {"content", "VARCHAR"}};
constexpr EventField kFlushRows[] = {
    {"table", "UUID"}, {"first_row_id", "UBIGINT"}, {"end_row_id", "UBIGINT"}, {"rows", "UBIGINT"}};

constexpr EventKind kKinds[] = {
    {event_name::kCreateSchema, kCreateSchema}, {event_name::kDropSchema, kDropSchema},
    {event_name::kCreateTable, kCreateTable},   {event_name::kDropTable, kDropTable},
    {event_name::kCreateView, kCreateView},     {event_name::kDropView, kDropView},
    {event_name::kSetComment, kSetComment},     {event_name::kSetOption, kSetOption},
    {event_name::kAddFile, kAddFile},           {event_name::kAddRows, kAddRows},
    {event_name::kFlushRows, kFlushRows},
};

}  // namespace

std::span<const EventKind> EventKinds() { return kKinds; }

}  // namespace duckpond
