# SPDX-License-Identifier: MIT
"""Stock DuckDB clients load the extension and use a pond, each as its users start it."""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

import duckdb

from program import (DEADLINE_S, EXTENSION, ROOT, PondTest, clean_environment, run_program,
                     stock_cli)

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
        return self.client(*self.command(), stdin=sql)

    def command(self):
        return [stock_cli(), "-unsigned", "-csv"]

    def duckdb_failing(self, sql):
        """What it says of a statement that fails, after which a script ends."""
        done = subprocess.run(self.command(), input=".bail on\n" + sql, capture_output=True,
                              text=True, timeout=DEADLINE_S, env=clean_environment())
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return done.stderr

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

    def test_many_rounds_with_errors(self):
        attach = f"LOAD '{EXTENSION}'; ATTACH 'duckpond:{self.pond}' AS pond;"
        self.duckdb(attach + "CREATE TABLE pond.t (id INTEGER PRIMARY KEY, who VARCHAR);")
        for n in range(0, 10, 2):
            again = "".join(
                f"ATTACH IF NOT EXISTS 'duckpond:{self.pond}' AS pond; "
                f"BEGIN; INSERT INTO pond.t VALUES ({n + i}, 'a'); COMMIT; "
                f"BEGIN; INSERT INTO pond.t VALUES ({n + i + 100}, 'never'); ROLLBACK; "
                f"SELECT who FROM pond.t WHERE id = {n + i}; DETACH pond;" for i in range(2))
            self.assertEqual(self.duckdb(attach + again), "who\na\n" * 2)
            said = self.duckdb_failing(attach + f"INSERT INTO pond.t VALUES ({n}, 'again');")
            self.assertRegex(said, "uplicate key")
        for sql, says in (("FROM pond.nowhere;", "nowhere"),
                          ("UPDATE pond.t SET who = 'b';", "UPDATE"),
                          (f"ATTACH 'duckpond:{self.folder}/none' AS none; FROM none.t;", "none")):
            self.assertIn(says, self.duckdb_failing(attach + sql))
        self.assertEqual(self.duckdb(attach + "SELECT count(*) AS n, sum(id) AS s FROM pond.t;"),
                         "n,s\n10,45\n")


class OtherVersion(Clients):
    """The extension's footer says for which DuckDB it was built; DuckDB compares it and refuses."""

    FOOTER_BYTES = 512

    def fields(self, content):
        """Platform and versions, as DuckDB reads them: eight fields of 32 bytes, last one first."""
        footer = content[-self.FOOTER_BYTES:-self.FOOTER_BYTES // 2]
        return [footer[at:at + 32].rstrip(b"\0").decode() for at in range(224, -1, -32)]

    def test_the_footer_names_what_it_was_built_for(self):
        magic, platform, version, own, abi = self.fields(EXTENSION.read_bytes())[:5]
        self.assertEqual((magic, platform, version, abi),
                         ("4", "linux_amd64", f"v{duckdb.__version__}", "CPP"))
        self.assertIn(own.removeprefix("v"), run_program("-version").stdout)

    def test_another_version_is_told_which_one_it_needs(self):
        content = bytearray(EXTENSION.read_bytes())
        ours = f"v{duckdb.__version__}".encode()
        at = len(content) - self.FOOTER_BYTES + 5 * 32
        self.assertEqual(content[at:at + len(ours)], ours)
        content[at:at + 32] = b"v1.4.9".ljust(32, b"\0")
        other = self.folder / "duckpond.duckdb_extension"
        other.write_bytes(content)
        connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        says = (r"built specifically for DuckDB version 'v1\.4\.9' .*"
                rf"this version of DuckDB.*v{duckdb.__version__}")
        with self.assertRaisesRegex(duckdb.Error, says):
            connection.execute(f"LOAD '{other}'")
        connection.close()


if __name__ == "__main__":
    unittest.main()
