# SPDX-License-Identifier: MIT
"""What `make run` shows behind the build: three million real flights out of a pond of its own."""
import json
import runpy
import signal
import socket
import subprocess
import unittest

from program import BUILD, DEADLINE_S, ROOT, Lines, PondTest, clean_environment

COST = r"^\d+ requests? in \d+ round trips?, .* read, .* written; \d+ ms"


class MakeRun(PondTest):
    def start(self):
        process = subprocess.Popen(
            [ROOT / "scripts/run", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            stdin=subprocess.DEVNULL,
            env=clean_environment(DUCKPOND_DEMO=str(self.folder), DUCKPOND_BUILD=str(BUILD)))
        self.addCleanup(process.stdout.close)
        output = Lines(process.stdout)
        self.addCleanup(output.join)
        self.addCleanup(process.wait, DEADLINE_S)
        self.addCleanup(process.kill)
        return process, output

    def end(self, process, output):
        process.send_signal(signal.SIGTERM)
        output.wait_for("stops$")
        self.assertEqual(process.wait(DEADLINE_S), 0)

    def test_it_shows_answers_with_their_cost_and_serves(self):
        process, output = self.start()
        for pattern in (r"^Loading three million flights", r"; [\d.]+ s$", r"^SELECT a\.city",
                        COST, r"Seattle", COST, r"Hello from make run", COST, r"Hello from make run",
                        COST, r"add_rows", COST, r"serves .* at http://127\.0\.0\.1:\d+$"):
            output.wait_for(pattern)
        curl = output.wait_for(r"^ +(curl .*)$").group(1)
        self.assertEqual(self.run_line(curl), {"answer": 42})
        self.assertEqual(
            self.run_line(curl.replace("SELECT 42 AS answer", "SELECT count(*) AS n FROM flights")),
            {"n": 3000000})
        self.end(process, output)

        # The second time nothing is loaded, and there is one note more.
        process, output = self.start()
        curl = output.wait_for(r"^ +(curl .*)$").group(1)
        self.assertNotIn("Loading", "".join(output.seen))
        self.assertEqual(
            self.run_line(curl.replace("SELECT 42 AS answer", "SELECT count(*) AS n FROM notes")),
            {"n": 2})
        self.end(process, output)

    def run_line(self, line):
        """Runs what was printed, as it was printed."""
        done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=DEADLINE_S,
                              env=clean_environment(no_proxy="127.0.0.1"))
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_a_port_that_is_taken_is_left_alone(self):
        free_port = runpy.run_path(str(ROOT / "scripts/run"))["free_port"]
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.assertEqual(free_port(port), 0)
        self.assertEqual(free_port(port), port)

    def test_make_knows_the_way(self):
        build = "scripts/build release duckpond duckpond_duckdb_extension"
        for goal, wanted in (("run", ("scripts/setup build", build, "scripts/run")),
                             ("dist", (build, "scripts/dist"))):
            done = subprocess.run(["make", "-n", goal], cwd=ROOT, capture_output=True, text=True,
                                  timeout=DEADLINE_S)
            lines = done.stdout.split("\n")
            self.assertEqual([line for line in lines if line in wanted], list(wanted))


if __name__ == "__main__":
    unittest.main()
