# SPDX-License-Identifier: MIT
"""A table of 10,000 files: attach, plan and point select, beyond the transfer of its log.

The files come from small inserts with inline_bytes = 0 in transactions of 500 inserts. Each figure
is taken in a new process, on a directory, beside the same on a table of one file; the transfer is
what a plain read of the objects that the pond reads at the start takes.
"""
import pathlib
import statistics
import subprocess
import tempfile
import time

from harness import cold, places, session

ROWS_PER_FILE = 10
PER_TRANSACTION = 500


def add_arguments(group):
    group.add_argument("--files", type=int, default=10_000)


def fill(folder, files):
    """A pond whose table t has that many files with disjoint keys; seconds it took."""
    session.run_program(["create", str(folder)])
    started = time.perf_counter()
    with session.Session(str(folder)) as pond:
        pond.rows("CALL pond.set_option('inline_bytes', 0)")
        pond.rows("CREATE TABLE t (id BIGINT PRIMARY KEY, name VARCHAR, number DOUBLE)")
        for first in range(0, files, PER_TRANSACTION):
            pond.rows("BEGIN")
            for number in range(first, min(first + PER_TRANSACTION, files)):
                pond.rows(f"INSERT INTO t SELECT i, 'name ' || i, i / 7 FROM "
                          f"range({number * ROWS_PER_FILE}, {(number + 1) * ROWS_PER_FILE}) r(i)")
            pond.rows("COMMIT")
        made = len(pond.files("t"))
    if made != files:
        raise RuntimeError(f"{made} files instead of {files}")
    return time.perf_counter() - started


def log_objects(folder):
    """What a reader of the newest version reads before any data: the log, and the parts of the state
    that it names. Older history, which is most of log/, is read by nobody here."""
    log = folder / "pond.log"
    text = subprocess.run(["zstd", "-dcq", log], capture_output=True, text=True, check=True).stdout
    return [log, *(part for part in sorted((folder / "log").glob("*.part")) if part.name in text)]


def transfer_ms(folder):
    paths = log_objects(folder)
    started = time.perf_counter()
    size = sum(len(path.read_bytes()) for path in paths)
    return (time.perf_counter() - started) * 1000, size


def measure(folder, files, times):
    """Medians over new processes: [attach and plan], [attach and select]."""
    key = files * ROWS_PER_FILE // 2
    select = f"SELECT * FROM t WHERE id = {key}"
    plans = [cold.measure(str(folder), f"EXPLAIN {select}", f"EXPLAIN {select}")
             for _ in range(times)]
    selects = [cold.measure(str(folder), select) for _ in range(times)]
    for each in selects:
        if len(each["steps"][0]["rows"]) != 1:
            raise RuntimeError(f"key {key} was not found")
    median = statistics.median
    moved, size = transfer_ms(folder)
    return {"files": files, "log bytes": size, "transfer ms": moved,
            "attach ms": median(each["attach_ms"] for each in plans),
            "first plan ms": median(each["steps"][0]["ms"] for each in plans),
            "second plan ms": median(each["steps"][1]["ms"] for each in plans),
            "cold select ms": median(each["attach_ms"] + each["steps"][0]["ms"] for each in selects)}


def run(args, findings):
    lines = []
    with tempfile.TemporaryDirectory(dir=places.scratch()) as scratch:
        for files in (1, args.files):
            folder = pathlib.Path(scratch) / f"pond{files}"
            seconds = fill(folder, files)
            lines.append({**measure(folder, files, args.times), "made in s": seconds})
    one, many = lines
    findings.table(f"A table of {args.files:,} files", lines)
    for name in ("first plan ms", "second plan ms", "cold select ms"):
        beyond = many[name] - one[name] - (0 if name.startswith("second") else many["transfer ms"])
        findings.note(f"{name}: {beyond:.1f} ms more than with one file and the log's transfer")
