# SPDX-License-Identifier: MIT
"""Acknowledged commits per second: one-row inserts by 1, 16 and 256 writers in a process, by 4 and by
16 processes. A writer waits for its commit: 16 of them have 16 in flight and get 16 a swap at most.

Writers are threads of one Python process with a connection each on the same attached pond: nothing
stands between them and the committer that they share, as an HTTP server's own work would. The rate
limits are injected by the proxy: 15 writes a second of one key answered 503 beyond (S3), and one a
second answered 429 (R2), with S3's latency (22 ms a GET, 26 ms a PUT) in both; one second's worth may
come at once, so a run of N seconds allows N + 1. Afterwards the table
must hold every acknowledged row once, and no other but those whose outcome was unknown.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from harness import places, servers, session

SHAPES = ((1, 1), (1, 16), (1, 256), (4, 1), (16, 1))  # processes, writers in each
S3_LATENCY = {"get": 22, "put": 26, "delete": 26, "list": 22}
LIMITS = (("s3, 22/26 ms", 0, 503), ("s3, 22/26 ms, 15/s a key", 15, 503),
          ("s3, 22/26 ms, 1/s a key", 1, 429))


def add_arguments(group):
    group.add_argument("--seconds", type=float, default=10, help="how long each shape writes")


def start(url, number, threads, seconds, environment):
    return subprocess.Popen(
        [sys.executable, "-m", "harness.writer", url, str(number), str(threads), str(seconds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=places.REPOSITORY / "bench", env={**os.environ, **environment})


def race(url, processes, threads, seconds, environment):
    """All writers start together; their answers."""
    writers = [start(url, i, threads, seconds, environment) for i in range(processes)]
    try:
        for each in writers:
            if each.stdout.readline() != "ready\n":
                raise RuntimeError("a writer did not get ready; see above")
        for each in writers:
            each.stdin.write("go\n")
            each.stdin.flush()
        return [json.loads(each.stdout.readline()) for each in writers]
    finally:
        for each in writers:
            each.stdin.close()
            each.stdout.close()
            each.wait()


def check(url, environment, acknowledged, unknown):
    _, out, _ = session.run_program(
        [url, "-csv", "-c", "SELECT count(*), count(DISTINCT (writer, number)) FROM events"],
        environment)
    there, distinct = map(int, out.splitlines()[-1].split(","))
    if there != distinct or not acknowledged <= there <= acknowledged + unknown:
        raise RuntimeError(f"{acknowledged} acknowledged and {unknown} unknown commits, but {there} "
                           f"rows, {distinct} of them distinct")


FREE = {"latency_ms_by_kind": {}, "puts_per_second_per_key": 0}


def shape(name, url, processes, threads, args, environment=None, meter=None, limits=None):
    """One line. The limits hold for the commits only: making the pond is not what is measured."""
    environment = environment or {}
    if meter:
        meter.settings(**FREE)
    session.run_program(["create", url], environment)
    session.run_program([url, "-c", "CREATE TABLE events (writer INT, number INT, text VARCHAR)"],
                        environment)
    if meter:
        meter.settings(**limits)
        meter.reset()
    answers = race(url, processes, threads, args.seconds, environment)
    counted = meter.stats() if meter else None
    acknowledged = sum(each["acknowledged"] for each in answers)
    unknown = sum(each["unknown"] for each in answers)
    errors = collections.Counter()
    for each in answers:
        errors.update(each["errors"])
    if meter:
        meter.settings(**FREE)
    check(url, environment, acknowledged, unknown)
    seconds = max(each["seconds"] for each in answers)
    statuses = counted["statuses"] if counted else {}
    return {"store": name, "processes": processes, "writers each": threads,
            "commits/s": acknowledged / seconds, "acknowledged": acknowledged, "unknown": unknown,
            "failed": sum(errors.values()), "least of one": min(each["acknowledged"] for each in answers),
            **{f"{name} ms": max(each["ms"][i] for each in answers)
               for i, name in enumerate(("median", "p99", "longest"))},
            "PUTs": counted["methods"].get("PUT", 0) if counted else None,
            "lost races": statuses.get("412", 0) if counted else None,
            "refused": statuses.get("429", 0) + statuses.get("503", 0) if counted else None}, errors


def run(args, findings):
    lines, failures = [], {}

    def add(name, url, processes, threads, **how):
        line, errors = shape(name, url, processes, threads, args, **how)
        lines.append(line)
        for message in errors:
            failures.setdefault(message, f"{name}, {processes} × {threads}")

    with tempfile.TemporaryDirectory(dir=places.scratch()) as scratch:
        for number, (processes, threads) in enumerate(SHAPES):
            add("directory", str(pathlib.Path(scratch) / f"pond{number}"), processes, threads)
        with servers.s3_server(scratch) as port, servers.meter(port) as meter:
            for number, (processes, threads) in enumerate(SHAPES):
                add("s3", f"s3://{servers.BUCKET}/plain{number}", processes, threads,
                    environment=servers.s3_environment(port))
            environment = servers.s3_environment(meter.port)
            for limit, (name, rate, status) in enumerate(LIMITS):
                limits = {"latency_ms_by_kind": S3_LATENCY, "puts_per_second_per_key": rate,
                          "refusal_status": status}
                for number, (processes, threads) in enumerate(SHAPES):
                    add(name, f"s3://{servers.BUCKET}/limited{limit}.{number}", processes, threads,
                        environment=environment, meter=meter, limits=limits)
    findings.table(f"Acknowledged commits, {args.seconds:g} s each", lines)
    findings.note("every acknowledged row is there once, in every line")
    for message, where in failures.items():
        findings.note(f"failed ({where}): {message}")
