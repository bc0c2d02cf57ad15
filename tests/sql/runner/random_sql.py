# SPDX-License-Identifier: MIT
"""Statements by chance, for a pond and for temporary DuckDB tables beside it.

A seed gives the same two tables, rows and questions each time. Each statement names its tables as
@t and @u; the player runs it on both places and compares what they answer. What SQL leaves open is
not asked: the order of rows without ORDER BY, which ones LIMIT takes, sums of floats, numbers of rows.
"""
import random
import re

ENUM = "ENUM('c', 'b', 'a')"
# The ends of each type, and what is special in it.
VALUES = {
    "BOOLEAN": ["true", "false"],
    "TINYINT": ["-128", "127", "0", "1"],
    "INTEGER": ["-2147483648", "2147483647", "0", "1", "-1", "42", "43"],
    "BIGINT": ["-9223372036854775808", "9223372036854775807", "0", "1"],
    "HUGEINT": ["-170141183460469231731687303715884105728", "0", "-1", "18446744073709551616",
                "170141183460469231731687303715884105727"],
    "UTINYINT": ["0", "255", "1"],
    "UBIGINT": ["0", "18446744073709551615", "9223372036854775808"],
    "UHUGEINT": ["0", "340282366920938463463374607431768211455", "1"],
    "FLOAT": ["'nan'", "'inf'", "'-inf'", "-0.0", "0.0", "1.5", "1e-45"],
    "DOUBLE": ["'nan'", "'inf'", "'-inf'", "-0.0", "0.0", "-1.5", "1e308"],
    "DECIMAL(4, 1)": ["-999.9", "999.9", "0", "0.1"],
    "DECIMAL(38, 10)": ["-9999999999999999999999999999.9999999999", "0", "0.0000000001"],
    "VARCHAR": ["''", "'a'", "'A'", "'ab'", "chr(0)", "'a' || chr(0)", "repeat('x', 40)",
                "repeat('x', 40) || 'y'", "'é'", "repeat(chr(1114111), 12)"],
    "BLOB": [r"''::BLOB", r"'\x00'::BLOB", r"'\xFF'::BLOB", "'a'::BLOB",
             r"unhex(repeat('FF', 40))", r"unhex(repeat('FF', 33))"],
    "BIT": ["'0'", "'1'", "'0101'", "'111111111'"],
    "BIGNUM": ["'0'", "'-1'", "'123456789012345678901234567890'"],
    "UUID": ["'00000000-0000-0000-0000-000000000000'", "'80000000-0000-0000-0000-000000000000'",
             "'7fffffff-ffff-ffff-ffff-ffffffffffff'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
    "DATE": ["'infinity'", "'-infinity'", "'1970-01-01'", "'0001-01-01 (BC)'", "'2024-02-29'"],
    "TIME": ["'00:00:00'", "'24:00:00'", "'23:59:59.999999'"],
    "TIME_NS": ["'00:00:00'", "'23:59:59.999999999'"],
    "TIMETZ": ["'00:00:00+00'", "'13:00:00+02'", "'11:00:00+00'", "'00:00:00-15:59:59'"],
    "TIMESTAMP": ["'infinity'", "'-infinity'", "'2024-01-01 12:34:56.789'"],
    "TIMESTAMP_S": ["'infinity'", "'1970-01-01 00:00:00'", "'2024-01-01 12:34:56'"],
    "TIMESTAMP_MS": ["'-infinity'", "'1970-01-01 00:00:00'", "'2024-01-01 12:34:56.789'"],
    "TIMESTAMP_NS": ["'infinity'", "'-infinity'", "'2024-01-01 12:34:56.789123456'"],
    "TIMESTAMPTZ": ["'infinity'", "'1970-01-01 00:00:00+00'", "'2024-01-01 12:34:56.789+01'"],
    "INTERVAL": ["'1 month'", "'30 days'", "'29 days 25 hours'", "'-1 month'", "'720 hours'",
                 "'-30 days 1 hour'", "'1 month -1 day'"],
    ENUM: ["'c'", "'a'", "'b'"],
    "JSON": ["'{\"a\": 1}'", "'[]'", "'null'"],
    "INTEGER[]": ["[]", "[1, 2]", "[NULL]"],
    "HUGEINT[]": ["[]", "[1]", "[-1, NULL]"],
    "INTEGER[2]": ["[1, 2]", "[NULL, 2]"],
    f"STRUCT(a INTEGER, b {ENUM})": ["{'a': 1, 'b': 'a'}", "{'a': NULL, 'b': 'c'}"],
    "MAP(VARCHAR, INTEGER)": ["MAP {}", "MAP {'a': 1}", "MAP {'a': NULL, 'b': 2}"],
    "UNION(n INTEGER, s VARCHAR)": ["union_value(n := 1)", "union_value(s := 'x')"],
}
# Of values that are equal one may be written in several ways: which is shown is left open.
WITH_TWINS = {"FLOAT", "DOUBLE", "INTERVAL"}
COMPARISONS = ["=", "<>", "<", "<=", ">", ">="]
JOINS = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN"]
KEYS = ["", "", "PRIMARY KEY (k)", "UNIQUE (k)", "PRIMARY KEY (c0, k)"]
# From one row, which lies in the log, to several row groups.
ROWS = [1, 2, 30, 300, 5000]
DIFFERENT_VALUES_MAX = 4


def in_place(sql, place):
    """The statement on the tables of the database `place`."""
    if place == "temp":
        sql = sql.replace("CREATE TABLE", "CREATE TEMP TABLE", 1)
    return re.sub(r"@([tu])\b", rf"{place}.main.random_\1", sql)


class Statements:
    """An iterator over (sql, whether the order of the rows matters)."""

    def __init__(self, seed, count):
        self.chance = random.Random(seed)
        self.count = count
        self.tables = {name: self.columns() for name in "tu"}
        self.next_key = 0

    def __iter__(self):
        for name, columns in self.tables.items():
            key = self.chance.choice(KEYS)
            parts = [f"{column} {kind}" for column, kind in columns] + ([key] if key else [])
            yield f"CREATE TABLE @{name} ({', '.join(parts)})", False
            yield self.insert(name), False
        for _ in range(self.count):
            if self.chance.random() < 0.15:
                yield self.insert(self.chance.choice("tu")), False
            else:
                yield self.chance.choice([self.rows, self.aggregate, self.join, self.sorted,
                                          self.distinct, self.semi])()

    def columns(self):
        kinds = self.chance.sample(list(VALUES), self.chance.randint(2, 6))
        return [("k", "INTEGER"), ("c0", "INTEGER"),
                *((f"c{number}", kind) for number, kind in enumerate(kinds, 1))]

    def value(self, kind, null_part=0.1):
        text = "NULL" if self.chance.random() < null_part else self.chance.choice(VALUES[kind])
        return f"({text})::{kind}"

    def insert(self, name):
        """Rows of a few values each, which change with every row, in runs, or not at all."""
        count = self.chance.choice(ROWS)
        columns = [f"{self.next_key} + i"]
        for column, kind in self.tables[name][1:]:
            values = [self.value(kind, 0 if column == "c0" else 0.1)
                      for _ in range(self.chance.randint(1, DIFFERENT_VALUES_MAX))]
            run = self.chance.choice([1, 7, 1000])
            columns.append(f"list_extract([{', '.join(values)}], "
                           f"(i // {run} % {len(values)} + 1)::BIGINT)")
        self.next_key += count
        return f"INSERT INTO @{name} SELECT {', '.join(columns)} FROM range({count}) r(i)"

    def condition(self, alias, columns, depth=0):
        if depth < 2 and self.chance.random() < 0.3:
            both = [self.condition(alias, columns, depth + 1) for _ in range(2)]
            return "(" + self.chance.choice([" AND ", " OR "]).join(both) + ")"
        if self.chance.random() < 0.1:
            return f"NOT ({self.condition(alias, columns, depth + 1)})"
        name, kind = self.chance.choice(columns)
        column = f"{alias}.{name}"

        def value():
            if name == "k":
                return str(self.chance.randint(0, self.next_key))
            return self.value(kind, 0.05)

        return self.chance.choice([
            lambda: f"{column} IS NULL",
            lambda: f"{column} IS NOT NULL",
            lambda: f"{column} {self.chance.choice(COMPARISONS)} {value()}",
            lambda: f"{value()} {self.chance.choice(COMPARISONS)} {column}",
            lambda: f"{column} IN ({value()}, {value()}, {value()})",
            lambda: f"{column} NOT IN ({value()}, {value()})",
            lambda: f"({column} >= {value()} AND {column} <= {value()})",
            lambda: f"{column} IS DISTINCT FROM {value()}",
            lambda: f"{column} IS NOT DISTINCT FROM {value()}",
            lambda: f"{alias}.rowid >= 0",
        ])()

    def source(self, alias):
        name = self.chance.choice("tu")
        return f"@{name} {alias}", self.tables[name]

    def where(self, alias, columns):
        return f"WHERE {self.condition(alias, columns)}" if self.chance.random() < 0.8 else ""

    def aggregates(self, alias, columns):
        name, kind = self.chance.choice(columns)
        column = f"{alias}.{name}"
        wanted = ["count(*)", f"count({column})", f"count(DISTINCT {column})", f"sum({alias}.c0)"]
        if kind not in WITH_TWINS:
            wanted += [f"min({column})", f"max({column})"]
        return ", ".join(self.chance.sample(wanted, self.chance.randint(1, len(wanted))))

    def rows(self):
        table, columns = self.source("a")
        some = self.chance.sample(columns, self.chance.randint(1, len(columns)))
        names = ", ".join(f"a.{name}" for name, _ in some)
        return f"SELECT {names} FROM {table} {self.where('a', columns)}", False

    def aggregate(self):
        table, columns = self.source("a")
        return f"SELECT {self.aggregates('a', columns)} FROM {table} {self.where('a', columns)}", False

    def join(self):
        left, columns = self.source("a")
        right, others = self.source("b")
        name, kind = self.chance.choice(columns)
        alike = [other for other, other_kind in others if other_kind == kind]
        other = self.chance.choice(alike) if alike else "c0"
        # Each value once on one side: else answers grow with the square of the rows.
        once = f"(SELECT DISTINCT ON ({other}) * FROM {right} {self.where('b', others)}) b"
        return (f"SELECT {self.aggregates('a', columns)} FROM {left} {self.chance.choice(JOINS)} "
                f"{once} ON a.{name if alike else 'c0'} = b.{other} {self.where('a', columns)}", False)

    def sorted(self):
        table, columns = self.source("a")
        ordered = [name for name, kind in columns if kind not in WITH_TWINS]
        some = self.chance.sample(ordered, self.chance.randint(1, min(3, len(ordered))))
        order = ", ".join(f"a.{name} {self.chance.choice(['ASC', 'DESC'])} "
                          f"NULLS {self.chance.choice(['FIRST', 'LAST'])}" for name in some)
        limit = self.chance.choice(["", "LIMIT 1", "LIMIT 5", "LIMIT 10 OFFSET 3", "LIMIT 3000"])
        return (f"SELECT {', '.join(f'a.{name}' for name in some)} FROM {table} "
                f"{self.where('a', columns)} ORDER BY {order} {limit}", True)

    def distinct(self):
        table, columns = self.source("a")
        name = self.chance.choice([name for name, kind in columns if kind not in WITH_TWINS])
        return (f"SELECT a.{name}, count(*), max(a.k) FROM {table} {self.where('a', columns)} "
                f"GROUP BY a.{name}", False)

    def semi(self):
        table, columns = self.source("a")
        inner, others = self.source("b")
        return (f"SELECT {self.aggregates('a', columns)} FROM {table} WHERE a.k "
                f"{self.chance.choice(['IN', 'NOT IN'])} (SELECT b.k FROM {inner} "
                f"{self.where('b', others)})", False)
