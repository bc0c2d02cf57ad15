# SPDX-License-Identifier: MIT
"""duckpond beside what a user would take instead, in one run on one S3 server behind the proxy.

Raw DuckDB with httpfs (on the very files that the pond wrote), DuckLake, delta-rs and pyiceberg, each
as it comes, with the same rows in the same order. Requests, bytes and round trips are the proxy's;
milliseconds are the client's own, without the start of its process. Each cold step is a new process.
An error or a wrong answer is a failed step, of duckpond a failed run; so are acknowledged commits that
are not there.
"""
import contextlib
import importlib.metadata
import importlib.util
import json
import pathlib
import re
import statistics
import sys
import tempfile
import time

import duckdb

from harness import client, clients, places, report, rows, servers

TITLES = {"duckpond": "duckpond", "raw": "raw DuckDB + httpfs", "ducklake": "DuckLake",
          "delta-rs": "delta-rs", "pyiceberg": "pyiceberg"}
PACKAGES = ("duckdb", "duckdb-extension-httpfs", "duckdb-extension-ducklake", "deltalake",
            "pyiceberg", "pyarrow")
PROCESSES, COMMITS_EACH = 4, 25
STEP_SECONDS_MAX = 60  # a step that has taken as long is not repeated
# What differs from one error to the next of the same kind: identifiers, paths, processes.
NAMES_IN_ERRORS = re.compile(r"\d{6,}|(?<= )/\S+|\(P\w*\W?\s?\d*\)?$")
FIRST, END = "2024-06-01", "2024-06-02"  # the day of the year


def add_arguments(group):
    group.add_argument("--clients", nargs="+", choices=TITLES, default=list(TITLES),
                       help="those that are measured; duckpond always is")
    group.add_argument("--markdown", action="store_true",
                       help="prints what docs/benchmarks.md holds between its two marks")


class Bench:
    """The servers and what was measured; `lines` has one entry per client, step and latency."""

    def __init__(self, args, scratch, meter):
        self.args, self.scratch, self.meter = args, pathlib.Path(scratch), meter
        self.sources, self.lines, self.notes = {}, [], []
        self.numbers = iter(range(1_000_000, 2_000_000))  # rows that inserts add start here
        self.latency_ms = 0.0

    def place(self):
        """One port for all that is done: a pond proves its store again at another address."""
        return {"port": self.meter.port, "folder": str(self.scratch), "sources": self.sources}

    def client(self, name, environment=None):
        return client.Client(name, self.place(), environment)

    def latency(self, milliseconds):
        self.latency_ms = milliseconds
        self.meter.settings(latency_ms=milliseconds)

    def add(self, name, step, runs):
        """`runs` are (milliseconds, the proxy's figures): the median of each."""
        def middle(figure):
            return statistics.median_low(figure(counted) for _, counted in runs)

        self.lines.append({
            "client": name, "step": step, "latency ms": self.latency_ms, "runs": len(runs),
            "ms": statistics.median(milliseconds for milliseconds, _ in runs),
            "requests": middle(lambda counted: counted["total"]),
            "round trips": middle(lambda counted: counted["round_trips"]),
            "bytes down": middle(lambda counted: counted["bytes_down"]),
            "bytes up": middle(lambda counted: counted["bytes_up"]),
            "by kind": runs[0][1]["requests"], "all ms": [milliseconds for milliseconds, _ in runs]})

    def failed(self, name, step, error):
        self.lines.append({"client": name, "step": step, "latency ms": self.latency_ms,
                           "error": str(error)})
        self.notes.append(f"{TITLES[name]}, {step}, {self.latency_ms:g} ms: {error}")
        print(self.notes[-1], flush=True)

    def repeated(self, name, step, once):
        """`once()` gives the runs of one repetition by step, each (milliseconds, figures)."""
        started, runs = time.monotonic(), {}
        try:
            for _ in range(self.args.times):
                for each, run in once().items():
                    runs.setdefault(each, []).append(run)
                if time.monotonic() - started > STEP_SECONDS_MAX:
                    break
        except client.Failed as error:
            self.failed(name, step, error)
            return
        for each, measured in runs.items():
            self.add(name, each, measured)
            if len(measured) < self.args.times:
                self.notes.append(f"{TITLES[name]}, {each}, {self.latency_ms:g} ms: slow, so run "
                                  f"{len(measured)} times only")
        print(f"  {name}: {step}, {self.latency_ms:g} ms, took {time.monotonic() - started:.0f} s",
              flush=True)


def expect(name, step, answer, wanted):
    if answer != wanted:
        raise client.Failed(f"{name}, {step}: {answer} instead of {wanted}")


# --- before anything is measured ---

def make_source(bench):
    """The rows as one local Parquet file, the same for all."""
    path = bench.scratch / "source.parquet"
    rows_sql = clients.year_of_rows(bench.args.seed, bench.args.table_rows)
    duckdb.sql(f"COPY ({rows_sql}) TO '{path}' (FORMAT parquet)")
    return path


def make_many(bench):
    """Small files in the server's own folder: 10 rows each, keys in order."""
    folder = bench.scratch / "s3" / servers.BUCKET / "many"
    folder.mkdir()
    each = clients.MANY_ROWS_PER_FILE
    connection, sizes = duckdb.connect(), []
    for number in range(bench.args.files):
        path = folder / f"{number:05}.parquet"
        connection.execute(f"COPY (SELECT i AS id, 'name ' || i AS name, i / 7 AS number FROM "
                           f"range({number * each}, {(number + 1) * each}) r(i)) TO '{path}' "
                           "(FORMAT parquet)")
        sizes.append(path.stat().st_size)
    (bench.scratch / "many.json").write_text(json.dumps(sizes), encoding="utf-8")


def prepare(bench, names):
    """Loads every client's tables, without delay. Raw DuckDB then reads the pond's own files."""
    source = make_source(bench)
    make_many(bench)
    for name in names:
        started = time.monotonic()
        with bench.client(name) as one:
            if name != "raw":
                one.ask("create")
                if name in ("duckpond", "ducklake"):
                    one.ask("open", "t")
                one.ask("load", "t", str(source))
            one.ask("load", "events", None)
        if name == "duckpond":
            with bench.client(name) as one:
                one.ask("open", "t")
                paths = one.ask("files", "t")[1]
            bench.sources.update(
                t=f"read_parquet({paths})",
                events=f"read_parquet('{clients.BUCKET}/raw/events/*.parquet')",
                many=f"read_parquet('{clients.BUCKET}/many/*.parquet')")
        if name != "raw":
            prepare_many(bench, name)
        print(f"  {name}: loaded in {time.monotonic() - started:.0f} s", flush=True)


def prepare_many(bench, name):
    with bench.client(name) as one:
        made = one.ask("register", "many", bench.args.files)[1]
    expect(name, "many files", made, bench.args.files)


# --- the steps ---

def key_of(args, number):
    return duckdb.sql(f"SELECT {rows.key(args.seed, number)}").fetchone()[0]


def cold(bench, name, table, wanted, operation, *arguments, environment=None):
    """(milliseconds, figures) of opening and one operation in a new process."""
    with bench.client(name, environment=environment) as one:
        bench.meter.reset()
        opened, _ = one.ask("open", table)
        spent, answer = one.ask(operation, *arguments)
        counted = bench.meter.stats()
    if wanted is not None:
        expect(name, operation, answer, wanted)
    return opened + spent, counted


def warm(bench, name, first, second):
    """The second select of a process by another key, and the third by the same."""
    runs = {}
    with bench.client(name) as one:
        one.ask("open", "t")
        one.ask("select", "t", key_of(bench.args, first))
        for step in ("warm key select, another key", "warm key select, same key"):
            bench.meter.reset()
            spent, answer = one.ask("select", "t", key_of(bench.args, second))
            expect(name, step, answer, [second * 7919])
            runs[step] = (spent, bench.meter.stats())
    return runs


def selects(bench, name, day):
    args = bench.args
    numbers = iter([args.table_rows * (i + 1) // (args.times + 2) for i in range(args.times + 1)] * 2)
    last = args.table_rows - 17
    step = "cold key select"

    def by_key():
        number = next(numbers)
        return {step: cold(bench, name, "t", [number * 7919], "select", "t", key_of(args, number))}

    bench.repeated(name, step, by_key)
    step_day = "cold aggregate over a day"
    bench.repeated(name, step_day, lambda: {
        step_day: cold(bench, name, "t", day, "day", "t", FIRST, END)})
    bench.repeated(name, "warm key selects", lambda: warm(bench, name, next(numbers, 5), last))
    if name == "duckpond":
        on_disk(bench, name)


def on_disk(bench, name):
    """The second process of a machine, with the cache that the program uses when nobody says."""
    step = "cold key select, second process"
    number = bench.args.table_rows // 2
    with tempfile.TemporaryDirectory(dir=bench.scratch) as folder:
        def again():
            return {step: cold(bench, name, "t", [number * 7919], "select", "t",
                               key_of(bench.args, number),
                               environment={"DUCKPOND_CACHE_DIR": folder})}

        again()
        bench.repeated(name, step, again)


def many(bench, name):
    step = f"cold key select, {bench.args.files:,} files"
    row = bench.args.files // 2 * clients.MANY_ROWS_PER_FILE + 3
    bench.repeated(name, step, lambda: {
        step: cold(bench, name, "many", [row / 7], "select", "many", row)})


def inserts(bench, name):
    step = "insert one row"
    bench.repeated(name, step, lambda: {
        step: cold(bench, name, "t", None, "insert t", bench.args.seed, next(bench.numbers),
                   bench.args.table_rows)})


def start_writers(bench, name):
    """(those that could open the table, {what the others said: how often})"""
    writers, refused = [], {}
    for _ in range(PROCESSES):
        one = bench.client(name)
        try:
            one.ask("open", "events")
            writers.append(one)
        except client.Failed as error:
            one.close()
            kind = NAMES_IN_ERRORS.sub("…", str(error))
            refused[kind] = refused.get(kind, 0) + COMMITS_EACH
    return writers, refused


def commits(bench, name, round_number):
    """Four processes with 25 commits each at the same time, then a look at what is there."""
    step = f"{PROCESSES * COMMITS_EACH} commits by {PROCESSES} processes"
    with bench.client(name) as one:
        one.ask("open", "events")
        there = one.ask("count", "events")[1]
    with contextlib.ExitStack() as stack:
        writers, errors = start_writers(bench, name)
        for one in writers:
            stack.callback(one.close)
        bench.meter.reset()
        for number, one in enumerate(writers):
            one.send("commits", round_number * PROCESSES + number, COMMITS_EACH)
        answers = [one.answer()[1] for one in writers]
        counted = bench.meter.stats()
    for each in answers:
        for message, times in each["errors"].items():
            kind = NAMES_IN_ERRORS.sub("…", message)
            errors[kind] = errors.get(kind, 0) + times
    acknowledged = sum(each["acknowledged"] for each in answers)
    seconds = max(each["seconds"] for each in answers)
    bench.add(name, step, [(seconds * 1000, counted)])
    bench.lines[-1].update({"commits/s": acknowledged / seconds, "acknowledged": acknowledged,
                            "failed": sum(errors.values()),
                            "times_ms": [ms for each in answers for ms in each["times_ms"]]})
    for message, times in errors.items():
        bench.notes.append(f"{TITLES[name]}, {step}, {bench.latency_ms:g} ms: "
                           f"{times} failed: {message}")
    wanted = there + acknowledged
    step_count = "cold count(*) after these commits"
    bench.repeated(name, step_count, lambda: {
        step_count: cold(bench, name, "events", wanted, "count", "events")})


def measure(bench, names, day):
    """Reads first, of freshly loaded tables; then what changes them."""
    latencies = (0.0, bench.args.latency_ms)
    for step in (lambda name: selects(bench, name, day), lambda name: many(bench, name),
                 lambda name: inserts(bench, name)):
        for name in names:
            for latency in latencies:
                bench.latency(latency)
                step(name)
    for name in names:
        for number, latency in enumerate(latencies):
            bench.latency(latency)
            try:
                commits(bench, name, number)
            except client.Failed as error:
                bench.failed(name, "commits", error)
    bench.latency(0.0)


# --- what is shown ---

def size(count):
    for unit, bytes_each in (("MB", 1e6), ("KB", 1e3)):
        if count >= bytes_each:
            return f"{count / bytes_each:.3g} {unit}"
    return f"{count} B"


def cell(fast, slow):
    """requests / round trips / bytes, ms without latency → with it; `fast` and `slow` are lines."""
    if fast is None or slow is None:
        return "–"
    if "error" in fast or "error" in slow:
        return "failed"
    moved = size(slow["bytes down"] + slow["bytes up"])
    counts = f"{slow['requests']:,} / {slow['round trips']:,} / {moved}"
    if "commits/s" in slow:
        failed = fast["failed"] + slow["failed"]
        refused = f", **{fast['failed']} and {slow['failed']} failed**" if failed else ""
        return f"{counts}, {fast['commits/s']:.3g} → {slow['commits/s']:.3g} a second{refused}"
    return f"{counts}, {fast['ms']:,.0f} → {slow['ms']:,.0f} ms"


def summary(lines, names, latency_ms):
    """One row per step, one column per client."""
    found = {(line["step"], line["client"], line["latency ms"]): line for line in lines}
    steps = list(dict.fromkeys(line["step"] for line in lines))
    table = []
    for step in steps:
        row = {"step": step}
        for name in names:
            row[TITLES[name]] = cell(found.get((step, name, 0.0)), found.get((step, name, latency_ms)))
        table.append(row)
    return table


def versions():
    return {name: importlib.metadata.version(name) for name in PACKAGES}


def markdown(args, findings, table):
    """The part of docs/benchmarks.md that a run replaces."""
    facts = findings.content["machine"]
    named = ", ".join(f"{name} {version}" for name, version in versions().items())
    defaults = {"table_rows": rows.ROWS, "times": 5, "latency_ms": 20.0, "files": 10_000}
    options = "".join(f" --{name.replace('_', '-')} {getattr(args, name):g}"
                      for name, usual in defaults.items() if getattr(args, name) != usual)
    return "\n".join([
        f"`bench/run peers{options}`, seed {args.seed}, on {time.strftime('%Y-%m-%d', time.gmtime())}: "
        f"{args.table_rows:,} rows, median of {args.times}.",
        "",
        f"- Machine: {facts['cpu']}, {facts['cores']} cores, {facts['memory_gib']:g} GiB, Linux "
        f"{facts['kernel']}; load {facts['load_before']:.1f} before and {facts['load_after']:.1f} "
        "after.",
        f"- Versions: duckpond {facts['commit'][:12]}, {named}, versitygw "
        f"{places.pinned('VERSITYGW_VERSION')}, Python {facts['python']}.", "",
        report.markdown(table), "", *[f"- {note}" for note in findings.content["notes"]]])


def run(args, findings):
    missing = [name for name in ("deltalake", "pyiceberg", "duckdb_extension_ducklake",
                                 "duckdb_extension_httpfs") if not importlib.util.find_spec(name)]
    if missing:
        sys.exit(f"missing: Python's {', '.join(missing)}: run scripts/setup bench")
    names = [name for name in TITLES if name in args.clients or name == "duckpond"]
    with tempfile.TemporaryDirectory(dir=places.scratch()) as scratch, \
            servers.s3_server(scratch) as port, servers.meter(port) as meter:
        bench = Bench(args, scratch, meter)
        prepare(bench, names)
        day = list(duckdb.sql(
            f"SELECT count(*), sum(number)::BIGINT FROM read_parquet('{scratch}/source.parquet') "
            f"WHERE moment >= '{FIRST}' AND moment < '{END}'").fetchone())
        try:
            measure(bench, names, day)
        except KeyboardInterrupt:
            bench.notes.append("interrupted: what comes after was not measured")
    table = summary(bench.lines, names, args.latency_ms)
    findings.content["versions"] = versions()
    findings.content["lines"] = bench.lines
    findings.table("Requests / dependent round trips / bytes, ms at 0 → at "
                   f"{args.latency_ms:g} ms a request", table)
    for note in bench.notes:
        findings.note(note)
    findings.save()
    text = markdown(args, findings, table)
    (places.RESULTS / "peers.md").write_text(text + "\n", encoding="utf-8")
    if args.markdown:
        print(f"\n{text}")
    if any("error" in line for line in bench.lines if line["client"] == "duckpond"):
        raise RuntimeError("a step of duckpond failed; see the notes")
