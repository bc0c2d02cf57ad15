# SPDX-License-Identifier: MIT
"""The crash test's rounds: four writers, one killed, the rest stopped, and the pond looked at.

Invariants, after each round and for all rounds so far:
  1. A transaction that was acknowledged is there, whole, once.
  2. One that was not (killed on the way, or unknown) is there whole and once, or not at all.
  3. Nothing else is there.   4. Both tables of a transaction agree.   5. `duckpond log verify` is clean.
"""
import collections
import os
import random
import signal
import subprocess
import sys
import threading

import worker
from harness import places, session

WRITERS = 4
WAIT_SECONDS_MAX = 60
ACKS_BEFORE_KILL_MAX = 12  # the victim dies somewhere after this many at most
KILL_DELAY_MS_MAX = 60  # and this long after that acknowledgement at most: in the middle of the next


class CrashTestFailed(Exception):
    pass


class Writer:
    """A worker process and what it has said."""

    def __init__(self, url, number, seed, environment):
        self.number, self.seed = number, seed
        self.tried, self.done, self.unknown = set(), set(), set()
        self.changed = threading.Condition()
        self.ready = self.silent = False
        self.process = subprocess.Popen(
            [sys.executable, worker.__file__, places.EXTENSION, url, str(number), str(seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **environment})
        self.errors = ""
        self.threads = [threading.Thread(target=target) for target in (self._listen, self._collect)]
        for thread in self.threads:
            thread.start()

    def _listen(self):
        for line in self.process.stdout:
            word, _, number = line.strip().partition(" ")
            # A line may be cut by the kill; without its end it was not said.
            if not line.endswith("\n"):
                break
            with self.changed:
                if word == "ready":
                    self.ready = True
                else:
                    {"try": self.tried, "done": self.done, "unknown": self.unknown}[word].add(
                        int(number))
                self.changed.notify_all()
        with self.changed:
            self.silent = True
            self.changed.notify_all()

    def _collect(self):
        self.errors = self.process.stderr.read()
        # Into the step's log, where scripts/test looks for secrets.
        sys.stderr.write(self.errors)

    def wait(self, condition, what):
        with self.changed:
            met = self.changed.wait_for(lambda: condition() or self.silent, WAIT_SECONDS_MAX)
            if not met or not condition():
                raise CrashTestFailed(f"writer {self.number}: {what} did not come: {self.state()}")

    def state(self):
        return (f"tried {len(self.tried)}, acknowledged {len(self.done)}, exit "
                f"{self.process.poll()}, stderr: {self.errors[-2000:]}")

    def kill(self):
        if self.process.poll() is not None:
            raise CrashTestFailed(f"writer {self.number} ended before it was killed: {self.state()}")
        self.process.send_signal(signal.SIGKILL)
        self.finish()
        if self.process.returncode != -signal.SIGKILL:
            raise CrashTestFailed(f"writer {self.number} was not killed: {self.state()}")

    def stop(self):
        """Asks it to end after its transaction; any failure of its own fails the test."""
        self.process.stdin.close()
        self.finish()
        if self.process.returncode != 0:
            raise CrashTestFailed(f"writer {self.number} failed: {self.state()}")

    def finish(self):
        try:
            self.process.wait(WAIT_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for thread in self.threads:
            thread.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


def faults_of(writers, seed, plain, keyed):
    """What is wrong with the tables, given what each writer has tried and been told.

    A row of `plain` is (writer, txn, rows, distinct n, least payload, greatest n); of `keyed`
    (writer, txn, rows, distinct ids).
    """
    found = {(writer, txn): tuple(rest) for writer, txn, *rest in plain}
    found_keyed = {(writer, txn): tuple(rest) for writer, txn, *rest in keyed}
    faults = [f"LOST: writer {writer.number} transaction {txn} was acknowledged"
              for writer in writers for txn in writer.done if (writer.number, txn) not in found]
    for place in sorted(found.keys() | found_keyed.keys()):
        name = f"writer {place[0]} transaction {place[1]}"
        if place[0] >= len(writers) or place[1] not in writers[place[0]].tried:
            faults.append(f"INVENTED: {name} was never tried")
            continue
        rows, payload = worker.plan(seed, *place)
        wanted, wanted_keyed = (rows, rows, payload + "0", rows - 1), (rows, rows)
        got, got_keyed = found.get(place), found_keyed.get(place)
        if (got, got_keyed) != (wanted, wanted_keyed):
            kind = "DOUBLED" if got and got[0] > rows else "TORN"
            faults.append(f"{kind}: {name} has {got} and {got_keyed}, not {wanted} and {wanted_keyed}")
    return faults


class Trial:
    """One pond through all its rounds."""

    def __init__(self, url, seed, environment):
        self.url, self.seed, self.environment = url, seed, environment
        self.draw = random.Random(seed)
        self.writers = []
        os.environ.update(environment)

    def prepare(self):
        session.run_program(["create", self.url])
        with session.Session(self.url) as pond:
            for sql in worker.SCHEMA:
                pond.rows(sql)

    def round(self):
        first = len(self.writers)
        writers = [Writer(self.url, first + i, self.seed, self.environment) for i in range(WRITERS)]
        self.writers += writers
        victim = self.draw.choice(writers)
        acks = self.draw.randint(1, ACKS_BEFORE_KILL_MAX)
        delay_s = self.draw.uniform(0, KILL_DELAY_MS_MAX) / 1000
        try:
            victim.wait(lambda: len(victim.done) >= acks, f"acknowledgement {acks}")
            # Not a wait for anything: any moment is a right one to die at.
            threading.Event().wait(delay_s)
            victim.kill()
            others = [each for each in writers if each is not victim]
            # They must go on without the dead: each commits once more.
            before = [len(each.done) for each in others]
            for each, count in zip(others, before):
                each.wait(lambda each=each, count=count: len(each.done) > count, "a commit after the kill")
            for each in others:
                each.stop()
        finally:
            for each in writers:
                if each.process.poll() is None:
                    each.process.kill()
                    each.finish()
        self.check()
        return victim

    def check(self):
        with session.Session(self.url, "(READ_ONLY)", threads=1) as pond:
            plain = pond.rows("SELECT writer, txn, count(*), count(DISTINCT n), min(payload), max(n) "
                              "FROM plain GROUP BY ALL")
            keyed = pond.rows("SELECT writer, txn, count(*), count(DISTINCT id) FROM keyed GROUP BY ALL")
        faults = faults_of(self.writers, self.seed, plain, keyed)
        if faults:
            raise CrashTestFailed("\n".join(faults[:20]))
        session.run_program(["log", "verify", self.url])

    def totals(self):
        tally = collections.Counter()
        for writer in self.writers:
            tally.update(tried=len(writer.tried), acknowledged=len(writer.done),
                         unknown=len(writer.unknown))
        return dict(tally)
