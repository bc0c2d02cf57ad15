# SPDX-License-Identifier: MIT
"""A statement on a pond from a process that knows nothing yet, timed without the interpreter's start.

    python -m harness.cold URL OPTIONS SQL [SQL…]      prints one JSON line

URL "raw" stands for DuckDB alone, with no pond attached.
"""
import json
import os
import resource
import subprocess
import sys

from . import places


def measure(url, *statements, environment=None, options=""):
    """Runs in a new process: {"attach_ms", "steps": [{"ms", "rows", "cost"}, …], "peak_mb"}."""
    done = subprocess.run([sys.executable, "-m", "harness.cold", url, options, *statements],
                          capture_output=True, text=True, cwd=places.REPOSITORY / "bench",
                          env={**os.environ, **(environment or {})}, timeout=600)
    if done.returncode:
        raise RuntimeError(f"cold {statements}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main(url, options, *statements):
    from . import session

    raw = url == "raw"
    with session.Raw() if raw else session.Session(url, options) as database:
        answer = {"attach_ms": database.attach_ms, "steps": []}
        for sql in statements:
            milliseconds, rows = database.timed(sql)
            cost = None if raw else database.cost()
            answer["steps"].append({"ms": milliseconds, "rows": rows, "cost": cost})
    answer["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps(answer, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
