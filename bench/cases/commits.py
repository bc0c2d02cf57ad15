# SPDX-License-Identifier: MIT
"""Acknowledged commits per second: one-row inserts by 1, 16 and more writers in a process, by 4 and by
16 processes. A writer waits for its commit: 16 of them have 16 in flight and get 16 a swap at most.

Writers are threads of one Python process with a connection each on the same attached pond: nothing
stands between them and the committer that they share. Those "over HTTP" are connections to one
`duckpond serve`. The rate limits are injected by the proxy: 15 writes a second of one key answered
503 beyond (S3), and one a second answered 429 (R2), with S3's latency (22 ms a GET, 26 ms a PUT) or
another as the line says; one second's worth may come at once, so a run of N seconds allows N + 1. "As
s3" and "as r2" are the profiles of the program itself, on a directory: no proxy's work is measured,
and each process has the rate for itself. Swaps are puts of the log that won. Afterwards the table must
hold every acknowledged row once, and no other but those whose outcome was unknown.
"""
import collections
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from harness import places, servers, session

SHAPES = ((1, 1), (1, 16), (1, 256), (4, 1), (16, 1))  # processes, writers in each
MANY = ((1, 16), (1, 256), (1, 1024))
S3_LATENCY = {"get": 22, "put": 26, "delete": 26, "list": 22}
LIMITS = (("s3, 22/26 ms", S3_LATENCY, 0, 503, SHAPES),
          ("s3, 22/26 ms, 15/s a key", S3_LATENCY, 15, 503, (*SHAPES, (1, 1024), (16, 16))),
          ("s3, 66 ms, 15/s a key", dict.fromkeys(S3_LATENCY, 66), 15, 503,
           ((1, 1), (1, 256), (16, 1), (16, 16))),
          ("s3, 22/26 ms, 1/s a key", S3_LATENCY, 1, 429, (*SHAPES, (1, 1024))))
OVER_HTTP = ("s3", "r2"), (16, 256, 1024)  # Profiles, connections.
FREE = {"latency_ms_by_kind": {}, "puts_per_second_per_key": 0}


def add_arguments(group):
    group.add_argument("--seconds", type=float, default=10, help="how long each shape writes")
    group.add_argument("--only", default="", metavar="TEXT",
                       help="only stores whose name has it: directory, http, plain, s3, 15/s …")


def start(url, number, threads, seconds, environment, options):
    return subprocess.Popen(
        [sys.executable, "-m", "harness.writer", url, str(number), str(threads), str(seconds),
         options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=places.REPOSITORY / "bench", env={**os.environ, **environment})


def race(url, processes, threads, seconds, environment, options):
    """All writers start together; their answers."""
    writers = [start(url, i, threads, seconds, environment, options) for i in range(processes)]
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


def swaps_of(meter):
    """Puts of the log that won."""
    return sum(entry["method"] == "PUT" and entry["status"] == 200 and
               entry["target"].endswith("/pond.log") for entry in meter.stats(10_000)["log"])


def shape(name, url, processes, threads, args, environment=None, meter=None, limits=None,
          options="", write_to=None):
    """One line. The limits hold for the commits only: making the pond is not what is measured.
    Writers write to the URL, or to what `write_to` starts for it and gives the URL of."""
    environment = environment or {}
    if meter:
        meter.settings(**FREE)
    session.run_program(["create", url], environment)
    session.run_program([url, "-c", "CREATE TABLE events (writer INT, number INT, text VARCHAR)"],
                        environment)
    with write_to(url) if write_to else contextlib.nullcontext(url) as door:
        if meter:
            meter.settings(**limits)
            meter.reset()
        answers = race(door, processes, threads, args.seconds, environment, options)
    counted = meter.stats() if meter else None
    swaps = swaps_of(meter) if meter else None
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
            "swaps/s": swaps / seconds if meter else None,
            "PUTs": counted["methods"].get("PUT", 0) if counted else None,
            "lost races": statuses.get("412", 0) if counted else None,
            "refused": statuses.get("429", 0) + statuses.get("503", 0) if counted else None}, errors


def run(args, findings):
    lines, failures = [], {}

    def add(name, url, processes, threads, **how):
        if args.only not in name:
            return
        line, errors = shape(name, url, processes, threads, args, **how)
        lines.append(line)
        for message in errors:
            failures.setdefault(message, f"{name}, {processes} × {threads}")

    with tempfile.TemporaryDirectory(dir=places.scratch()) as scratch:
        def place(*words):
            return str(pathlib.Path(scratch) / "-".join(map(str, words)))

        for processes, threads in SHAPES:
            add("directory", place("plain", processes, threads), processes, threads)
        for profile in OVER_HTTP[0]:
            for processes, threads in MANY:
                add(f"directory as {profile}", place(profile, processes, threads), processes, threads,
                    options=f"(LATENCY '{profile}')")
            for connections in OVER_HTTP[1]:
                add(f"http, directory as {profile}", place("http", profile, connections), 1,
                    connections, write_to=lambda url, profile=profile: servers.duckpond_server(
                        url, "--latency", profile))
        with servers.s3_server(scratch) as port, servers.meter(port) as meter:
            for processes, threads in SHAPES:
                add("s3", f"s3://{servers.BUCKET}/plain-{processes}-{threads}", processes, threads,
                    environment=servers.s3_environment(port))
            environment = servers.s3_environment(meter.port)
            for number, (name, latency, rate, status, shapes) in enumerate(LIMITS):
                limits = {"latency_ms_by_kind": latency, "puts_per_second_per_key": rate,
                          "refusal_status": status}
                for processes, threads in shapes:
                    add(name, f"s3://{servers.BUCKET}/limited-{number}-{processes}-{threads}",
                        processes, threads, environment=environment, meter=meter, limits=limits)
    findings.table(f"Acknowledged commits, {args.seconds:g} s each", lines)
    findings.note("every acknowledged row is there once, in every line")
    for message, where in failures.items():
        findings.note(f"failed ({where}): {message}")
