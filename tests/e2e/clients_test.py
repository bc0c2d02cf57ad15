# SPDX-License-Identifier: MIT
"""Stock DuckDB clients load the extension and use a pond, each as its users start it."""
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from program import DEADLINE_S, EXTENSION, ROOT, PondTest, clean_environment, run_program

HERE = pathlib.Path(__file__).resolve().parent


class Clients(PondTest):
    def client(self, *command, stdin="", **options):
        done = subprocess.run(command, input=stdin, capture_output=True, text=True,
                              timeout=5 * DEADLINE_S, env=clean_environment(), **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout


class Python(Clients):
    def run_client(self, what):
        said = self.client(sys.executable, HERE / "client_python.py", EXTENSION, self.pond, what)
        self.assertEqual(said, "done\n")

    def test_many_rounds(self):
        self.run_client("rounds")

    def test_several_threads(self):
        self.run_client("threads")


class Node(Clients):
    def run_client(self, what):
        # Where it lies decides which node_modules it finds.
        folder = ROOT / "build" / "e2e"
        folder.mkdir(parents=True, exist_ok=True)
        script = folder / "client_node.mjs"
        shutil.copy(HERE / "client_node.mjs", script)
        said = self.client("node", script, EXTENSION, self.pond, what)
        self.assertEqual(said, "done\n")

    def test_many_rounds(self):
        self.run_client("rounds")

    def test_several_threads(self):
        self.run_client("threads")


class Cli(Clients):
    def duckdb(self, sql):
        program = pathlib.Path(importlib.util.find_spec("duckdb_cli").origin).parent / "duckdb"
        if not os.access(program, os.X_OK):
            program.chmod(0o755)
        return self.client(program, "-unsigned", "-csv", stdin=sql)

    def test_it_shares_a_pond_with_our_program(self):
        attach = f"LOAD '{EXTENSION}'; ATTACH 'duckpond:{self.pond}' AS pond; USE pond;"
        self.duckdb(attach + "CREATE TABLE t (id INTEGER PRIMARY KEY, who VARCHAR);"
                             "BEGIN; INSERT INTO t VALUES (1, 'a'); INSERT INTO t VALUES (2, 'b'); "
                             "COMMIT;")
        done = run_program(self.pond, "-csv", "-c", "INSERT INTO t VALUES (3, 'c'); FROM t ORDER BY id")
        self.assertEqual(done.stdout, "id,who\n1,a\n2,b\n3,c\n")
        said = self.duckdb(attach + "SELECT who FROM t WHERE id = 3; USE memory; DETACH pond;"
                                    "SELECT 'detached' AS x;")
        self.assertEqual(said.splitlines(), ["who", "c", "x", "detached"])


if __name__ == "__main__":
    unittest.main()
