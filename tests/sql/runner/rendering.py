# SPDX-License-Identifier: MIT
"""Results as text, as DuckDB's own CAST to VARCHAR writes it.

Numbers without a fraction, texts, UUIDs and decimals are taken from Python; of a SELECT with anything
else in it the text is asked of DuckDB, by the same SELECT with each column cast. Other statements
(EXECUTE, CALL, RETURNING) must cast such columns themselves.
"""
import decimal

import duckdb

DIRECT = {"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
          "UINTEGER", "UBIGINT", "UHUGEINT", "VARCHAR", "UUID", "JSON", '"NULL"', "NULL"}


class RenderError(Exception):
    pass


def is_direct(type_name):
    return type_name in DIRECT or type_name.startswith(("DECIMAL(", "ENUM("))


def text_of(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = format(value, "f") if isinstance(value, decimal.Decimal) else str(value)
    if text == "":
        return "(empty)"
    return text.replace("\n", "\\n").replace("\t", "\\t").replace("\0", "\\0")


def cast_all(statement, count):
    names = ", ".join(f"c{number}" for number in range(count))
    return f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({statement}\n) AS rendered({names})"


def rows_of(connection, sql):
    """The rows of the last statement in `sql`, each a list of texts."""
    connection.execute(sql)
    types = [str(column[1]) for column in connection.description or []]
    if not all(map(is_direct, types)):
        statements = duckdb.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise RenderError(f"cast the columns to VARCHAR in the statement: {', '.join(types)}")
        connection.execute(cast_all(sql.rstrip().rstrip(";"), len(types)))
    if not types:
        return []
    return [[text_of(value) for value in row] for row in connection.fetchall()]


def sort_rows(rows, mode):
    if mode == "rowsort":
        return sorted(rows)
    if mode == "valuesort":
        return sorted([value] for row in rows for value in row)
    return rows


def expected_rows(lines, columns):
    """Rows are lines with tabs between columns, or a value a line."""
    rows = [line.split("\t") for line in lines]
    if columns > 1 and all(len(row) == 1 for row in rows) and len(rows) % columns == 0:
        values = [row[0] for row in rows]
        rows = [values[at:at + columns] for at in range(0, len(values), columns)]
    return rows
