# SPDX-License-Identifier: MIT
"""Starting the program under test, and talking to it."""
import http.client
import importlib.util
import json
import os
import pathlib
import queue
import re
import socket
import subprocess
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("DUCKPOND_BUILD", ROOT / "build/release")).resolve()
DUCKPOND = BUILD / "duckpond"
EXTENSION = BUILD / "duckpond.duckdb_extension"
# Only a failure waits so long.
DEADLINE_S = 60
# In every secret of the tests, as in bench/harness/servers.py.
NEVER_PRINTED = "never-print-this"
TOKEN = f"{NEVER_PRINTED} token"
OK, SQL, USAGE, STORAGE, CONFLICT, UNKNOWN, INTERRUPTED = 0, 1, 2, 3, 75, 76, 130  # Exit codes.


def clean_environment(**more):
    """The environment without what would choose another pond or other credentials."""
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(("DUCKPOND_", "AWS_", "S3_")) and
            key not in ("BEARER_TOKEN", "LOG_LEVEL")}
    # Nobody has keys by accident: a machine in a cloud would hand out its own. And what other runs
    # have read is not this one's.
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", "DUCKPOND_CACHE_DIR": "none", **more}


def stock_cli():
    """DuckDB's own command line, as its package brings it."""
    program = pathlib.Path(importlib.util.find_spec("duckdb_cli").origin).parent / "duckdb"
    if not os.access(program, os.X_OK):
        program.chmod(0o755)
    return program


def check_secrets(said):
    """Fails if a secret is in what the program has said, whatever the test was about."""
    line = next((line for line in said.splitlines() if NEVER_PRINTED in line), None)
    if line is not None:
        raise AssertionError(f"a secret was printed: {line}")


def run_program(*arguments, stdin="", cwd=None, under=(), **variables):
    """Runs the program to its end, by the command `under`; gives what it said and its exit code."""
    done = subprocess.run([*under, DUCKPOND, *arguments], input=stdin, capture_output=True,
                          text=True, timeout=DEADLINE_S, cwd=cwd,
                          env=clean_environment(**variables))
    check_secrets(done.stdout + done.stderr)
    return done


class Lines:
    """Reads a stream line by line on a thread of its own, so that a test can wait for one."""

    def __init__(self, stream):
        self.seen = []
        self.all = []
        self._new = queue.Queue()
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream):
        for line in stream:
            self.all.append(line)
            self._new.put(line)
        self._new.put(None)

    def join(self):
        """Waits for the end of the stream, which may be closed then."""
        self._thread.join(DEADLINE_S)

    def wait_for(self, pattern):
        while True:
            try:
                line = self._new.get(timeout=DEADLINE_S)
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"{pattern} never came; there was: {''.join(self.seen)}")
            self.seen.append(line)
            found = re.search(pattern, line)
            if found:
                return found


class Server:
    """A server of its own on a free port, started by the command `under`; use it as a context."""

    def __init__(self, url, *arguments, token=TOKEN, under=(), **variables):
        auth = ["--token", token] if token else ["--no-auth"]
        self.process = subprocess.Popen(
            [*under, DUCKPOND, "serve", str(url), "--listen", "127.0.0.1:0", *auth, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=clean_environment(**variables))
        self.token = token
        self.output = Lines(self.process.stdout)
        self.log = Lines(self.process.stderr)
        try:
            found = self.output.wait_for(r"at http://([^:]+):(\d+)$")
        except AssertionError:
            self.__exit__()
            raise
        self.host, self.port = found.group(1), int(found.group(2))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE_S)
        for lines, stream in ((self.output, self.process.stdout), (self.log, self.process.stderr)):
            lines.join()
            stream.close()
        check_secrets("".join(self.output.all + self.log.all))

    def headers(self):
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def connect(self):
        return socket.create_connection((self.host, self.port), timeout=DEADLINE_S)

    def ask(self, body=None, path="/query", method="POST", headers=None):
        """One request on a connection of its own. Gives the status, the headers, the body."""
        client = http.client.HTTPConnection(self.host, self.port, timeout=DEADLINE_S)
        try:
            client.request(method, path, body=body,
                           headers=self.headers() if headers is None else headers)
            answer = client.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            client.close()

    def rows(self, sql):
        """The rows of an answer that must be there."""
        status, _, body = self.ask(sql.encode())
        if status != 200:
            raise AssertionError(f"{sql}: {status} {body!r}")
        return [json.loads(line) for line in body.splitlines()]

    def raw(self, sql):
        """The bytes of a request, for sockets."""
        body = sql.encode()
        return (f"POST /query HTTP/1.1\r\nHost: {self.host}\r\n"
                f"Authorization: Bearer {self.token}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def read_to_end(sock):
    parts = []
    while True:
        part = sock.recv(1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)


class PondTest(unittest.TestCase):
    """A test with a folder of its own, and a name for a pond in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="duckpond-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.pond = str(self.folder / "pond")


class ProgramTest(PondTest):
    """A test that runs the program, as one who looks at its exit code and at what it says."""

    def run_ok(self, *arguments, **options):
        done = run_program(*arguments, **options)
        self.assertEqual(done.returncode, OK, done.stderr)
        return done.stdout

    def run_refused(self, *arguments, says, **options):
        """By the store: nothing is answered, and the error says all of `says`."""
        done = run_program(*arguments, **options)
        self.assertEqual((done.returncode, done.stdout), (STORAGE, ""), done.stderr)
        for text in says:
            self.assertIn(text, done.stderr)
        return done.stderr
