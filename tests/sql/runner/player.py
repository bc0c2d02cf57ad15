# SPDX-License-Identifier: MIT
"""Plays one .test file under one configuration and says what was not as expected.

A file stops at its first failure, as what follows usually depends on it, unless told to keep going.
"""
import dataclasses
import pathlib
import re
import uuid

import duckdb
from harness import servers

from . import random_sql, rendering, script
from .instance import Instance

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
PATTERN = "<REGEX>:"
SHOWN_LINES_MAX = 30
# A new pond looks once whether its place is empty. Nothing else may list: it is slow and dear.
LISTS_OF_CREATION = 1
# DuckDB closes the instance after one of these: whatever was expected, not that.
STACK = "Stack Trace:"
FAULTS = ("INTERNAL Error", "FATAL Error", "A fault in duckpond")


@dataclasses.dataclass
class Outcome:
    failures: list = dataclasses.field(default_factory=list)
    records: int = 0
    skipped: str = ""  # Why the whole file was.
    skipped_records: list = dataclasses.field(default_factory=list)


class Failed(Exception):
    def __init__(self, message, ends):
        super().__init__(message)
        self.ends = ends  # The instance is gone: nothing can be played on.


def shown(text):
    lines = text if isinstance(text, list) else str(text).split("\n")
    if len(lines) > SHOWN_LINES_MAX:
        lines = [*lines[:SHOWN_LINES_MAX], f"… {len(lines) - SHOWN_LINES_MAX} lines more"]
    return "".join(f"\n    {line}" for line in lines)


def matches(expected, got):
    if expected.startswith(PATTERN):
        return re.search(expected[len(PATTERN):], got, re.DOTALL) is not None
    return expected == got


class Player:
    def __init__(self, path, config, instance, variables, keep_going):
        self.path = path
        self.config = config
        self.instance = instance
        self.variables = dict(variables)
        self.keep_going = keep_going
        self.accepted = None  # (expected_at, lines) in the file's order, where wanted.
        self.in_loop = 0
        self.labels = {}
        self.outcome = Outcome()

    def fill(self, text):
        return script.fill(text, self.variables)

    def play(self, records):
        for record in records:
            skipping = [c for c in record.conditions if c.skips(self.config.features)]
            if skipping:
                self.outcome.skipped_records.append((record.line, skipping[0].reason))
            elif record.kind == "loop":
                self.play_loop(record)
            else:
                try:
                    self.play_record(record)
                except Failed as failed:
                    self.outcome.failures.append(str(failed))
                    if failed.ends or not self.keep_going:
                        raise

    def play_loop(self, record):
        self.in_loop += 1
        for value in record.values:
            self.variables[record.variable] = value
            self.play(record.body)
        del self.variables[record.variable]
        self.in_loop -= 1

    def play_record(self, record):
        self.outcome.records += 1
        if record.kind == "restart":
            return self.instance.restart()
        if record.kind == "reconnect":
            return self.instance.reconnect()
        if record.kind == "random":
            return self.play_random(record)
        sql = self.fill(record.sql)
        self.check(record, sql, self.instance.connection(record.connection))
        self.instance.after(record.connection, sql)

    def play_random(self, record):
        """Runs statements by chance on temporary tables and on the pond's: they must answer alike."""
        connection = self.instance.connection("")
        places = ("temp", "pond")
        for sql, ordered in random_sql.Statements(*(int(self.fill(word)) for word in record.values)):
            statements = [random_sql.in_place(sql, place) for place in places]
            wanted, got = (self.answer(connection, statement, ordered) for statement in statements)
            self.outcome.records += 1
            # Without rows nothing would be compared.
            makes_rows = not sql.startswith("SELECT")
            is_wrong = wanted != got or any(fault in got for fault in FAULTS)
            if is_wrong or (makes_rows and wanted and wanted[0].endswith("Exception")):
                self.fail(record, statements[1],
                          f"  expected, as of temporary tables:{shown(wanted)}\n  got:{shown(got)}")
            self.instance.after("", statements[1])
        for place in places:
            for table in "tu":
                connection.execute(random_sql.in_place(f"DROP TABLE @{table}", place))

    def answer(self, connection, sql, ordered):
        """The rows, as lines, or what kind of error there is instead."""
        try:
            rows = rendering.rows_of(connection, sql)
        except duckdb.Error as error:
            fault = [fault for fault in FAULTS if fault in str(error)]
            return fault or [type(error).__name__]
        return lines_of(rows if ordered else sorted(rows))

    def check(self, record, sql, connection):
        try:
            if record.kind == "query":
                return self.check_rows(record, sql, rendering.rows_of(connection, sql))
            connection.execute(sql)
            if connection.description:
                connection.fetchall()
        except (duckdb.Error, RuntimeError) as error:
            return self.check_error(record, sql, str(error))
        except rendering.RenderError as error:
            self.fail(record, sql, f"  {error}")
        if record.kind == "error":
            self.fail(record, sql, f"  expected the error:{shown(record.expected)}\n  got none")

    def check_error(self, record, sql, message):
        if any(fault in message for fault in FAULTS):
            self.fail(record, sql, f"  got:{shown(message.partition(STACK)[0])}", ends=True)
        if servers.NEVER_PRINTED in message:
            self.fail(record, sql, f"  a secret is in the error:{shown(message)}")
        if record.kind != "error":
            self.fail(record, sql, f"  got the error:{shown(message)}")
        expected = self.fill("\n".join(record.expected))
        if self.accepted is not None and not self.in_loop and expected == "?":
            self.accepted.append((record.expected_at, [message.split("\n")[0]]))
            return
        is_pattern = expected.startswith(PATTERN)
        if not (matches(expected, message) if is_pattern else expected in message):
            self.fail(record, sql, f"  expected the error:{shown(expected)}\n  got:{shown(message)}")

    def check_rows(self, record, sql, rows):
        if rows and len(rows[0]) != record.columns:
            self.fail(record, sql, f"  expected {record.columns} columns, got {len(rows[0])}")
        rows = rendering.sort_rows(rows, record.sort)
        if record.label:
            first = self.labels.setdefault(record.label, rows)
            if first != rows:
                self.fail(record, sql, f"  expected, as at label {record.label}:"
                                       f"{shown(lines_of(first))}\n  got:{shown(lines_of(rows))}")
        if record.expected is None:
            return
        if self.accepted is not None and not self.in_loop:
            self.accepted.append((record.expected_at, lines_of(rows)))
            return
        lines = [self.fill(line) for line in record.expected]
        width = 1 if record.sort == "valuesort" else record.columns
        expected = rendering.expected_rows(lines, width)
        same = len(expected) == len(rows) and all(
            len(want) == len(got) and all(map(matches, want, got))
            for want, got in zip(expected, rows))
        if not same:
            self.fail(record, sql, f"  expected:{shown(record.expected)}\n"
                                   f"  got:{shown(lines_of(rows))}")

    def fail(self, record, sql, what, ends=False):
        loops = {k: v for k, v in self.variables.items() if k.islower()}
        where = f"{self.path}:{record.line} [{self.config.name}]"
        if loops:
            where += " " + ", ".join(f"{name}={value}" for name, value in loops.items())
        if record.connection:
            where += " " + record.connection
        raise Failed(f"{where}{shown(sql)}\n{what}", ends)


def lines_of(rows):
    return ["\t".join(row) for row in rows]


def write_accepted(path, accepted):
    lines = path.read_text(encoding="utf-8").split("\n")
    for (first, last), result in reversed(accepted):
        lines[first:last] = result
    path.write_text("\n".join(lines), encoding="utf-8")


def play(path, config, scratch, variables, accept=False, keep_going=False):
    """The Outcome of one file. Its pond and its ${SCRATCH} are new and below `scratch`."""
    shown_path = path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path
    try:
        records, requires = script.parse(shown_path, path.read_text(encoding="utf-8"))
    except script.ScriptError as error:
        return Outcome(failures=[str(error)])
    for condition in requires:
        if condition.skips(config.features):
            return Outcome(skipped=condition.reason)
    unique = uuid.uuid4().hex
    folder = pathlib.Path(scratch) / unique
    folder.mkdir()
    variables = {**variables, "UNIQUE": unique, "SCRATCH": str(folder)}
    variables["POND"] = script.fill(config.pond, variables)
    instance = Instance(config, variables)
    player = Player(shown_path, config, instance, variables, keep_going)
    if accept:
        player.accepted = []
    try:
        player.play(records)
        lists = instance.lists()
        if lists > LISTS_OF_CREATION:
            player.outcome.failures.append(f"{shown_path} [{config.name}]: {lists} LIST requests")
    except Failed:
        pass  # Noted already.
    finally:
        instance.close()
    if player.outcome.records == 0 and not player.outcome.failures:
        player.outcome.failures.append(f"{shown_path} [{config.name}]: no record was run")
    if accept:
        write_accepted(path, player.accepted)
    return player.outcome
