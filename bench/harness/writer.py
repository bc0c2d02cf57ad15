# SPDX-License-Identifier: MIT
"""A process that commits as fast as it is answered, with one connection per thread.

    python -m harness.writer URL NUMBER THREADS SECONDS

Prints "ready", waits for a line, writes for SECONDS, then prints one JSON line:
{"acknowledged", "unknown", "seconds", "ms": [median, 99th percentile, longest], "errors":
{message: count}}.
"""
import collections
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


def write(connection, writer, deadline, tally):
    number = 0
    while time.monotonic() < deadline:
        started, error = time.perf_counter(), None
        try:
            connection.execute(f"INSERT INTO events VALUES ({writer}, {number}, 'a small event')")
        except Exception as caught:  # pylint: disable=broad-except
            error = str(caught)
        tally.add((time.perf_counter() - started) * 1000, error)
        number += 1


def main(url, number, threads, seconds):
    from . import session

    with session.Session(url) as pond:
        connections = [pond.connection.cursor() for _ in range(int(threads))]
        for connection in connections:
            connection.execute("USE pond")
            connection.execute("SELECT count(*) FROM events").fetchall()
        print("ready", flush=True)
        sys.stdin.readline()
        tally, started = Tally(), time.monotonic()
        workers = [threading.Thread(target=write, args=(
            connection, int(number) * 1000 + i, started + float(seconds), tally))
            for i, connection in enumerate(connections)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()
        print(json.dumps({"acknowledged": tally.acknowledged, "unknown": tally.unknown,
                          "seconds": time.monotonic() - started, "ms": tally.quantiles(),
                          "errors": dict(tally.errors)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
