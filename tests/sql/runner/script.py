# SPDX-License-Identifier: MIT
"""Reads a .test file into records. What it does not know is an error, never skipped over.

Each record keeps its line, so that a failure points at it, and the lines of its expected result, so
that --accept can replace them.
"""
import dataclasses
import re
import shlex

CONNECTION = re.compile(r"con\d+")
SORT_MODES = ("nosort", "rowsort", "valuesort")
VARIABLE = re.compile(r"\$\{(\w+)\}")


class ScriptError(Exception):
    """A file that is no valid test; the message starts with its place."""


@dataclasses.dataclass
class Condition:
    """skipif/onlyif before a record, require for the whole file."""
    wanted: bool
    feature: str
    reason: str

    def skips(self, features):
        return (self.feature in features) != self.wanted


@dataclasses.dataclass
class Record:
    line: int
    conditions: list
    kind: str  # "ok", "error", "query", "loop", "restart", "reconnect", "random"
    sql: str = ""
    connection: str = ""
    expected: list = None  # Lines; None where no ---- was written.
    expected_at: tuple = None  # First and last line (exclusive) of `expected`.
    columns: int = 0
    sort: str = "nosort"
    label: str = ""
    variable: str = ""
    values: list = dataclasses.field(default_factory=list)
    body: list = dataclasses.field(default_factory=list)


class Reader:
    def __init__(self, path, text):
        self.path = path
        self.lines = text.split("\n")
        self.at = 0
        self.requires = []

    def fail(self, line, what):
        raise ScriptError(f"{self.path}:{line}: {what}")

    def read(self, inside_loop=False):
        """Records up to the end of the file, or of the loop."""
        records, conditions = [], []
        while self.at < len(self.lines):
            line = self.at + 1
            words = self.lines[self.at].split()
            self.at += 1
            if not words or words[0].startswith("#"):
                continue
            if words[0] in ("skipif", "onlyif"):
                conditions.append(self.condition(line, words, words[0] == "onlyif"))
                continue
            if words[0] == "require":
                self.requires.append(self.condition(line, words, True))
                continue
            if words[0] == "endloop":
                if not inside_loop:
                    self.fail(line, "endloop without a loop")
                return records
            records.append(self.record(line, words, conditions))
            conditions = []
        if inside_loop:
            self.fail(len(self.lines), "a loop without endloop")
        return records

    def condition(self, line, words, wanted):
        if len(words) < 4:
            self.fail(line, f"{words[0]} <feature> <reason in words>")
        return Condition(wanted, words[1], " ".join(words[2:]))

    def record(self, line, words, conditions):
        match words:
            case ["statement", ("ok" | "error") as kind, *rest]:
                record = Record(line, conditions, kind)
                self.modifiers(record, rest, connection_only=True)
                self.body(record)
                if kind == "error" and not record.expected:
                    self.fail(line, "statement error must say which error, after ----")
                if kind == "ok" and record.expected is not None:
                    self.fail(line, "statement ok has no result: use query")
                return record
            case ["query", types, *rest]:
                if not re.fullmatch("[ITR]+", types):
                    self.fail(line, f"columns are I, T or R, not {types}")
                record = Record(line, conditions, "query", columns=len(types))
                self.modifiers(record, rest, connection_only=False)
                self.body(record)
                if record.expected is None and not record.label:
                    self.fail(line, "a query needs ---- or a label")
                return record
            case ["loop", variable, first, last]:
                values = [str(number) for number in range(int(first), int(last))]
                return self.loop(line, conditions, variable, values)
            case ["foreach", variable, *_]:
                values = shlex.split(self.lines[line - 1].strip().split(None, 2)[2])
                return self.loop(line, conditions, variable, values)
            case ["random", seed, count]:
                return Record(line, conditions, "random", values=[seed, count])
            case [("restart" | "reconnect") as kind]:
                return Record(line, conditions, kind)
        self.fail(line, f"unknown directive: {' '.join(words)}")

    def loop(self, line, conditions, variable, values):
        if not values:
            self.fail(line, "a loop over nothing")
        return Record(line, conditions, "loop", variable=variable, values=values,
                      body=self.read(inside_loop=True))

    def modifiers(self, record, words, connection_only):
        for word in words:
            if CONNECTION.fullmatch(word):
                record.connection = word
            elif connection_only:
                self.fail(record.line, f"not a connection (con1, con2, …): {word}")
            elif word in SORT_MODES:
                record.sort = word
            else:
                record.label = word

    def body(self, record):
        sql = self.block(stop="----")
        if not sql:
            self.fail(record.line, "a record without SQL")
        record.sql = "\n".join(sql)
        if self.at < len(self.lines) and self.lines[self.at].rstrip() == "----":
            first = self.at + 1
            self.at += 1
            record.expected = self.block()
            record.expected_at = (first, first + len(record.expected))

    def block(self, stop=None):
        taken = []
        while self.at < len(self.lines):
            text = self.lines[self.at]
            if not text.strip() or text.rstrip() == stop:
                break
            taken.append(text)
            self.at += 1
        return taken


def fill(text, variables):
    """`text` with ${name} replaced by the variable of that name, where there is one."""
    return VARIABLE.sub(lambda match: variables.get(match.group(1), match.group(0)), text)


def parse(path, text):
    """(records, requirements of the whole file)."""
    reader = Reader(path, text)
    records = reader.read()
    return records, reader.requires
