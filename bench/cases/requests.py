# SPDX-License-Identifier: MIT
"""Requests, dependent round trips, bytes and time of each step, and that --cost tells them truly.

Each step runs three ways: by the program with --cost (a new process: counted by the proxy as well,
and the two must agree), by the extension in a new Python process (timed without the interpreter's
start; median), and by raw DuckDB on the local copy of the Parquet files that the pond wrote.
"""
import json
import os
import pathlib
import statistics
import tempfile

import duckdb

from harness import cold, places, rows, servers, session

PEERS = places.REPOSITORY / "bench" / "peers.json"
TABLES = (("t", "VARCHAR"), ("u", "UUID"))  # the peers' table has its UUID key as text
CONNECTIONS = 64  # of the program to one host (net/http_settings.h)
EXTRA = 1_000_000  # numbers of the rows that the steps insert start here


def add_arguments(group):
    group.add_argument("--table-rows", type=int, default=rows.ROWS)
    group.add_argument("--times", type=int, default=5, help="runs that a median is taken of")
    group.add_argument("--latency-ms", type=float, default=20.0, help="injected per request")


class Place:
    """A pond somewhere: its URL, what a client needs to reach it, and the proxy if there is one."""

    def __init__(self, name, url, folder, environment=None, meter=None, latency_ms=0.0):
        self.name, self.url, self.folder = name, url, folder
        self.environment, self.meter, self.latency_ms = environment or {}, meter, latency_ms

    def program(self, *arguments):
        """(ms, --cost, what the proxy counted meanwhile or None)"""
        if self.meter:
            self.meter.settings(latency_ms=self.latency_ms)
            self.meter.reset()
        milliseconds, _, cost = session.run_program([*arguments, "--cost"], self.environment)
        if cost is None:
            raise RuntimeError(f"no --cost line from {arguments}")
        return milliseconds, cost, self.meter.stats(50) if self.meter else None

    def cold(self, *statements):
        if self.meter:
            self.meter.settings(latency_ms=self.latency_ms)
        return cold.measure(self.url, *statements, environment=self.environment)


def disagreements(cost, counted, with_latency):
    """Where --cost and the proxy differ.

    Round trips are compared with latency only: without, requests that the program has in flight
    together may reach the proxy one after another. So do requests beyond the program's connections,
    which wait for one another without depending on each other.
    """
    pairs = {kind: (cost["requests"][kind], counted["requests"][kind]) for kind in cost["requests"]}
    pairs["bytes_read"] = (cost["bytes_read"], counted["bytes_read"])
    pairs["bytes_written"] = (cost["bytes_written"], counted["bytes_up"])
    if with_latency and cost["requests"]["get"] <= CONNECTIONS:
        pairs["round_trips"] = (cost["round_trips"], counted["round_trips"])
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


class Steps:
    """The steps on one place; each adds a line to `lines`."""

    def __init__(self, place, args):
        self.place, self.args, self.lines, self.faults = place, args, [], []
        self.next_number = EXTRA + 100_000 * int(place.latency_ms)

    def add(self, step, cost, counted, ms, program_ms, raw_ms=None):
        place = self.place
        if counted:
            differ = disagreements(cost, counted, place.latency_ms > 0)
            if differ:
                self.faults.append(f"{place.name}, {step}: (--cost, proxy) {differ}; "
                                   + json.dumps(counted["log"]))
        requests = cost["requests"]
        self.lines.append({
            "store": place.name, "step": step, "GET": requests["get"], "PUT": requests["put"],
            "DEL": requests["delete"], "LIST": requests["list"],
            "round trips": cost["round_trips"], "bytes read": cost["bytes_read"],
            "bytes written": cost["bytes_written"], "ms": ms, "program ms": program_ms,
            "raw ms": raw_ms, "proxy": "equal" if counted and not differ else "differs" if counted
            else None})

    def fresh(self, count):
        self.next_number += count
        return rows.select(self.args.seed, count, self.next_number - count)

    def create(self):
        program_ms, cost, counted = self.place.program("create", self.place.url)
        self.add("create", cost, counted, None, program_ms)

    def load(self):
        for table, key_type in TABLES:
            self.place.program(self.place.url, "-c",
                               f"CREATE TABLE {table} ({rows.columns(key_type)})")
            load = f"INSERT INTO {table} {rows.select(self.args.seed, self.args.table_rows)}"
            program_ms, cost, counted = self.place.program(self.place.url, "-c", load)
            self.add(f"load {self.args.table_rows:,} rows ({table})", cost, counted, None, program_ms)

    def insert(self, count):
        program_ms, cost, counted = self.place.program(
            self.place.url, "-c", f"INSERT INTO t {self.fresh(count)}")
        times = [self.place.cold(f"INSERT INTO t {self.fresh(count)}") for _ in range(self.args.times)]
        self.add(f"insert {count:,}", cost, counted, median_ms(times, 0), program_ms)

    def select(self, step, sqls, table=None):
        """One statement from a cold process; `sqls` are variants of it, so that no cache helps."""
        program_ms, cost, counted = self.place.program(self.place.url, "-c", sqls[0])
        times = [self.place.cold(sql) for sql in sqls]
        self.add(step, cost, counted, median_ms(times, 0), program_ms, self.raw(table, sqls))

    def warm(self, step, first, second, table):
        """The second statement of a process; the proxy is asked by the difference of two runs."""
        times = [self.place.cold(first, second) for _ in range(self.args.times)]
        cost = times[0]["steps"][1]["cost"]
        self.add(step, cost_of_row(cost), None, median_ms(times, 1), None,
                 self.raw(table, [first, second], position=1))

    def raw(self, table, sqls, position=0):
        """Raw DuckDB on the same files, in new processes."""
        if not table or not self.place.folder:
            return None
        with session_with(self.place) as pond:
            paths = [str(self.place.folder / file["path"]) for file in pond.files(table)]
        view = f"CREATE VIEW {table} AS FROM read_parquet({paths})"
        if position:
            runs = [cold.measure("raw", view, *sqls) for _ in range(self.args.times)]
        else:
            runs = [cold.measure("raw", view, sql) for sql in sqls]
        return median_ms(runs, position + 1, attach=False)


def cost_of_row(cost):
    """pond.cost()'s row in the shape of --cost."""
    return {"requests": {kind: cost[kind + "s"] for kind in ("get", "put", "delete", "list")},
            **{name: cost[name] for name in ("round_trips", "bytes_read", "bytes_written")}}


def median_ms(runs, step, attach=True):
    extra = "attach_ms" if attach and step == 0 else None
    return statistics.median(run["steps"][step]["ms"] + (run[extra] if extra else 0) for run in runs)


def session_with(place):
    """A session in this process, reaching the place as its children do."""
    os.environ.update(place.environment)
    return session.Session(place.url, "(READ_ONLY)")


def key_select(args, table, number):
    digest = rows.key(args.seed, number)
    cast = "::UUID" if table == "u" else ""
    return f"SELECT * FROM {table} WHERE id = '{literal(digest)}'{cast}"


def literal(expression):
    return duckdb.sql(f"SELECT {expression}").fetchone()[0]


def measure(place, args):
    steps = Steps(place, args)
    steps.create()
    steps.load()
    query(steps, args)
    return steps


def query(steps, args):
    steps.insert(1)
    steps.insert(1000)
    numbers = [args.table_rows * (i + 1) // (args.times + 2) for i in range(args.times + 1)]
    for table, key_type in TABLES:
        selects = [key_select(args, table, number) for number in numbers]
        steps.select(f"cold key select, {key_type} key", selects[1:], table)
        steps.warm(f"warm, another {key_type} key", selects[0], selects[1], table)
        steps.warm(f"warm, same {key_type} key", selects[0], selects[0], table)
    steps.select("count(*)", ["SELECT count(*) FROM t"] * args.times, "t")
    steps.select("count + sum", ["SELECT count(*), sum(number) FROM t"] * args.times, "t")


def memory_lines(args):
    """memory: lives in one process only, so there is nothing cold about it."""
    with session.Session("memory:bench") as pond:
        steps = Steps(Place("memory", "memory:bench", None), args)

        def one(step, sql):
            milliseconds, _ = pond.timed(sql)
            steps.add(step, cost_of_row(pond.cost()), None, milliseconds, None)

        for table, key_type in TABLES:
            one(f"create table {table}", f"CREATE TABLE {table} ({rows.columns(key_type)})")
            one(f"load {args.table_rows:,} rows ({table})",
                f"INSERT INTO {table} {rows.select(args.seed, args.table_rows)}")
        one("insert 1", f"INSERT INTO t {steps.fresh(1)}")
        one("insert 1,000", f"INSERT INTO t {steps.fresh(1000)}")
        for table, key_type in TABLES:
            for step in ("key select", "warm, another"):
                one(f"{step} {key_type} key",
                    key_select(args, table, 17 if step == "key select" else 3171))
        one("count(*)", "SELECT count(*) FROM t")
    return steps.lines


def run(args, findings):
    lines, faults = memory_lines(args), []
    with tempfile.TemporaryDirectory(dir=places.scratch()) as scratch:
        folder = pathlib.Path(scratch) / "pond"
        done = measure(Place("directory", str(folder), folder), args)
        lines += done.lines
        with servers.s3_server(scratch) as port, servers.meter(port) as meter:
            environment = servers.s3_environment(meter.port)
            for latency_ms in (0.0, args.latency_ms):
                name = "s3" if latency_ms == 0 else f"s3 + {latency_ms:g} ms"
                prefix = f"{servers.BUCKET}/pond{latency_ms:g}"
                place = Place(name, f"s3://{prefix}", pathlib.Path(scratch) / "s3" / prefix,
                              environment, meter, latency_ms)
                done = measure(place, args)
                lines += done.lines
                faults += done.faults
    findings.table("Steps", lines)
    beside_peers(lines, findings, args)
    findings.note(f"--cost and the proxy: {'equal everywhere' if not faults else faults}")
    if faults:
        findings.save()
        raise RuntimeError("--cost and the proxy disagree; see the notes")


def beside_peers(lines, findings, args):
    """Our figures in the form of the peers': requests / round trips / bytes, ms at 0 -> with latency."""
    slow = f"s3 + {args.latency_ms:g} ms"
    compared = []
    for peer in json.loads(PEERS.read_text(encoding="utf-8"))["steps"]:
        ours = {line["store"]: line for line in lines if line["step"] == peer["ours"]}
        if "s3" not in ours or slow not in ours:
            raise RuntimeError(f"peers.json names a step that was not run: {peer['ours']}")
        line = ours[slow]
        requests = line["GET"] + line["PUT"] + line["DEL"] + line["LIST"]
        moved = line["bytes read"] + line["bytes written"]
        compared.append({"step": peer["ours"], "duckpond": f"{requests} / {line['round trips']} / "
                         f"{moved:,} B, {ours['s3']['ms']:.0f} → {line['ms']:.0f} ms",
                         **{name: text for name, text in peer.items() if name != "ours"}})
    findings.table("Beside the peers (requests / dependent round trips / bytes, ms at 0 → at 20 ms)",
                   compared)
