# SPDX-License-Identifier: MIT
"""A process that commits as fast as it is answered, with one connection per thread.

    python -m harness.writer URL NUMBER THREADS SECONDS [OPTIONS of ATTACH]

A URL of http:// is that of a server, anything else that of a pond to attach.

Prints "ready", waits for a line, writes for SECONDS, then prints one JSON line:
{"acknowledged", "unknown", "seconds", "ms": [median, 99th percentile, longest], "errors":
{message: count}}.
"""
import collections
import contextlib
import http.client
import json
import sys
import threading
import time


class Tally:
    def __init__(self):
        self.acknowledged = self.unknown = 0
        self.milliseconds = []
        self.errors = collections.Counter()
        self.lock = threading.Lock()

    def quantiles(self):
        """The median, the 99th percentile and the longest wait of those that were acknowledged."""
        ordered = sorted(self.milliseconds) or [0.0]
        return [ordered[int(part * (len(ordered) - 1))] for part in (0.5, 0.99, 1)]

    def add(self, milliseconds, error):
        with self.lock:
            if error is None:
                self.acknowledged += 1
                self.milliseconds.append(milliseconds)
            elif "unknown outcome" in error.lower():
                self.unknown += 1
            else:
                self.errors[error[:200]] += 1


def write(execute, writer, deadline, tally):
    number = 0
    while time.monotonic() < deadline:
        started, error = time.perf_counter(), None
        try:
            execute(f"INSERT INTO events VALUES ({writer}, {number}, 'a small event')")
        except Exception as caught:  # pylint: disable=broad-except
            error = str(caught)
        tally.add((time.perf_counter() - started) * 1000, error)
        number += 1


@contextlib.contextmanager
def attached(url, options, count):
    """What executes a statement, one for each thread: connections to an attached pond."""
    from . import session

    with session.Session(url, options) as pond:
        cursors = [pond.connection.cursor() for _ in range(count)]
        for cursor in cursors:
            cursor.execute("USE pond")
            cursor.execute("SELECT count(*) FROM events").fetchall()
        yield [cursor.execute for cursor in cursors]


class Client:
    """A connection to a server that stays open."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
        self.connection.connect()

    def execute(self, sql):
        self.connection.request("POST", "/query", sql)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {text.decode()}")


@contextlib.contextmanager
def connected(url, count):
    """The same for connections to a server."""
    clients = [Client(url) for _ in range(count)]
    yield [client.execute for client in clients]
    for client in clients:
        client.connection.close()


def main(url, number, threads, seconds, options=""):
    over_http = url.startswith("http://")
    doors = connected(url, int(threads)) if over_http else attached(url, options, int(threads))
    with doors as executes:
        print("ready", flush=True)
        sys.stdin.readline()
        tally, started = Tally(), time.monotonic()
        workers = [threading.Thread(target=write, args=(
            execute, int(number) * 10_000 + i, started + float(seconds), tally))
            for i, execute in enumerate(executes)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()
        print(json.dumps({"acknowledged": tally.acknowledged, "unknown": tally.unknown,
                          "seconds": time.monotonic() - started, "ms": tally.quantiles(),
                          "errors": dict(tally.errors)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
