# SPDX-License-Identifier: MIT
"""Servers that a bench or a test starts for itself on 127.0.0.1 and stops by its own handle."""
import contextlib
import http.client
import json
import os
import pathlib
import selectors
import socket
import subprocess
import sys
import time

from . import places

START_SECONDS_MAX = 20
# In every secret of the tests, so that it is known again where it must not be (scripts/test).
NEVER_PRINTED = "never-print-this"
KEY, SECRET, REGION, BUCKET = "benchkey", f"{NEVER_PRINTED}-key", "us-east-1", "bench"
TABLE = "ponds"
LISTENING = "listening on "


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what):
    deadline = time.monotonic() + START_SECONDS_MAX
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not start within {START_SECONDS_MAX} s")
        time.sleep(0.02)


def stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def s3_environment(port):
    """What a client of the S3 server on this port needs in its environment."""
    return {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            # What another run has read is not this one's.
            "DUCKPOND_CACHE_DIR": "none"}


@contextlib.contextmanager
def s3_server(folder, options=(), versions=False):
    """versitygw over `folder` with one bucket; yields its port. `options` are versitygw's own; with
    `versions` the bucket can be told to keep them."""
    places.require(places.VERSITYGW)
    root = pathlib.Path(folder) / "s3"
    (root / BUCKET).mkdir(parents=True)
    keeps = ["--versioning-dir", pathlib.Path(folder) / "versions"] if versions else []
    for kept in keeps[1:]:
        kept.mkdir()
    port = free_port()
    with open(pathlib.Path(folder) / "versitygw.log", "wb") as log:
        process = subprocess.Popen(
            [places.VERSITYGW, "--access", KEY, "--secret", SECRET, "--region", REGION,
             "--port", f"127.0.0.1:{port}", "--keep-alive", "--quiet", *options, "posix", *keeps, root],
            stdout=log, stderr=log)
    try:
        def up():
            if process.poll() is not None:
                raise RuntimeError(f"versitygw ended with {process.returncode}: see {log.name}")
            return accepts(port)

        wait_for(up, "versitygw")
        yield port
    finally:
        stop(process)


def dynamo_environment(port):
    """What a client of the DynamoDB server on this port needs in its environment."""
    return {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true", "DUCKPOND_CACHE_DIR": "none"}


@contextlib.contextmanager
def dynamo_server(table=TABLE):
    """DynamoDB Local in memory, with a table for ponds unless that is ""; yields its port."""
    places.require(places.DYNAMODB_CLASS, places.PROGRAM)
    process = subprocess.Popen(
        ["java", "-XX:TieredStopAtLevel=1", "-Xmx1g", "-cp",
         f"{places.DYNAMODB}/classes:{places.DYNAMODB}/jars/*", "DynamoServer"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = next((line for line in process.stdout if line.startswith(LISTENING)), None)
        if line is None:
            raise RuntimeError(f"DynamoDB Local ended with {process.wait()}")
        port = int(line[len(LISTENING):])
        if table:
            subprocess.run([places.PROGRAM, "store", "create", f"dynamodb://{table}"], check=True,
                           stdout=subprocess.DEVNULL,
                           env={**os.environ, **dynamo_environment(port)})
        yield port
    finally:
        stop(process)
        process.stdout.close()


@contextlib.contextmanager
def duckpond_server(url, *options):
    """`duckpond serve` with the default limits and no token; yields its URL."""
    port = free_port()
    process = subprocess.Popen(
        [places.PROGRAM, "serve", url, "--listen", f"127.0.0.1:{port}", "--no-auth", *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: accepts(port), "duckpond serve")
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


class MeterClient:
    """Control of a running bench/meter."""

    def __init__(self, port):
        self.port = port

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text!r}")
        return json.loads(text)

    def stats(self, log_entries=0):
        return self._ask("GET", f"/-/stats?log={log_entries}")

    def reset(self):
        return self._ask("POST", "/-/reset")

    def settings(self, **values):
        return self._ask("POST", "/-/settings", json.dumps(values))


@contextlib.contextmanager
def meter(upstream_port):
    """bench/meter in front of a server; yields a MeterClient."""
    process = subprocess.Popen(
        [sys.executable, places.REPOSITORY / "bench" / "meter", "--upstream",
         f"127.0.0.1:{upstream_port}"], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        with selectors.DefaultSelector() as waiter:
            waiter.register(process.stdout, selectors.EVENT_READ)
            if not waiter.select(START_SECONDS_MAX):
                raise RuntimeError("bench/meter did not start")
        line = process.stdout.readline()
        if not line.startswith(LISTENING):
            raise RuntimeError(f"bench/meter said {line!r}")
        yield MeterClient(int(line.rpartition(":")[2]))
    finally:
        stop(process)
        process.stdout.close()
