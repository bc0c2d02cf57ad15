# SPDX-License-Identifier: MIT
"""Warm key reads in one process, beside raw DuckDB on the same local Parquet file.

The same prepared select by key, on keys drawn by the seed, in turns of one batch each. The key once
as UUID, which DuckDB does not prune row groups by, and once as text, which it does.
"""
import pathlib
import random
import tempfile
import time

from harness import places, rows, session

BATCH = 50


def add_arguments(group):
    group.add_argument("--reads", type=int, default=500, help="key reads on each side")
    group.add_argument("--rows", type=int, default=rows.ROWS, help="rows of the table")


def keys(pond, table, seed, count, total):
    draw = random.Random(seed)
    numbers = [draw.randrange(total) * 7919 for _ in range(count)]
    found = dict(pond.rows(f"SELECT number, id FROM {table} WHERE number IN {tuple(set(numbers))}"))
    return [found[number] for number in numbers]


def batches(connection, sides, wanted):
    """Seconds that each side's prepared select took for all keys, by turns; answers must be equal."""
    spent, answers = dict.fromkeys(sides, 0.0), {name: [] for name in sides}
    for first in range(0, len(wanted), BATCH):
        for name in sides:
            started = time.perf_counter()
            for key in wanted[first:first + BATCH]:
                answers[name].append(connection.execute(f"EXECUTE {name}('{key}')").fetchone())
            spent[name] += time.perf_counter() - started
    one, *others = answers.values()
    if None in one or any(other != one for other in others):
        raise RuntimeError("answers differ or are missing")
    return spent


def measure(pond, folder, table, key_type, args):
    paths = [str(folder / file["path"]) for file in pond.files(table)]
    wanted = keys(pond, table, args.seed, args.reads, args.rows)
    sides = {"of_pond": f"pond.{table}", "of_raw": f"read_parquet({paths})"}
    for name, source in sides.items():
        pond.rows(f"PREPARE {name} AS SELECT * FROM {source} WHERE id = $1::{key_type}")
    batches(pond.connection, sides, wanted[:BATCH])
    spent = batches(pond.connection, sides, wanted)
    return {"table": table, "files": len(paths), "reads": len(wanted),
            "pond ms/read": spent["of_pond"] / len(wanted) * 1000,
            "raw ms/read": spent["of_raw"] / len(wanted) * 1000,
            "raw/pond": spent["of_raw"] / spent["of_pond"]}


def run(args, findings):
    with tempfile.TemporaryDirectory(dir=places.scratch()) as scratch:
        folder = pathlib.Path(scratch) / "pond"
        session.run_program(["create", str(folder)])
        with session.Session(str(folder)) as pond:
            lines = []
            for table, key_type in (("by_uuid", "UUID"), ("by_text", "VARCHAR")):
                pond.rows(f"CREATE TABLE {table} ({rows.columns(key_type)})")
                pond.rows(f"INSERT INTO {table} {rows.select(args.seed, args.rows)}")
                lines.append(measure(pond, folder, table, key_type, args))
    findings.table(f"key reads, {args.rows} rows", lines)
