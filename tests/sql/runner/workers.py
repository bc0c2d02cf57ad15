# SPDX-License-Identifier: MIT
"""Plays many files in a few processes, so that a crash costs one file and not the run.

Each worker reads one job a line (JSON) and answers with one line. A worker that ends, or takes longer
than FILE_SECONDS_MAX, fails the file it had; a new one takes the next.
"""
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import traceback

from . import configurations, player

FILE_SECONDS_MAX = 180
SQL_FOLDER = pathlib.Path(__file__).resolve().parents[1]
# "-c" and not a file: whoever reads the folder finds one program, run.
START = "import sys; sys.path[:0] = {path!r}; from runner import workers; workers.serve()"


def serve():
    """A worker's life: jobs on stdin, outcomes on stdout."""
    # DuckDB may print too (a profile, a bar on a slow machine): that is no outcome.
    outcomes = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    configs = {config.name: config for config in configurations.load()}
    for line in sys.stdin:
        job = json.loads(line)
        try:
            outcome = player.play(SQL_FOLDER / job["file"], configs[job["config"]], job["scratch"],
                                  job["variables"], keep_going=job["keep_going"])
            answer = {"failures": outcome.failures, "skipped": outcome.skipped,
                      "records": outcome.records, "skipped_records": outcome.skipped_records}
        except Exception:  # Whatever it is, it is this file's failure.
            answer = {"failures": [f"{job['file']} [{job['config']}]\n{traceback.format_exc()}"],
                      "skipped": "", "records": 0, "skipped_records": []}
        print(json.dumps(answer), file=outcomes, flush=True)


class Worker:
    def __init__(self, scratch):
        self.errors = pathlib.Path(scratch) / f"worker-{threading.get_ident()}.err"
        self.process = None

    def start(self):
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", START.format(path=sys.path[:2])], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=errors, text=True)

    def ask(self, job):
        if self.process is None:
            self.start()
        timer = threading.Timer(FILE_SECONDS_MAX, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(json.dumps(job) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if line:
            return json.loads(line)
        code = self.process.wait()
        self.process = None
        tail = self.errors.read_text(encoding="utf-8", errors="replace")[-4000:]
        return {"failures": [f"{job['file']} [{job['config']}]: the process ended with {code} (or "
                             f"was killed after {FILE_SECONDS_MAX} s)\n{tail}"],
                "skipped": "", "records": 0, "skipped_records": []}

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process.stdout.close()


def work(jobs, results, scratch):
    worker = Worker(scratch)
    while True:
        try:
            job = jobs.get_nowait()
        except queue.Empty:
            break
        results.put((job, worker.ask(job)))
    worker.stop()


def run_all(configs, files, variables, scratch, arguments):
    """Plays every file under every configuration. Returns the exit code."""
    jobs, results, skips = queue.SimpleQueue(), queue.SimpleQueue(), []
    count = 0
    for name in files:
        for config in configs:
            reason = config.reason_to_skip(name)
            if reason:
                skips.append(f"{name} [{config.name}]: {reason}")
                continue
            jobs.put({"file": name, "config": config.name, "scratch": str(scratch),
                      "variables": variables, "keep_going": arguments.keep_going})
            count += 1
    threads = [threading.Thread(target=work, args=(jobs, results, scratch))
               for _ in range(arguments.jobs)]
    for thread in threads:
        thread.start()
    passed = failed = records = 0
    for _ in range(count):
        job, outcome = results.get()
        place = f"{job['file']} [{job['config']}]"
        records += outcome["records"]
        skips += [f"{place}:{line}: {why}" for line, why in outcome["skipped_records"]]
        if outcome["skipped"]:
            skips.append(f"{place}: {outcome['skipped']}")
        elif outcome["failures"]:
            failed += 1
            print("\n".join(outcome["failures"]) + "\n", flush=True)
        else:
            passed += 1
    for thread in threads:
        thread.join()
    if arguments.skips:
        print("\n".join(sorted(skips)))
    print(f"{records} records of {len(files)} files under {len(configs)} configurations; "
          f"{len(skips)} skips, each with a reason (--skips)")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
