# SPDX-License-Identifier: MIT
"""The near end of a process of harness/clients.py."""
import json
import os
import subprocess
import sys
import threading

from . import places, servers

SECONDS_MAX = 1200  # of one operation; what is slower is stopped, and has failed


class Failed(Exception):
    """What the client said, or that it said nothing in time."""


class Client:
    """One new process that knows nothing yet; the clients' own caches on disk are off."""

    def __init__(self, name, place, environment=None):
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness.clients", name, json.dumps(place)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=places.REPOSITORY / "bench",
            env={**os.environ, **servers.s3_environment(place["port"]), **(environment or {})})
        if self._line() != "ready\n":
            self.close()
            raise Failed(f"{name} did not get ready; see above")

    def _line(self):
        watch = threading.Timer(SECONDS_MAX, self.process.kill)
        watch.start()
        try:
            return self.process.stdout.readline()
        finally:
            watch.cancel()

    def send(self, operation, *arguments):
        self.process.stdin.write(json.dumps({"do": operation, "with": arguments}) + "\n")
        self.process.stdin.flush()

    def answer(self):
        """(milliseconds, answer) of what was sent."""
        line = self._line()
        if not line:
            raise Failed(f"{self.name} ended, or took more than {SECONDS_MAX} s")
        said = json.loads(line)
        if "error" in said:
            raise Failed(said["error"])
        return said["ms"], said["answer"]

    def ask(self, operation, *arguments):
        self.send(operation, *arguments)
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
