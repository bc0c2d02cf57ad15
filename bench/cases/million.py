# SPDX-License-Identifier: MIT
"""What must be read to find one row: in a table of a million files, and in a pond of 1,000 tables.

Two files of the large table are real, the first and the one whose key is asked for; the log says of
the others the like, with keys of their own, and nobody reads them. Each figure is taken in a new process
on a directory, without a cache; `beyond` is what was read but for the log; the peak is of all the process,
Python's and DuckDB's 60 MB included.
"""
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

from harness import cold, places, session

ROWS_PER_FILE = 10_000
PER_COMMIT = 2000
COLUMNS = "id BIGINT PRIMARY KEY, name VARCHAR, number DOUBLE"


def add_arguments(group):
    group.add_argument("--many-files", type=int, default=1_000_000)
    group.add_argument("--tables", type=int, default=1000)


def insert(folder, number):
    """The file `number` of the table, by SQL."""
    with session.Session(str(folder)) as pond:
        pond.rows(f"INSERT INTO t SELECT i, 'name ' || i, i / 7 FROM "
                  f"range({number * ROWS_PER_FILE}, {(number + 1) * ROWS_PER_FILE}) r(i)")


def add_files(folder, first, count):
    program = places.BUILD / "src" / "many_files"
    subprocess.run([program, folder, "t", str(first), str(count), str(PER_COMMIT)], check=True)


def fill(folder, files):
    session.run_program(["create", str(folder)])
    with session.Session(str(folder)) as pond:
        pond.rows("CALL pond.set_option('inline_bytes', 0)")
        pond.rows(f"CREATE TABLE t ({COLUMNS})")
    middle = files // 2
    insert(folder, 0)
    add_files(folder, 1, middle - 1)
    insert(folder, middle)
    add_files(folder, middle + 1, files - middle - 1)
    with session.Session(str(folder)) as pond:
        [[made]] = pond.rows("SELECT file_count FROM pond.table_info() WHERE table_name = 't'")
    if made != files:
        raise RuntimeError(f"{made} files instead of {files}")


def measure(folder, what, statement, times, check=lambda rows: True):
    """Medians over new processes of the statement as the first one."""
    runs = [cold.measure(str(folder), statement, statement,
                         environment={"DUCKPOND_CACHE_DIR": "none"}) for _ in range(times)]
    if not all(check(run["steps"][0]["rows"]) for run in runs):
        raise RuntimeError(f"{statement}: {runs[0]['steps'][0]['rows']}")
    cost = runs[0]["steps"][0]["cost"]
    log = os.path.getsize(pathlib.Path(folder) / "pond.log")
    return {"what": what, "GET": cost["gets"], "round trips": cost["round_trips"],
            "log bytes": log, "beyond": cost["bytes_read"] - log,
            "peak MB": max(run["peak_mb"] for run in runs),
            "attach ms": statistics.median(run["attach_ms"] for run in runs),
            "cold ms": statistics.median(run["steps"][0]["ms"] for run in runs),
            "again ms": statistics.median(run["steps"][1]["ms"] for run in runs)}


def many_files(folder, args):
    started = time.perf_counter()
    fill(folder, args.many_files)
    seconds = time.perf_counter() - started
    key = args.many_files // 2 * ROWS_PER_FILE + ROWS_PER_FILE // 2
    rows = args.many_files * ROWS_PER_FILE
    one = lambda rows: len(rows) == 1  # noqa: E731
    return [measure(folder, "select of a key", f"SELECT * FROM t WHERE id = {key}", args.times, one),
            measure(folder, "plan of it", f"EXPLAIN SELECT * FROM t WHERE id = {key}", args.times),
            measure(folder, "count(*), max(id)", "SELECT count(*), max(id) FROM t", args.times,
                    lambda answer: answer == [[rows, rows - 1]])], seconds


def many_tables(folder, args):
    session.run_program(["create", str(folder)])
    with session.Session(str(folder)) as pond:
        pond.rows("BEGIN")
        for number in range(args.tables):
            pond.rows(f"CREATE TABLE t{number} ({COLUMNS}, made TIMESTAMP, done BOOLEAN)")
        pond.rows("COMMIT")
        pond.rows("INSERT INTO t1 VALUES (1, 'one', 1, NULL, false)")
    return [measure(folder, "select from one table", "SELECT * FROM t1 WHERE id = 1", args.times),
            measure(folder, "SHOW TABLES", "SHOW TABLES", args.times,
                    lambda rows: len(rows) == args.tables)]


def run(args, findings):
    subprocess.run(["cmake", "--build", places.BUILD, "--target", "many_files"], check=True,
                   stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(dir=places.scratch()) as scratch:
        lines, seconds = many_files(pathlib.Path(scratch) / "files", args)
        findings.table(f"A table of {args.many_files:,} files, made in {seconds:.0f} s", lines)
        lines = many_tables(pathlib.Path(scratch) / "tables", args)
        findings.table(f"A pond of {args.tables:,} tables", lines)
