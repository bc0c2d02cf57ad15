# SPDX-License-Identifier: MIT
"""A DuckDB connection in this Python with our extension loaded, and the program run as a process."""
import json
import os
import subprocess
import time

import duckdb

from . import places


def connect(threads=None):
    """A database of its own in memory, with the extension."""
    config = {"allow_unsigned_extensions": "true"}
    if threads:
        config["threads"] = str(threads)
    connection = duckdb.connect(":memory:", config=config)
    connection.load_extension(str(places.EXTENSION))
    return connection


class Raw:
    """DuckDB with nothing attached."""

    attach_ms = 0.0

    def __init__(self):
        self.connection = duckdb.connect(":memory:")

    def rows(self, sql, parameters=None):
        return self.connection.execute(sql, parameters).fetchall()

    def timed(self, sql, parameters=None):
        """(milliseconds, rows)"""
        started = time.perf_counter()
        rows = self.rows(sql, parameters)
        return (time.perf_counter() - started) * 1000, rows

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Session(Raw):
    """One pond attached as `pond`, and chosen with USE."""

    def __init__(self, url, options="", threads=None):
        self.connection = connect(threads)
        started = time.perf_counter()
        self.connection.execute(f"ATTACH 'duckpond:{url}' AS pond {options}")
        self.connection.execute("USE pond")
        self.attach_ms = (time.perf_counter() - started) * 1000

    def cost(self):
        """The meter's figures of the statement before: a dictionary of pond.cost()'s columns."""
        result = self.connection.execute("FROM pond.cost()")
        names = [column[0] for column in result.description]
        return dict(zip(names, result.fetchone()))

    def files(self, table):
        """list_files('table'): one dictionary per data file."""
        result = self.connection.execute(f"FROM pond.list_files('{table}')")
        names = [column[0] for column in result.description]
        return [dict(zip(names, row)) for row in result.fetchall()]


def run_program(arguments, environment=None, stdin=None):
    """Runs `duckpond`; (milliseconds, stdout, cost or None). An exit code other than 0 raises."""
    started = time.perf_counter()
    done = subprocess.run([places.PROGRAM, *arguments], capture_output=True, text=True, input=stdin,
                          env={**os.environ, **(environment or {})}, timeout=600)
    milliseconds = (time.perf_counter() - started) * 1000
    if done.returncode:
        raise RuntimeError(f"duckpond {' '.join(map(str, arguments))}: exit {done.returncode}\n"
                           f"{done.stderr}")
    lines = [line for line in done.stderr.splitlines() if line.startswith('{"requests"')]
    return milliseconds, done.stdout, json.loads(lines[-1]) if lines else None
