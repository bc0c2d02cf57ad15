# SPDX-License-Identifier: MIT
"""TPC-H: 22 queries on a pond in a directory, beside raw DuckDB on the very Parquet files it wrote.

Both sides run in one process, by turns, and every answer is compared. A ratio is the least time on
the pond by the least time of raw DuckDB: on a busy machine the least of several runs is what the
work takes, and anything above it is somebody else's.
"""
import decimal
import math
import pathlib
import subprocess
import sys
import tempfile
import time

from harness import places, report, session

TABLES = ("region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem")
QUERIES = places.REPOSITORY / "bench" / "tpch"
DIFFERENCE_MAX = 1e-9  # relative; sums of doubles depend on the order in which threads add


def add_arguments(group):
    group.add_argument("--sf", type=float, default=0.1, help="scale factor (default 0.1)")
    group.add_argument("--repeat", type=int, default=5, help="runs of each query on each side")
    group.add_argument("--threads", type=int, default=None, help="DuckDB's threads")


def generated(scale):
    """The folder of tpchgen-cli's Parquet files, made when it is missing."""
    folder = places.CACHE / f"tpch-sf{scale:g}"
    if not (folder / "ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([pathlib.Path(sys.executable).with_name("tpchgen-cli"), "parquet", "-s",
                        f"{scale:g}", "-o", folder], check=True, capture_output=True)
        (folder / "ready").touch()
    return folder


def load(pond, source):
    """Milliseconds to load all tables; everything becomes Parquet, however small."""
    pond.rows("CALL pond.set_option('inline_bytes', 0)")
    started = time.perf_counter()
    for table in TABLES:
        pond.rows(f"CREATE TABLE pond.{table} AS FROM '{source / table}.parquet'")
    return (time.perf_counter() - started) * 1000


def make_views(pond, folder):
    """The same names in schema raw.main, as plain Parquet scans."""
    pond.rows("ATTACH ':memory:' AS raw")
    for table in TABLES:
        paths = [str(folder / file["path"]) for file in pond.files(table)]
        if not paths:
            raise RuntimeError(f"{table} has no data file")
        pond.rows(f"CREATE VIEW raw.{table} AS FROM read_parquet({paths})")


def same(one, other):
    if len(one) != len(other):
        return False
    key = lambda row: tuple(str(value) for value in row if not isinstance(value, float))
    for left, right in zip(sorted(one, key=key), sorted(other, key=key)):
        for a, b in zip(left, right):
            numbers = isinstance(a, (float, decimal.Decimal)) and b is not None
            if not (math.isclose(a, b, rel_tol=DIFFERENCE_MAX) if numbers else a == b):
                return False
    return True


def compare(pond, sql, repeat):
    """({side: least ms}, equal), the two sides by turns and each going first every other time."""
    least, answers = {}, {}
    for turn in range(repeat):
        for side in ("pond", "raw") if turn % 2 == 0 else ("raw", "pond"):
            pond.rows(f"USE {side}")
            milliseconds, answers[side] = pond.timed(sql)
            least[side] = min(milliseconds, least.get(side, math.inf))
    return least, same(answers["pond"], answers["raw"])


def run(args, findings):
    source = generated(args.sf)
    with tempfile.TemporaryDirectory(dir=places.scratch()) as scratch:
        folder = pathlib.Path(scratch) / "pond"
        session.run_program(["create", str(folder)])
        with session.Session(str(folder), threads=args.threads) as pond:
            load_ms = load(pond, source)
            make_views(pond, folder)
            lines, unequal = [], []
            for number in range(1, 23):
                sql = (QUERIES / f"q{number:02}.sql").read_text(encoding="utf-8")
                least, equal = compare(pond, sql, args.repeat)
                lines.append({"query": f"Q{number}", "pond ms": least["pond"], "raw ms": least["raw"],
                              "ratio": least["pond"] / least["raw"], "equal": equal})
                unequal += [] if equal else [f"Q{number}"]
            files = {table: len(pond.files(table)) for table in TABLES}
    ratios = [line["ratio"] for line in lines]
    worst = max(lines, key=lambda line: line["ratio"])
    findings.table(f"TPC-H SF {args.sf:g}, least of {args.repeat}", lines)
    findings.note(f"geometric mean of the ratios {report.geometric_mean(ratios):.3f}, worst "
                  f"{worst['ratio']:.3f} ({worst['query']}); load {load_ms / 1000:.1f} s; files {files}")
    if unequal:
        raise RuntimeError(f"answers differ: {', '.join(unequal)}")
